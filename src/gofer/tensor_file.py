"""Tensors and facts in one safetensors file with a checksum of its own. Nothing is unpickled.

safetensors has none: a flipped bit would be another number without a word.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
from safetensors.torch import load_file, save
from torch import Tensor

from gofer.artefacts import atomic

DIGEST = "sha256"
DAMAGED = (OSError, KeyError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError)


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
