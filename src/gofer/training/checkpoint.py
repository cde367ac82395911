"""A trained model as one safetensors file: weights, shapes and the terms it was trained on. Nothing is ever unpickled."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file, save_file

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
    with atomic(path) as part:
        save_file(tensors, part, metadata=header)


def read_checkpoint(path: Path | str) -> tuple[GoferModel, Manifest]:
    """The model that `write_checkpoint` wrote, in evaluation mode, and its manifest.

    Raises:
        ArtefactError: The file is missing, damaged or of another shape than it says.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            header: dict[str, str] = file.metadata() or {}
        sizes: dict[str, Any] = json.loads(header["sizes"])
        model = GoferModel(
            ModelSizes(**{**sizes, "temperature": tuple(sizes["temperature"])}), json.loads(header["seen_go_ids"])
        )
        model.load_state_dict(load_file(path))
    except (OSError, KeyError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise ArtefactError(
            f"{path} is not a readable gofer model ({type(error).__name__}: {str(error)[:200]})",
            help="delete it and run snakemake again: only this stage and what follows is trained anew",
        ) from error
    return model.eval(), read_manifest(path)
