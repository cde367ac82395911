"""Predictions from counts of residues, a baseline for a language model: orders 1 to 3 from the left, interpolated.

After Witten and Bell (1991, doi:10.1109/18.87000): with c counts of a word, and T(h) distinct residues seen after the
context h, P(a | h) = (c(h a) + T(h) P(a | h without its first residue)) / (c(h) + T(h)); below order 1 all 20 residues
are similar.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
LETTERS = len(RESIDUES)
NUMBER_OF = np.full(128, -1)
NUMBER_OF[[ord(residue) for residue in RESIDUES]] = np.arange(LETTERS)


class NGrams:
    """Interpolated counts.

    Args:
        sequences: Upper-case residues to count.
        order: Length of the longest k-mer, 1 or more.
    """

    def __init__(self, sequences: Iterable[str], *, order: int) -> None:
        self.order = order
        sequences = list(sequences)
        self.probability: list[NDArray[np.float64]] = []
        lower = np.full(LETTERS, 1 / LETTERS)
        for length in range(1, order + 1):
            lower = _interpolated(_counts(sequences, length), lower)
            self.probability.append(lower)

    def perplexity(self, sequences: Iterable[str]) -> float:
        """The exponential of the mean negative log-likelihood (natural) of each residue after the ones before it.

        At the beginning, and after a letter that is none of the 20, the context is as long as there is one.
        """
        total, residues = 0.0, 0
        for run in _runs(sequences):
            for start in range(min(self.order - 1, len(run))):
                total -= math.log(self.probability[start][tuple(run[: start + 1])])
            kmers = _kmers(run, self.order)
            total -= float(np.log(self.probability[-1].reshape(-1)[kmers]).sum())
            residues += len(run)
        return math.exp(total / residues)


def _runs(sequences: Iterable[str]) -> Iterator[NDArray[np.int64]]:
    """Stretches of the 20 residues as numbers."""
    for sequence in sequences:
        numbers = NUMBER_OF[np.frombuffer(sequence.encode("ascii"), np.uint8)]
        for run in np.split(numbers, np.flatnonzero(numbers < 0)):
            known = run[run >= 0]
            if len(known):
                yield known


def _kmers(run: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    if len(run) < length:
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(run, length)
    return windows @ LETTERS ** np.arange(length - 1, -1, -1)


def _counts(sequences: Sequence[str], length: int) -> NDArray[np.int64]:
    kmers = np.concatenate([np.zeros(0, np.int64), *(_kmers(run, length) for run in _runs(sequences))])
    return np.bincount(kmers, minlength=LETTERS**length).reshape((LETTERS,) * length)


def _interpolated(counts: NDArray[np.int64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = counts.sum(-1, keepdims=True)
    kinds = (counts > 0).sum(-1, keepdims=True)
    # For a context that never occurred, T(h) = c(h) = 0 leaves the lower order.
    kinds = np.where(seen == 0, 1, kinds)
    return (counts + kinds * lower) / (seen + kinds)
