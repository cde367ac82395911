"""The bank: proteins with known terms, with their sequences and vectors. The nearest of them supports a prediction.

Of some only sequence and labels are known, and no vector: they are found by alignment only. Shapes: N proteins of the
bank, V those with a vector, P their different sequences, T terms, D shared width.
"""

from collections.abc import Mapping, Sequence
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
from gofer.names import KNOWN
from gofer.retrieval.alignment_similarity import DifferentSequences
from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.protein_vectors import ProteinVectors

# A cosine is at most 1: similarity by alignment, which has seven digits, counts before it.
SIMILARITY_FIRST = 1e9


@dataclass(frozen=True, eq=False)
class Bank:
    """Proteins with known terms.

    Attributes:
        protein_ids: Their ids.
        names: What each is called, "" where nothing is known.
        sequences: Their sequences.
        rows_V: Rows of those with a vector.
        vectors_VD: Their unit vectors.
        labels_NT: Whether the protein has the term, propagated, sparse by column.
    """

    protein_ids: list[str]
    names: list[str]
    sequences: list[str]
    rows_V: NDArray[np.int64]
    vectors_VD: NDArray[np.float32]
    labels_NT: sp.csc_array

    @classmethod
    def of_tables(
        cls,
        known: ProteinVectors,
        sequence_of: Mapping[str, str],
        description_of: Mapping[str, str],
        annotations: pd.DataFrame,
        terms: pd.DataFrame,
        others: Sequence[str] = (),
    ) -> "Bank":
        """From propagated annotations; columns are `terms`. Of those that training has not seen it holds no label.

        Args:
            known: Vectors of proteins with known terms.
            sequence_of: Sequence by protein id.
            description_of: Description by protein id.
            annotations: Columns protein_id, go_id.
            terms: The terms table.
            others: Ids of proteins with known terms and without a vector.
        """
        seen = annotations[annotations["go_id"].isin(terms.loc[seen_in_training(terms), "go_id"])]
        ids = [*known.protein_ids, *others]
        labels_NT = label_matrix(seen, ids, terms["go_id"]).tocsc()
        names = [plain_name(description_of.get(protein_id, "")) for protein_id in ids]
        sequences = [sequence_of[protein_id] for protein_id in ids]
        return cls(ids, names, sequences, np.arange(len(known.protein_ids)), known.vectors_ND, labels_NT)

    @classmethod
    def read(cls, files: Mapping[str, Path | str], known: str, terms: pd.DataFrame) -> "Bank":
        """From the files of a run.

        Args:
            files: vectors, proteins, splits and annotations, by these names.
            known: Whose labels may be used: "train", or "all".
            terms: The terms table.
        """
        vectors = ProteinVectors.read(files["vectors"]).known(known)
        others = read_table(files["splits"], ["protein_id"], where={"split": [KNOWN]})["protein_id"].tolist()
        of_known = {"protein_id": [*vectors.protein_ids, *others]}
        annotations = read_table(files["annotations"], ["protein_id", "go_id"], where=of_known)
        sequence_of, description_of = read_sequences(files["proteins"]), read_descriptions(files["proteins"])
        return cls.of_tables(vectors, sequence_of, description_of, annotations, terms, others)

    @classmethod
    def of_file(cls, file: ModelFile) -> "Bank":
        """The bank in a model file, or in a separate file."""
        ids, names, sequences = (file.texts(f"bank/{name}.txt") for name in ("protein_id", "name", "sequence"))
        rows, starts = file.array("bank/labels.indices"), file.array("bank/labels.indptr")
        labels_NT = sp.csc_array((np.ones(len(rows), bool), rows, starts), shape=(len(ids), len(starts) - 1))
        return cls(ids, names, sequences, file.array("bank/rows"), file.array("bank/vectors"), labels_NT)

    def arrays(self) -> dict[str, NDArray]:
        """Its arrays, as a file holds them."""
        return {
            "bank/rows": self.rows_V.astype(np.int64),
            "bank/vectors": self.vectors_VD,
            "bank/labels.indices": self.labels_NT.indices.astype(np.int32),
            "bank/labels.indptr": self.labels_NT.indptr.astype(np.int64),
        }

    def texts(self) -> dict[str, list[str]]:
        """Its texts, as a file holds them."""
        names = {"protein_id": self.protein_ids, "name": self.names, "sequence": self.sequences}
        return {f"bank/{name}.txt": lines for name, lines in names.items()}

    def __len__(self) -> int:
        return len(self.protein_ids)

    def rows(self, chosen: Sequence[int]) -> "Bank":
        """Some of the proteins, by row, increasing."""
        ids, names, sequences = (
            [held[row] for row in chosen] for held in (self.protein_ids, self.names, self.sequences)
        )
        kept_V = np.isin(self.rows_V, chosen)
        rows_V = np.searchsorted(np.asarray(chosen, np.int64), self.rows_V[kept_V])
        labels_NT = sp.csc_array(self.labels_NT[np.asarray(chosen, np.int64)])
        return Bank(ids, names, sequences, rows_V, self.vectors_VD[kept_V], labels_NT)

    @cached_property
    def different(self) -> DifferentSequences:
        """The different sequences."""
        return DifferentSequences.of(self.sequences)

    @property
    def targets(self) -> list[str]:
        """The different sequences, sorted, as the label model's aligner orders them."""
        return self.different.targets

    @property
    def target_N(self) -> NDArray[np.int64]:
        """Number of each protein's sequence among `targets`."""
        return self.different.target_N

    def nearest(
        self, cosine_V: NDArray[np.float32], similarity_P: NDArray[np.float32], columns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """For each term, the row of the nearest protein that has it; -1 where none does.

        Those that align come first, the most similar before the others; then by cosine; then by row.

        Args:
            cosine_V: Of the query's vector with each vector of the bank.
            similarity_P: Of the query with each of `targets` by alignment, 0 where they do not align.
            columns: The terms.
        """
        # Of most of a large bank nothing is asked: neither aligned nor with a vector, a protein is near nothing.
        aligned_A = self._of_targets(np.flatnonzero(similarity_P))
        cosine_A = np.zeros(len(aligned_A))
        places, has_vector_A = _places(self.rows_V, aligned_A)
        cosine_A[has_vector_A] = cosine_V[places[has_vector_A]]
        near_A = similarity_P[self.target_N[aligned_A]].astype(np.float64) * SIMILARITY_FIRST + cosine_A
        first_K = self._first_with(aligned_A[np.argsort(-near_A, kind="stable")])[columns].tolist()
        pairs = zip(columns.tolist(), first_K, strict=True)
        return np.array([self._nearest_vector(k, cosine_V) if first < 0 else first for k, first in pairs], np.int64)

    def _first_with(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        # Of each term the first of these proteins that has it, -1 where none does.
        labels_RT = self.labels_by_protein_NT[rows]
        first_T = np.full(labels_RT.shape[1], -1)
        first_T[labels_RT.indices[::-1]] = np.repeat(rows, np.diff(labels_RT.indptr))[::-1]
        return first_T

    def _nearest_vector(self, column: int, cosine_V: NDArray[np.float32]) -> int:
        of_vectors = self._labels_VT.indices[self._labels_VT.indptr[column] : self._labels_VT.indptr[column + 1]]
        return int(self.rows_V[of_vectors[np.argmax(cosine_V[of_vectors])]]) if len(of_vectors) else -1

    @cached_property
    def labels_by_protein_NT(self) -> sp.csr_array:
        """`labels_NT`, sparse by row."""
        return self.labels_NT.tocsr()

    @cached_property
    def _labels_VT(self) -> sp.csc_array:
        if len(self.rows_V) == len(self):
            return self.labels_NT
        of_vectors_VT = sp.csc_array(self.labels_NT[self.rows_V])
        of_vectors_VT.sort_indices()
        return of_vectors_VT

    def _of_targets(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        # Rows of all proteins that have one of these sequences, ascending.
        order_N, starts_P = self._by_target
        parts = [order_N[starts_P[number] : starts_P[number + 1]] for number in numbers.tolist()]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *parts]))

    @cached_property
    def _by_target(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        # Rows in the order of their sequences, and where each sequence begins.
        order_N = np.argsort(self.target_N, kind="stable")
        return order_N, np.searchsorted(self.target_N[order_N], np.arange(len(self.targets) + 1))


def _places(sorted_rows: NDArray, asked: NDArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    # Where each of some rows is among sorted ones, and whether it is there.
    places = np.searchsorted(sorted_rows, asked)
    there = np.zeros(len(asked), bool)
    inside = places < len(sorted_rows)
    there[inside] = sorted_rows[places[inside]] == asked[inside]
    return places, there


def plain_name(description: str) -> str:
    """The name in a FASTA header: of UniProt's, what comes before OS=; blanks made one."""
    words = description.split()
    end = next((n for n, word in enumerate(words) if word.startswith(("OS=", "OX=", "GN=", "PE=", "SV="))), len(words))
    return " ".join(words[:end])
