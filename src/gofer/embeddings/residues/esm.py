"""ESM models by name or file, through fair-esm's classes. Only tensors and plain settings are ever unpickled."""

import hashlib
import json
import pickle
import warnings
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import esm
import safetensors
import torch
from esm.data import Alphabet
from esm.model.esm1 import ProteinBertModel
from esm.model.esm2 import ESM2
from esm.pretrained import load_model_and_alphabet_core
from safetensors.torch import load_file, save_file
from torch import nn

from gofer.artefacts import MANIFEST_KEY, Manifest, atomic
from gofer.embeddings.encoder_names import FAMILIES, SHIPPED, is_checkpoint_file, refuse_missing_file
from gofer.embeddings.residues.untrained_esm import untrained_esm2
from gofer.embeddings.residues.weights import hub_weights, refuse_web_page
from gofer.errors import GoferError

# Every ESM model was trained on at most 1,024 tokens, two of which mark the ends.
MOST_RESIDUES = 1022
# Not used for representations, and absent from some files.
HEADS = ("lm_head.", "contact_head.")
# A function of the shape, computed by each machine: its last bit may differ.
ANGLES = "rot_emb.inv_freq"
ESM2_SIZES = "esm2_sizes"


@dataclass(frozen=True, eq=False)
class LoadedESM:
    """A model ready to run.

    Attributes:
        model: In evaluation mode.
        alphabet: fair-esm's alphabet.
        layers: Transformer layers; representations are numbered 0 (token vectors) to `layers`.
        width: E.
        most_residues: Longest sequence of one forward pass.
    """

    model: nn.Module
    alphabet: Alphabet
    layers: int
    width: int
    most_residues: int = MOST_RESIDUES


def load_esm(name: str, *, offline: bool = False) -> LoadedESM:
    """The model of a name or file.

    Args:
        name: A fair-esm name, mini (which ships with gofer), a checkpoint file (.pt, .safetensors), or
            untrained_t<layers>_d<width>_h<heads>.
        offline: Config key of that name: never download.

    Raises:
        GoferError: There is no such model, or its file is missing, damaged or unsafe.
    """
    name = str(SHIPPED.get(name, name))
    if name.startswith("untrained_"):
        model = untrained_esm2(name)
        return _ready(model, model.alphabet)
    if is_checkpoint_file(name):
        refuse_missing_file(name)
        path = Path(name)
    else:
        _refuse_unknown(name)
        path = hub_weights(name, offline=offline)
    refuse_web_page(path)
    return _from_safetensors(path) if path.suffix == ".safetensors" else _from_pt(path)


def layer_number(layer: int | str, layers: int) -> int:
    """The representation that config key embeddings.residues.layer names: "last", or a number from 0 to `layers`.

    Raises:
        GoferError: It is neither.
    """
    if layer == "last":
        return layers
    if isinstance(layer, bool) or not str(layer).isdigit() or int(layer) > layers:
        raise GoferError(
            f"embeddings.residues.layer {layer} does not exist in this model", help=f"write last, or 0 to {layers}"
        )
    return int(layer)


def weights_digest(model: nn.Module) -> str:
    """Hexadecimal SHA-256 over the weights that representations depend on; the same for every file that holds them."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if not name.startswith(HEADS) and not name.endswith(ANGLES):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            digest.update(tensor.detach().cpu().contiguous().numpy())
    return digest.hexdigest()


def write_esm2(path: Path | str, model: ESM2, manifest: Manifest, *, half: bool = False, lm_head: bool = False) -> None:
    """Write an ESM-2 model as safetensors, with its sizes in the header, for `embeddings.residues.model`.

    Args:
        path: The file.
        model: What to write.
        manifest: Goes into the header.
        half: Weights in float16.
        lm_head: Also the head that predicts residues; its matrix is that of the token vectors and written once.
    """
    left_out = ("lm_head.weight", "contact_head.") if lm_head else HEADS
    state = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items() if not k.startswith(left_out)}
    if half:
        state = {k: v if k.endswith(ANGLES) else v.half() for k, v in state.items()}
    with atomic(path) as part:
        save_file(state, part, metadata={ESM2_SIZES: json.dumps(_sizes(model)), MANIFEST_KEY: manifest.to_json()})


def esm2_of(sizes: dict[str, Any], tensors: dict[str, torch.Tensor]) -> LoadedESM:
    """An ESM-2 of the sizes and weights that `esm2_parts` gave.

    Raises:
        ValueError: A tensor is missing, or is not one of this model.
        TypeError: The sizes are others.
        RuntimeError: A tensor is of another shape.
    """
    model = ESM2(alphabet="ESM-1b", **sizes)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    wrong = [key for key in (*missing, *unexpected) if not key.startswith(HEADS)]
    if wrong:
        raise ValueError(f"tensors {', '.join(wrong[:3])} missing or not expected")
    return _ready(model, model.alphabet)


def esm2_parts(model: ESM2) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Sizes and weights of an ESM-2, without its heads: in float16 where that changes none of them."""
    state = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items() if not k.startswith(HEADS)}
    state = {k: half if torch.equal((half := v.half()).float(), v) else v for k, v in state.items()}
    return _sizes(model), state


def _sizes(model: ESM2) -> dict[str, Any]:
    return {
        "num_layers": model.num_layers,
        "embed_dim": model.embed_dim,
        "attention_heads": model.attention_heads,
        "token_dropout": model.token_dropout,
    }


def _ready(model: Any, alphabet: Alphabet) -> LoadedESM:
    model = model.eval().float().requires_grad_(False)
    return LoadedESM(model, alphabet, len(model.layers), model.embed_tokens.embedding_dim)


def _from_safetensors(path: Path) -> LoadedESM:
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
        return esm2_of(json.loads(header[ESM2_SIZES]), load_file(path))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
        raise GoferError(
            f"{path} is not an ESM-2 model ({type(error).__name__}: {str(error)[:200]})",
            help=f"its header needs {ESM2_SIZES}: gofer.embeddings.residues.esm.write_esm2 writes such files",
        ) from error


def _from_pt(path: Path) -> LoadedESM:
    try:
        with torch.serialization.safe_globals([Namespace]):
            data: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise GoferError(
            f"{path} is damaged, or holds more than weights and settings, and was not loaded",
            help="use a file from fair-esm itself; a checkpoint is never allowed to run code",
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise GoferError(f"{path} cannot be read ({str(error)[:200]})", help="download it again") from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Regression weights not found")
            # fair-esm recognises ESM-2 by the name only; its files are also the only ones with a cfg.
            model, alphabet = load_model_and_alphabet_core("esm2" if "cfg" in data else path.stem, data)
        if not isinstance(model, ESM2 | ProteinBertModel):
            raise ValueError(f"{type(model).__name__} does not read single sequences")
        return _ready(model, alphabet)
    except (AttributeError, KeyError, ImportError, RuntimeError, TypeError, ValueError) as error:
        raise GoferError(
            f"{path} is not an ESM checkpoint ({type(error).__name__}: {str(error)[:200]})",
            help="use a file of an ESM-1, ESM-1b, ESM-1v or ESM-2 model as fair-esm publishes it",
        ) from error


def _refuse_unknown(name: str) -> None:
    if not name.startswith(FAMILIES) or not hasattr(esm.pretrained, name):
        known = ", ".join(sorted(model for model in dir(esm.pretrained) if model.startswith("esm2_")))
        raise GoferError(f"embeddings.residues.model {name} is not a model of fair-esm", help=f"for example: {known}")
