"""Names of encoders and shards as files carry them. Nothing but the standard library is needed: rules read it."""

import hashlib
import os
import re
from pathlib import Path

from gofer.errors import GoferError

SHIPPED = {"mini": Path(__file__).with_name("residues") / "mini_esm.safetensors"}  # its card: mini_esm.md
SHIPPED_WIDTH = 128
LARGEST_HASHED = 64_000_000
CHECKPOINT_SUFFIXES = (".pt", ".safetensors")
WEIGHTS_URL = "https://dl.fbaipublicfiles.com/fair-esm/models"
# Models of fair-esm that read single sequences, by the beginning of their names.
FAMILIES = ("esm1_", "esm1b_", "esm1v_", "esm2_")
WIDTHS = {
    "esm2_t6_": 320,
    "esm2_t12_": 480,
    "esm2_t30_": 640,
    "esm2_t33_": 1280,
    "esm2_t36_": 2560,
    "esm2_t48_": 5120,
    "esm1b_": 1280,
    "esm1v_": 1280,
    "esm1_t6_": 768,
    "esm1_t12_": 768,
    "esm1_t34_": 1280,
}


def residue_folder(model: str, layer: int | str) -> str:
    """Folder of the residue embeddings of one encoder, safe as a file name.

    Args:
        model: Config key embeddings.residues.model: a name or a checkpoint file.
        layer: Config key embeddings.residues.layer: a number or "last".
    """
    return f"{file_name(short_name(model))}-layer-{layer}"


def file_name(text: str) -> str:
    """`text` as a file or folder can be named everywhere, at most 100 characters of it."""
    return (re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-") or "model")[:100]


def short_name(model: str) -> str:
    """A model's name without folder and suffix: no path of one machine goes into artefacts."""
    return Path(model).stem if is_checkpoint_file(model) else model


def is_checkpoint_file(model: str) -> bool:
    """Whether `model` is given as a file."""
    return model.endswith(CHECKPOINT_SUFFIXES)


def refuse_missing_file(model: str) -> None:
    """Refuse a checkpoint file that is not there.

    Raises:
        GoferError: `model` is given as a file, and there is none.
    """
    if is_checkpoint_file(model) and not Path(model).is_file():
        raise GoferError(
            f"embeddings.residues.model: there is no file {model}",
            help="give the path relative to where snakemake is started, or a fair-esm name such as esm2_t6_8M_UR50D",
        )


def published_name(model: str) -> str:
    """The name under which fair-esm publishes a model's weights: ESM-1v stands for the first of its five models."""
    return f"{model}_1" if model == "esm1v_t33_650M_UR90S" else model


def hub_file(model: str) -> Path:
    """Where torch hub keeps the weights of a fair-esm name: below TORCH_HOME, or the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    home = Path(os.environ.get("TORCH_HOME") or cache / "torch").expanduser()
    return home / "hub" / "checkpoints" / f"{published_name(model)}.pt"


def has_published_weights(model: str) -> bool:
    """Whether `model` looks like a name of fair-esm, rather than a file or an untrained model."""
    return not is_checkpoint_file(model) and model.startswith(FAMILIES)


def missing_weights(model: str, reason: str) -> GoferError:
    """The error that says which file is not there, and where to get and put it."""
    url = f"{WEIGHTS_URL}/{published_name(model)}.pt"
    return GoferError(
        f"the weights of {model} are not at {hub_file(model)}, {reason}",
        help=f"download {url} where there is a network, and put it at that path (TORCH_HOME changes the folder)",
    )


def refuse_missing_text_model(encoder: str) -> None:
    """Refuse a text encoder that is neither minilm, nor a model's folder, nor a name in the Hugging Face cache.

    Args:
        encoder: Config key embeddings.texts.encoder.

    Raises:
        GoferError: It is not there.
    """
    online = os.environ.get("HF_HUB_OFFLINE", "1").lower() in {"0", "false", "no", "off"}
    if encoder == "minilm" or (Path(encoder) / "config.json").is_file() or (Path(encoder) / "modules.json").is_file():
        return
    if Path(encoder).is_dir():
        raise GoferError(
            f"embeddings.texts.encoder: {encoder} is not the folder of a text model: there is no config.json in it",
            help="put the model's files there (config.json, model.safetensors, tokenizer.json), or write minilm",
        )
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    name = encoder if "/" in encoder else f"sentence-transformers/{encoder}"
    if not online and not (hub / f"models--{name.replace('/', '--')}").is_dir():
        raise GoferError(
            f"embeddings.texts.encoder: there is no folder {encoder}, and no model {name} in {hub}",
            help=f"write the path of the model's folder, or set HF_HUB_OFFLINE=0 to download {name}, or write minilm",
        )


def weights_mark(model: str) -> str:
    """What changes when the checkpoint file changes: a digest, or the size of a large file; "" for a name of fair-esm.

    As a rule's parameter it makes Snakemake extract again after the file was replaced.
    """
    path = SHIPPED.get(model, Path(model))
    if not is_checkpoint_file(path.name) or not path.is_file():
        return ""
    size = path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if size <= LARGEST_HASHED else f"{size} bytes"


def shard_names(shards: int) -> list[str]:
    """Numbers of the shards as five digits, from 00000."""
    return [f"{shard:05d}" for shard in range(shards)]


def residue_width(model: str) -> int | None:
    """Width E that a model's name tells (mini, ESM-2, ESM-1b, ESM-1v, untrained); None where it tells nothing.

    Args:
        model: Config key embeddings.residues.model.
    """
    if model in SHIPPED:
        return SHIPPED_WIDTH
    if found := re.fullmatch(r"untrained_t\d+_d(\d+)_h\d+", model):
        return int(found.group(1))
    return next((width for start, width in WIDTHS.items() if short_name(model).startswith(start)), None)
