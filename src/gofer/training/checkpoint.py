"""A trained model as one safetensors file: weights, shapes, the terms it was trained on. Nothing is unpickled."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file, save
from torch import Tensor

from gofer.artefacts import MANIFEST_KEY, Manifest, atomic, read_manifest
from gofer.errors import ArtefactError
from gofer.training.model import GoferModel, ModelSizes


def write_checkpoint(path: Path | str, model: GoferModel, manifest: Manifest) -> None:
    """Write the model's weights atomically, with its shapes, its terms and `manifest` in the header."""
    header = {
        "sizes": json.dumps(asdict(model.sizes)),
        "seen_go_ids": json.dumps(model.seen_go_ids),
        MANIFEST_KEY: manifest.to_json(),
    }
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    header["sha256"] = _digest(header, tensors)
    with atomic(path) as part:
        part.write_bytes(_in_fixed_order(save(tensors, metadata=header)))


def _in_fixed_order(content: bytes) -> bytes:
    # safetensors writes its metadata in another order at each call; the same model shall be the same bytes.
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def _digest(header: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    # safetensors has no checksum of its own: a flipped bit would be another model without a word.
    digest = hashlib.sha256()
    for key in ("sizes", "seen_go_ids", MANIFEST_KEY):
        digest.update(f"{key}={header[key]}\n".encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def read_checkpoint(path: Path | str) -> tuple[GoferModel, Manifest]:
    """The model that `write_checkpoint` wrote, in evaluation mode, and its manifest.

    Raises:
        ArtefactError: The file is missing, damaged or of another shape than it says.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            header: dict[str, str] = file.metadata() or {}
        tensors = load_file(path)
        if _digest(header, tensors) != header["sha256"]:
            raise ValueError("its checksum is not that of its content")
        sizes: dict[str, Any] = json.loads(header["sizes"])
        model = GoferModel(
            ModelSizes(**{**sizes, "temperature": tuple(sizes["temperature"])}), json.loads(header["seen_go_ids"])
        )
        model.load_state_dict(tensors)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise ArtefactError(
            f"{path} is not a readable gofer model ({type(error).__name__}: {str(error)[:200]})",
            help="delete it and run snakemake again: only this stage and what follows is trained anew",
        ) from error
    return model.eval(), read_manifest(path)
