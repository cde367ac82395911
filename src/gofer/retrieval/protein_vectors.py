"""The proteins of a run in the shared space: for held-out predictions, calibration, and the nearest known protein.

Shapes: N proteins, B some of them, T terms, D shared width, S numbers that summarise the residues.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table, write_table
from gofer.errors import GoferError
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.features.residue_summary import residue_summaries
from gofer.training.dataset import ProteinEmbDataset
from gofer.training.encode import protein_vectors
from gofer.training.model import GoferModel

KNOWN = {"train": ("train",), "all": ("train", "val", "test")}


@dataclass(frozen=True, eq=False)
class Described:
    """What the scorer reads of proteins.

    Attributes:
        vectors_BD: Unit vectors in the shared space.
        summaries_BS: Mean and deviation of their residue embeddings.
        sequences: Their sequences, upper-case residues.
    """

    vectors_BD: NDArray[np.float32]
    summaries_BS: NDArray[np.float32]
    sequences: list[str]


@dataclass(frozen=True, eq=False)
class ProteinVectors:
    """Vectors by protein.

    Attributes:
        protein_ids: Ids of the rows.
        splits: train, val, test or unused.
        vectors_ND: Unit vectors in the shared space.
        summaries_NS: Mean and deviation of the residue embeddings.
    """

    protein_ids: list[str]
    splits: NDArray
    vectors_ND: NDArray[np.float32]
    summaries_NS: NDArray[np.float32]

    @classmethod
    def of_model(cls, model: GoferModel, proteins: ProteinEmbDataset, splits: NDArray) -> "ProteinVectors":
        """Vectors of a data set's proteins, in its order.

        Args:
            model: The trained model.
            proteins: Their residues.
            splits: Split of each.
        """
        summaries_NS = residue_summaries(proteins.store, proteins.sequence_sha256)
        return cls(proteins.protein_ids, splits, protein_vectors(model, proteins), summaries_NS)

    def of_splits(self, *splits: str) -> "ProteinVectors":
        """The proteins of the named splits."""
        keep_N = np.isin(self.splits, splits)
        ids = [protein_id for protein_id, keep in zip(self.protein_ids, keep_N, strict=True) if keep]
        return ProteinVectors(ids, self.splits[keep_N], self.vectors_ND[keep_N], self.summaries_NS[keep_N])

    def known(self, which: str) -> "ProteinVectors":
        """The proteins whose labels may be used: the training proteins ("train"), or all annotated ones ("all")."""
        return self.of_splits(*KNOWN[which])

    def described(self, sequence_of: Mapping[str, str], rows: slice = slice(None)) -> Described:
        """Some of the proteins with their sequences.

        Args:
            sequence_of: Sequence by protein id.
            rows: Which proteins.
        """
        sequences = [sequence_of[protein_id] for protein_id in self.protein_ids[rows]]
        return Described(self.vectors_ND[rows], self.summaries_NS[rows], sequences)

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as parquet: protein_id, split, vector, residues."""
        if not (np.isfinite(self.vectors_ND).all() and np.isfinite(self.summaries_NS).all()):
            raise GoferError("a protein vector is not finite", help="the model has diverged: lower its learning rate")
        columns = {
            "protein_id": self.protein_ids,
            "split": self.splits.tolist(),
            "vector": _lists(self.vectors_ND),
            "residues": _lists(self.summaries_NS),
        }
        write_table(path, pa.table(columns), manifest)

    @classmethod
    def read(cls, path: Path | str) -> "ProteinVectors":
        """The inverse of `write`."""
        table = read_table(path)
        vectors = (np.stack(table[name].to_numpy()) for name in ("vector", "residues"))
        return cls(table["protein_id"].tolist(), table["split"].to_numpy(str), *vectors)


def _lists(rows_NX: NDArray[np.float32]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows_NX.ravel(), pa.float32()), rows_NX.shape[1])


@dataclass(frozen=True, eq=False)
class NearestAnnotated:
    """Proteins with known labels, and their terms.

    Attributes:
        known: Their vectors.
        sequences: Their sequences.
        labels_NT: True where the protein has the term, propagated, sparse by column.
    """

    known: ProteinVectors
    sequences: list[str]
    labels_NT: sp.csc_array

    @classmethod
    def of_tables(
        cls, known: ProteinVectors, sequence_of: Mapping[str, str], annotations: pd.DataFrame, terms: pd.DataFrame
    ) -> "NearestAnnotated":
        """From propagated annotations; columns are `terms`. Terms that training has not seen have no label."""
        seen = annotations[annotations["go_id"].isin(terms.loc[seen_in_training(terms), "go_id"])]
        labels_NT = label_matrix(seen, known.protein_ids, terms["go_id"]).tocsc()
        return cls(known, [sequence_of[protein_id] for protein_id in known.protein_ids], labels_NT)

    @classmethod
    def read(cls, files: Mapping[str, Path | str], known: str, terms: pd.DataFrame) -> "NearestAnnotated":
        """From the files of a run.

        Args:
            files: vectors, proteins and annotations, by these names.
            known: Whose labels may be used, a key of `KNOWN`.
            terms: The terms table.
        """
        annotations = read_table(files["annotations"], ["protein_id", "go_id"])
        vectors = ProteinVectors.read(files["vectors"]).known(known)
        return cls.of_tables(vectors, read_sequences(files["proteins"]), annotations, terms)

    def of_protein(
        self, z_D: NDArray[np.float32], similarity_N: NDArray[np.float32], columns: NDArray[np.int64]
    ) -> list[str]:
        """For each term, the nearest known protein that has it; "" where none does.

        Aligned proteins come first, by similarity, then the others by cosine.

        Args:
            z_D: Its vector.
            similarity_N: Its similarity with each known protein, 0 where they do not align.
            columns: The terms.
        """
        nearest_first = np.lexsort((-(self.known.vectors_ND @ z_D), -similarity_N))
        has_term = self.labels_NT[:, columns].toarray()[nearest_first]
        first = has_term.argmax(axis=0)
        found = has_term.any(axis=0)
        return [
            self.known.protein_ids[nearest_first[i]] if there else "" for i, there in zip(first, found, strict=True)
        ]
