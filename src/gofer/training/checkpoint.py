"""A trained model as one safetensors file: weights, sizes, the terms it was trained on.

safetensors has no checksum, so a flipped bit would be another weight without notice: `write_tensors` adds one, and
`read_tensors` verifies it. Nothing is unpickled.
"""

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

DIGEST = "sha256"
DAMAGED = (OSError, KeyError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError)


def write_checkpoint(path: Path | str, model: GoferModel, manifest: Manifest) -> None:
    """Write the model's weights atomically, with its sizes, its terms and `manifest` in the header."""
    facts = {
        "sizes": json.dumps(asdict(model.sizes)),
        "seen_go_ids": json.dumps(model.seen_go_ids),
        MANIFEST_KEY: manifest.to_json(),
    }
    write_tensors(path, model.state_dict(), facts)


def read_checkpoint(path: Path | str) -> tuple[GoferModel, Manifest]:
    """The model that `write_checkpoint` wrote, in evaluation mode, and its manifest.

    Raises:
        ArtefactError: The file is missing or damaged, or its tensors do not have the sizes in its header.
    """
    try:
        tensors, facts = read_tensors(path)
        sizes: dict[str, Any] = json.loads(facts["sizes"])
        model = GoferModel(
            ModelSizes(**{**sizes, "temperature": tuple(sizes["temperature"])}), json.loads(facts["seen_go_ids"])
        )
        model.load_state_dict(tensors)
    except DAMAGED as error:
        raise ArtefactError(
            f"{path} is not a readable gofer model ({type(error).__name__}: {str(error)[:200]})",
            help="delete it and run snakemake again: only this stage and those after it are trained again",
        ) from error
    return model.eval(), read_manifest(path)


def write_tensors(path: Path | str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write atomically; the same content is always the same bytes."""
    content = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {**facts, DIGEST: _digest(content, facts)}
    with atomic(path) as part:
        part.write_bytes(_in_fixed_order(save(content, metadata=header)))


def read_tensors(path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `write_tensors` was given.

    Raises:
        Exception: One of `DAMAGED`: the file is missing, cut short, or not what was written.
    """
    with safetensors.safe_open(str(path), framework="pt") as file:
        facts: dict[str, str] = file.metadata() or {}
    tensors = load_file(path)
    digest = facts.pop(DIGEST)
    if _digest(tensors, facts) != digest:
        raise ValueError("its checksum is not that of its content")
    return tensors, facts


def _digest(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for key, value in sorted(facts.items()):
        digest.update(f"{key}={value}\n".encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def _in_fixed_order(content: bytes) -> bytes:
    # safetensors writes its metadata in another order at each call.
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
