"""Finds proteins that may be similar, by shared k-mers; an alignment then decides.

A k-mer is five residues under one of three spaced patterns (1 reads a residue, 0 skips it), in 15 classes of residues
that replace each other (after Murphy et al. 2000, doi:10.1093/protein/13.3.149). Spaced patterns match where contiguous
ones are interrupted (Ma et al. 2002, doi:10.1093/bioinformatics/18.3.440). A shared k-mer is weighted by its rarity.
Long proteins share more k-mers by chance, so the sum is divided by the square root of their number of k-mers. Sums are
of integers, and square roots and quotients are rounded the same way everywhere: the same candidates on every machine.

Shapes: Q query proteins, N searched proteins, W k-mers of all patterns, E shared k-mers.
"""

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.workflow import progress

CLASSES = ("LVIM", "C", "A", "G", "S", "T", "P", "FY", "W", "E", "D", "N", "Q", "KR", "H")
PATTERNS = ("11111", "1101011", "11001101")
LETTERS = 5
MIN_DISTINCT = 3  # k-mers of fewer different classes are low complexity
STEPS_PER_BIT = 4  # of a k-mer's weight, so that it is an integer
RESIDUES_AT_ONCE = 500_000
SHARED_AT_ONCE = 10_000_000  # Q × N of one product, some 30 bytes each while it is looked through
MOST_AT_ONCE = 256
MOST_BY_KMERS = 20_000  # sequences that it is for; 17,424 human proteins take 720 CPU seconds to cluster

KMERS = len(CLASSES) ** LETTERS  # of one pattern
CLASS_OF = np.full(256, -1, dtype=np.int8)
for _number, _residues in enumerate(CLASSES):
    CLASS_OF[list(_residues.encode("ascii"))] = _number


def kmer_matrix(sequences: Sequence[str]) -> sp.csr_array:
    """1 where a protein has a k-mer, int32 (N, W).

    Args:
        sequences: Upper-case residues; a letter of no single amino acid (X, B, Z, …) is in no k-mer.
    """
    kmers, counts = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int64)]
    for block in _blocks(sequences):
        row_E, kmer_E = np.divmod(_kmers(block), KMERS * len(PATTERNS))
        kmers.append(kmer_E.astype(np.int32))
        counts.append(np.bincount(row_E, minlength=len(block)))
    kmer_E = np.concatenate(kmers)
    end_N = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    shape = len(sequences), KMERS * len(PATTERNS)
    return sp.csr_array((np.ones(len(kmer_E), dtype=np.int32), kmer_E, end_N), shape=shape)


def _blocks(sequences: Sequence[str]) -> Iterator[Sequence[str]]:
    start, residues = 0, 0
    for end, sequence in enumerate(sequences, start=1):
        residues += len(sequence)
        if residues >= RESIDUES_AT_ONCE or end == len(sequences):
            yield sequences[start:end]
            start, residues = end, 0


def _kmers(sequences: Sequence[str]) -> NDArray[np.int64]:
    # The distinct k-mers of each protein as row · W + k-mer, ascending.
    joined = "".join(f"{sequence} " for sequence in sequences).encode("ascii")
    class_L = CLASS_OF[np.frombuffer(joined, dtype=np.uint8)]
    row_L = np.repeat(np.arange(len(sequences)), [len(sequence) + 1 for sequence in sequences])
    found = [np.zeros(0, dtype=np.int64)]
    for number, pattern in enumerate(PATTERNS):
        places = max(len(class_L) - len(pattern) + 1, 0)
        letters = [class_L[at : at + places] for at, sign in enumerate(pattern) if sign == "1"]
        distinct = sum(_new(letters, place) for place in range(LETTERS))
        whole = (np.min(letters, axis=0) >= 0) & (row_L[:places] == row_L[len(row_L) - places :])
        kept = np.flatnonzero(whole & (distinct >= MIN_DISTINCT))
        kmer = row_L[kept] * len(PATTERNS) + number
        for letter_L in letters:
            kmer = kmer * len(CLASSES) + letter_L[kept]
        found.append(kmer)
    kmers = np.sort(np.concatenate(found))
    return kmers[np.diff(kmers, prepend=-1) > 0]


def _new(letters: Sequence[NDArray[np.int8]], place: int) -> NDArray[np.int8]:
    # 1 where the letter is none of those before it.
    seen = np.zeros(len(letters[0]), dtype=bool)
    for before in range(place):
        seen |= letters[before] == letters[place]
    return (~seen).astype(np.int8)


@dataclass(frozen=True, eq=False)
class KmerIndex:
    """The k-mers of the proteins that are searched.

    Attributes:
        weight_WN: The weight of a k-mer where a protein has it, int32, at least 1.
        scale_N: Square root of the number of the protein's k-mers, at least 1.
    """

    weight_WN: sp.csr_array
    scale_N: NDArray[np.float64]

    @classmethod
    def of(cls, kmers_NW: sp.csr_array) -> "KmerIndex":
        """From the k-mers of the proteins: a k-mer weighs 1 + log2(N / proteins with it) bits, in steps."""
        has_WN = kmers_NW.T.tocsr()
        proteins_W = np.maximum(np.diff(has_WN.indptr), 1)
        weight_W = 1 + np.rint(STEPS_PER_BIT * np.log2(kmers_NW.shape[0] / proteins_W)).astype(np.int32)
        weights = np.repeat(weight_W, np.diff(has_WN.indptr))
        weight_WN = sp.csr_array((weights, has_WN.indices, has_WN.indptr), shape=has_WN.shape)
        return cls(weight_WN, np.sqrt(np.maximum(np.diff(kmers_NW.indptr), 1)))

    def best(
        self,
        kmers_QW: sp.csr_array,
        *,
        most: int,
        kinds: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
        threads: int = 1,
    ) -> list[NDArray[np.int64]]:
        """For each query, the rows of the proteins that share most k-mers with it, the best first; ties by row.

        Args:
            kmers_QW: The k-mers of the queries.
            most: Maximum number of proteins.
            kinds: A number for each query and for each searched protein; pairs of the same number are skipped.
            threads: Number of threads; they change only the time.
        """
        at_once = int(np.clip(SHARED_AT_ONCE // max(len(self.scale_N), 1), 1, MOST_AT_ONCE))

        def block(start: int) -> list[NDArray[np.int64]]:
            own_Q = None if kinds is None else kinds[0][start : start + at_once]
            others_N = None if kinds is None else kinds[1]
            return self._best(kmers_QW[start : start + at_once], most, own_Q, others_N)

        starts = range(0, kmers_QW.shape[0], at_once)
        with ThreadPoolExecutor(threads) as pool:
            blocks = progress(pool.map(block, starts), "searching shared k-mers", total=len(starts))
            return [rows for found in blocks for rows in found]

    def _best(
        self, kmers_QW: sp.csr_array, most: int, own_Q: NDArray | None, others_N: NDArray | None
    ) -> list[NDArray[np.int64]]:
        shared_QN = kmers_QW @ self.weight_WN
        row_E, score_E = shared_QN.indices.astype(np.int64), shared_QN.data / self.scale_N[shared_QN.indices]
        kept_E = np.ones(len(row_E), dtype=bool)
        if own_Q is not None and others_N is not None:
            kept_E = others_N[row_E] != np.repeat(own_Q, np.diff(shared_QN.indptr))
        parts = [slice(*ends) for ends in itertools.pairwise(shared_QN.indptr)]
        return [_highest(row_E[part][kept_E[part]], score_E[part][kept_E[part]], most) for part in parts]


def _highest(row_E: NDArray[np.int64], score_E: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    if len(row_E) > most:
        # A partition does not order ties, so all that reach its value are sorted.
        reached = score_E >= np.partition(score_E, -most)[-most]
        row_E, score_E = row_E[reached], score_E[reached]
    return row_E[np.lexsort((row_E, -score_E))][:most]
