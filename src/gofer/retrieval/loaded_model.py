"""A model in Python: `gofer.load(path).predict(fasta)`, `gofer.load(path).search("RNA ligase")`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from gofer.retrieval.chunk_workers import in_parallel
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_annotations import QueryAnnotations
from gofer.retrieval.query_file import QueryFile, chunks
from gofer.retrieval.term_search import TermSearch
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

    def predict(self, fasta: Path | str, annotations: Path | str | Sequence[Path | str] = ()) -> pd.DataFrame:
        """The rows of predictions.tsv; all are in memory, so for a large file use the command `gofer predict`.

        Args:
            fasta: The proteins.
            annotations: One or several files with what is stated of them already, of any evidence: GAF, GPAD, a table
                or the result of InterProScan, with interpro2go or not. It changes no score where the model has no
                trust in it fitted.

        Raises:
            gofer.errors.GoferError: A fault in the file.
        """
        paths = [annotations] if isinstance(annotations, Path | str) else list(annotations)
        known = QueryAnnotations.read(paths, fasta, self.model)
        self._predictor.load()
        work = partial(self._predictor.of_chunk, stated=None if known is None else known.stated)
        found = in_parallel(work, chunks(QueryFile.read(fasta)), torch.get_num_threads())
        tables = [predicted.table for _, predicted in found]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=PREDICTIONS)

    def search(self, query: str, *, proteins: Path | str | None = None, number: int = 20) -> pd.DataFrame:
        """The terms and proteins that are closest to a text, a term or a protein, as rows of `gofer search`.

        Args:
            query: Free text, a GO id, the id of a known protein, or a FASTA file of one protein.
            proteins: A FASTA file to search instead of the model's known proteins.
            number: Most terms, and most proteins.

        Raises:
            gofer.errors.GoferError: The query or the file is at fault, or the text encoder is not that of the model.
        """
        return TermSearch.of_model(self._predictor, proteins=proteins).closest(query, number).table
