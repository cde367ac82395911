"""A protein as the mean and standard deviation of its residue embeddings: features of the encoder, without training.

Shapes: N proteins, L residues, E encoder width.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.workflow import progress


def residue_summaries(store: ESMResidueStore, sequence_sha256: Iterable[str]) -> NDArray[np.float32]:
    """Mean and standard deviation over each sequence's residues, (N, 2E)."""
    rows = [summary(store[sha256]) for sha256 in progress(sequence_sha256, "summarising residues")]
    return np.stack(rows) if rows else np.zeros((0, 2 * store.width), np.float32)


def summary(residues_LE: NDArray[np.float16]) -> NDArray[np.float32]:
    """Mean and standard deviation of one protein, (2E)."""
    wide_LE = residues_LE.astype(np.float32)
    return np.concatenate([wide_LE.mean(axis=0), wide_LE.std(axis=0)])
