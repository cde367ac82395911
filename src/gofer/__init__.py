"""Gene Ontology Function by Embedding Retrieval.

>>> import gofer
>>> model = gofer.load()  # the model that ships with gofer; or gofer.load("results/my/model/my.gofer")
>>> table = model.predict("my.fasta")

gives the rows of predictions.tsv as a DataFrame. The command `gofer` does the same for files of any size.
"""

from typing import TYPE_CHECKING

__version__ = "0.2.0"  # as in pyproject.toml

if TYPE_CHECKING:
    from pathlib import Path

    from gofer.retrieval.loaded_model import LoadedModel


def load(path: "Path | str | None" = None, *, precision: int = 50, device: str = "auto") -> "LoadedModel":
    """Open a model file.

    Args:
        path: The file, <run>.gofer; None for the model that ships with gofer.
        precision: Recommended are terms that were right so often in validation, in percent: 50, 70 or 90.
        device: Of the residue encoder: auto, cpu or cuda.

    Raises:
        gofer.errors.GoferError: It is missing, damaged, something else, or of another version.
    """
    from gofer.names import SHIPPED_MODEL
    from gofer.retrieval.loaded_model import LoadedModel

    return LoadedModel(path or SHIPPED_MODEL, precision=precision, device=device)
