"""A trained model as one safetensors file: weights, shapes, the terms it was trained on."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gofer.artefacts import MANIFEST_KEY, Manifest, read_manifest
from gofer.errors import ArtefactError
from gofer.tensor_file import DAMAGED, read_tensors, write_tensors
from gofer.training.model import GoferModel, ModelSizes


def write_checkpoint(path: Path | str, model: GoferModel, manifest: Manifest) -> None:
    """Write the model's weights atomically, with its shapes, its terms and `manifest` in the header."""
    facts = {
        "sizes": json.dumps(asdict(model.sizes)),
        "seen_go_ids": json.dumps(model.seen_go_ids),
        MANIFEST_KEY: manifest.to_json(),
    }
    write_tensors(path, model.state_dict(), facts)


def read_checkpoint(path: Path | str) -> tuple[GoferModel, Manifest]:
    """The model that `write_checkpoint` wrote, in evaluation mode, and its manifest.

    Raises:
        ArtefactError: The file is missing, damaged or of another shape than it says.
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
            help="delete it and run snakemake again: only this stage and what follows is trained anew",
        ) from error
    return model.eval(), read_manifest(path)
