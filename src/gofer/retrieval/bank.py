"""The bank: proteins with known terms, with their sequences and vectors. The nearest of them is why one may believe.

Shapes: N proteins of the bank, T terms, D shared width.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_descriptions, read_sequences
from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.protein_vectors import ProteinVectors

# A cosine is at most 1: similarity by alignment, which is told to seven digits, counts before it.
SIMILARITY_FIRST = 1e9


@dataclass(frozen=True, eq=False)
class Bank:
    """Proteins with known terms.

    Attributes:
        protein_ids: Their ids.
        names: What each is called, "" where nothing is known.
        sequences: Their sequences.
        vectors_ND: Their unit vectors.
        labels_NT: Whether the protein has the term, propagated, sparse by column.
    """

    protein_ids: list[str]
    names: list[str]
    sequences: list[str]
    vectors_ND: NDArray[np.float32]
    labels_NT: sp.csc_array

    @classmethod
    def of_tables(
        cls,
        known: ProteinVectors,
        sequence_of: Mapping[str, str],
        description_of: Mapping[str, str],
        annotations: pd.DataFrame,
        terms: pd.DataFrame,
    ) -> "Bank":
        """From propagated annotations; columns are `terms`. Of those that training has not seen it holds no label."""
        seen = annotations[annotations["go_id"].isin(terms.loc[seen_in_training(terms), "go_id"])]
        labels_NT = label_matrix(seen, known.protein_ids, terms["go_id"].tolist()).tocsc()
        ids = known.protein_ids
        names = [plain_name(description_of.get(protein_id, "")) for protein_id in ids]
        return cls(ids, names, [sequence_of[protein_id] for protein_id in ids], known.vectors_ND, labels_NT)

    @classmethod
    def read(cls, files: Mapping[str, Path | str], known: str, terms: pd.DataFrame) -> "Bank":
        """From the files of a run.

        Args:
            files: vectors, proteins and annotations, by these names.
            known: Whose labels may be used: "train", or "all".
            terms: The terms table.
        """
        vectors = ProteinVectors.read(files["vectors"]).known(known)
        of_known = {"protein_id": vectors.protein_ids}
        annotations = read_table(files["annotations"], ["protein_id", "go_id"], where=of_known)
        sequence_of, description_of = read_sequences(files["proteins"]), read_descriptions(files["proteins"])
        return cls.of_tables(vectors, sequence_of, description_of, annotations, terms)

    @classmethod
    def of_file(cls, file: ModelFile) -> "Bank":
        """The bank in a model file, or in a file of its own."""
        ids, names, sequences = (file.texts(f"bank/{name}.txt") for name in ("protein_id", "name", "sequence"))
        rows, starts = file.array("bank/labels.indices"), file.array("bank/labels.indptr")
        labels_NT = sp.csc_array((np.ones(len(rows), bool), rows, starts), shape=(len(ids), len(starts) - 1))
        return cls(ids, names, sequences, file.array("bank/vectors"), labels_NT)

    def arrays(self) -> dict[str, NDArray]:
        """Its arrays, as a file holds them."""
        return {
            "bank/vectors": self.vectors_ND,
            "bank/labels.indices": self.labels_NT.indices.astype(np.int32),
            "bank/labels.indptr": self.labels_NT.indptr.astype(np.int64),
        }

    def texts(self) -> dict[str, list[str]]:
        """Its texts, as a file holds them."""
        names = {"protein_id": self.protein_ids, "name": self.names, "sequence": self.sequences}
        return {f"bank/{name}.txt": lines for name, lines in names.items()}

    def __len__(self) -> int:
        return len(self.protein_ids)

    @cached_property
    def targets(self) -> list[str]:
        """The different sequences, sorted, as the label model's aligner orders them."""
        return sorted(set(self.sequences))

    @cached_property
    def target_N(self) -> NDArray[np.int64]:
        """Number of each protein's sequence among `targets`."""
        number_of = {sequence: number for number, sequence in enumerate(self.targets)}
        return np.array([number_of[sequence] for sequence in self.sequences], dtype=np.int64)

    @cached_property
    def rows_of_sequence(self) -> dict[str, list[int]]:
        """Rows of the proteins of each sequence."""
        rows: dict[str, list[int]] = {}
        for row, sequence in enumerate(self.sequences):
            rows.setdefault(sequence, []).append(row)
        return rows

    def nearest(
        self, cosine_N: NDArray[np.float32], similarity_P: NDArray[np.float32], columns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """For each term, the row of the nearest protein that has it; -1 where none does.

        Those that align come first, the most similar before the others; then by cosine; then by row.

        Args:
            cosine_N: Of the query's vector with each vector of the bank.
            similarity_P: Of the query with each of `targets` by alignment, 0 where they do not align.
            columns: The terms.
        """
        near_N = similarity_P.astype(np.float64)[self.target_N] * SIMILARITY_FIRST + cosine_N
        starts, ends = self.labels_NT.indptr[columns], self.labels_NT.indptr[columns + 1]
        return np.array([self._best(near_N, start, end) for start, end in zip(starts, ends, strict=True)], np.int64)

    def _best(self, near_N: NDArray[np.float64], start: int, end: int) -> int:
        rows = self.labels_NT.indices[start:end]
        return int(rows[np.argmax(near_N[rows])]) if len(rows) else -1


def plain_name(description: str) -> str:
    """The name in a FASTA header: of UniProt's, what comes before OS=; blanks made one."""
    words = description.split()
    end = next((n for n, word in enumerate(words) if word.startswith(("OS=", "OX=", "GN=", "PE=", "SV="))), len(words))
    return " ".join(words[:end])
