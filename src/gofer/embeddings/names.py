"""Names of encoders and shards as files carry them. Standard library only: the rules are read without torch."""

import hashlib
import re
from pathlib import Path

LARGEST_HASHED = 64_000_000
CHECKPOINT_SUFFIXES = (".pt", ".safetensors")


def residue_folder(model: str, layer: int | str) -> str:
    """Folder of the residue embeddings of one encoder, safe as a file name.

    Args:
        model: Config key embeddings.residues.model: a name or a checkpoint file.
        layer: Config key embeddings.residues.layer: a number or "last".
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", short_name(model)).strip(".-") or "model"
    return f"{name[:100]}-layer-{layer}"


def short_name(model: str) -> str:
    """A model's name without folder and suffix: no path of one machine goes into artefacts."""
    return Path(model).stem if is_checkpoint_file(model) else model


def is_checkpoint_file(model: str) -> bool:
    """Whether `model` is given as a file."""
    return model.endswith(CHECKPOINT_SUFFIXES)


def weights_mark(model: str) -> str:
    """What changes when the checkpoint file changes: a digest, or the size of a large file; "" for a name.

    As a rule's parameter it makes Snakemake extract again after the file was replaced.
    """
    path = Path(model)
    if not is_checkpoint_file(model) or not path.is_file():
        return ""
    size = path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if size <= LARGEST_HASHED else f"{size} bytes"


def shard_names(shards: int) -> list[str]:
    """Numbers of the shards as five digits, from 00000."""
    return [f"{shard:05d}" for shard in range(shards)]
