"""A model in Python: `gofer.load(path).predict(fasta)`."""

from pathlib import Path

import pandas as pd
import torch

from gofer.retrieval.chunk_workers import in_parallel
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile, chunks
from gofer.retrieval.trained_model import TrainedModel
from gofer.tables import PREDICTIONS


class LoadedModel:
    """A model, ready to predict.

    Args:
        path: The model file.
        precision: Recommended are terms that were right so often in validation, in percent.
        device: Of the residue encoder: auto, cpu or cuda.
    """

    def __init__(self, path: Path | str, *, precision: int = 50, device: str = "auto") -> None:
        self.model = TrainedModel(path)
        self._predictor = Predictor(self.model, percent=precision, device=device)

    @property
    def name(self) -> str:
        """Of the run that trained it."""
        return self.model.name

    def predict(self, fasta: Path | str) -> pd.DataFrame:
        """The rows of predictions.tsv; all are in memory, so for a large file use the command `gofer predict`.

        Raises:
            gofer.errors.GoferError: A fault in the file.
        """
        self._predictor.load()
        found = in_parallel(self._predictor.of_chunk, chunks(QueryFile.read(fasta)), torch.get_num_threads())
        tables = [predicted.table for _, predicted in found]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=PREDICTIONS)
