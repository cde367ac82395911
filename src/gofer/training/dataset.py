"""Proteins with their labels, as training sees them: `ProteinEmbDataset` reads, `ContrastiveEmbCollator` packs.

Shapes: B proteins of a batch, N proteins of a data set, L residues, R residues packed, E ESM width, T training terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.errors import ArtefactError
from gofer.inputs.label_matrix import label_matrix
from gofer.training.windows import WindowLayout


@dataclass(frozen=True)
class ProteinItem:
    """One protein: its row in the data set, and its residues (L, E) as float16."""

    row: int
    residues_LE: NDArray[np.float16]


class ProteinEmbDataset(Dataset[ProteinItem]):
    """Proteins by row; residues are read from the store when needed, so memory does not grow with the data set.

    Args:
        store: Residue embeddings by sequence hash.
        proteins: Columns protein_id, sequence_sha256; one row per protein, in the order of the data set.

    Raises:
        ArtefactError: A sequence is not in the store.
    """

    def __init__(self, store: ESMResidueStore, proteins: pd.DataFrame) -> None:
        self.store = store
        self.protein_ids: list[str] = proteins["protein_id"].tolist()
        self.sequence_sha256: list[str] = proteins["sequence_sha256"].tolist()
        lengths = store.lengths
        for protein_id, sha256 in zip(self.protein_ids, self.sequence_sha256, strict=True):
            if sha256 not in lengths:
                raise ArtefactError(
                    f"{protein_id} has no residue embeddings in the store",
                    help="run snakemake again: the shards are from other proteins",
                )
        self.lengths = np.array([lengths[sha256] for sha256 in self.sequence_sha256], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.protein_ids)

    def __getitem__(self, row: int) -> ProteinItem:
        return ProteinItem(row, self.store[self.sequence_sha256[row]])


def positives_matrix(pid2pos: pd.DataFrame, protein_ids: Sequence[str], go_ids: Sequence[str]) -> sp.csr_array:
    """1 + hops at each positive, int16 (N, T), joined by id; terms outside `go_ids` are left out.

    Args:
        pid2pos: Columns protein_id, go_ids (lists), hops (lists).
        protein_ids: Ids of the rows; a protein without an entry has no positive.
        go_ids: Ids of the columns.
    """
    pairs = pid2pos[["protein_id", "go_ids", "hops"]].explode(["go_ids", "hops"]).dropna()
    values = pairs["hops"].to_numpy(np.int16) + np.int16(1)
    return label_matrix(pairs, protein_ids, go_ids, values, names=("protein_id", "go_ids"))


def truth_matrix(pid2pos: pd.DataFrame, protein_ids: Sequence[str], go_ids: Sequence[str]) -> sp.csr_array:
    """True where a protein has a term (propagated), positive or not, bool (N, T); otherwise as `positives_matrix`.

    Args:
        pid2pos: Columns protein_id, true_ids (lists).
        protein_ids: Ids of the rows; a protein without an entry has no term.
        go_ids: Ids of the columns.
    """
    pairs = pid2pos[["protein_id", "true_ids"]].explode("true_ids").dropna()
    return label_matrix(pairs, protein_ids, go_ids, names=("protein_id", "true_ids"))


@dataclass(frozen=True, eq=False)
class ProteinBatch:
    """A batch of proteins, packed; where several processes share it, the residues are those of one process's part.

    Attributes:
        rows: Rows in the data set, (B,).
        residues_RE: Residue embeddings, one protein after another, float32.
        layout: Blocks and windows of the proteins whose residues are in `residues_RE`.
        hops_BT: Protein to GO: 1 + hops at each positive.
        truth_BT: True where the protein has the term (propagated), positive or not: it is never a negative.
    """

    rows: NDArray[np.int64]
    residues_RE: Tensor
    layout: WindowLayout
    hops_BT: sp.csr_array
    truth_BT: sp.csr_array


@dataclass(frozen=True, eq=False)
class ContrastiveEmbCollator:
    """Packs proteins and looks up their labels in both directions.

    Attributes:
        hops_NT: `positives_matrix` of the data set.
        truth_NT: `truth_matrix` of the data set.
        win_size: Residues of a window; None for one window per protein.
        win_stride: Residues from one window to the next.
    """

    hops_NT: sp.csr_array
    truth_NT: sp.csr_array
    win_size: int | None
    win_stride: int

    def __call__(self, items: Sequence[ProteinItem]) -> ProteinBatch:
        """Pack `items`, in their order."""
        rows = np.array([item.row for item in items], dtype=np.int64)
        residues_RE = torch.from_numpy(np.concatenate([item.residues_LE for item in items])).float()
        lengths = [len(item.residues_LE) for item in items]
        layout = WindowLayout.of_lengths(lengths, win_size=self.win_size, win_stride=self.win_stride)
        return ProteinBatch(rows, residues_RE, layout, self.hops_NT[rows], self.truth_NT[rows])
