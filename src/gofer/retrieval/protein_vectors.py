"""The proteins of a run in the shared space: for held-out predictions, calibration, and the nearest known protein.

Shapes: N proteins, B some of them, T terms, D shared width, S numbers that summarise the residues.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table, write_table
from gofer.errors import GoferError
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
