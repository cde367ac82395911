"""Clusters of alike proteins, so that a split by identity can keep each whole on one side.

Two ways to the same end, single linkage at an identity: MMseqs2 where it is installed, else words of five residues.
Words link two proteins where enough of them lie in one order, that is on neighbouring diagonals, and reach over half
of the shorter protein, as an alignment would: a shared motif or chance does not. Enough is identity^5 of the shorter
one's words, after Mash (Ondov et al. 2016, doi:10.1186/s13059-016-0997-x). Counted without their order, words put
1,842 of 3,226 Swiss-Prot proteins into one cluster at 30 %, and 1,061 of them with their residues shuffled. Below
about 40 % identity words see only what is conserved in one piece: MMseqs2 is the sharper tool there.
"""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from gofer.errors import GoferError

Words = tuple[NDArray[np.int64], NDArray[np.int64]]  # the distinct words of a protein, and where each is first

logger = logging.getLogger(__name__)

WORD = 5
LETTERS = 26
MIN_SHARED = 4  # words in one order; fewer are met by chance
BAND = 32  # residues that insertions may shift an alignment by
MIN_COVERED = 0.5  # of the shorter protein, as in MMseqs2 below
MIN_DISTINCT = 3  # words of fewer different residues are low complexity
PROTEINS_AT_ONCE = 2000
MMSEQS_MISSING = "MMseqs2 is not installed: run with --use-conda, or set inputs.splits.clusterer to kmers"


def cluster(
    sequences: Sequence[str], *, identity: float, clusterer: str = "auto", threads: int = 1
) -> NDArray[np.int64]:
    """A cluster number for each protein, int64 (N), counted from 0 in the order of first members.

    Identical sequences always share a cluster.

    Args:
        sequences: Upper-case residues.
        identity: Proteins at least this alike share a cluster, in (0, 1].
        clusterer: kmers, mmseqs, or auto (MMseqs2 where it is installed).
        threads: For MMseqs2.

    Raises:
        GoferError: MMseqs2 was asked for but is not installed, or failed.
    """
    installed = shutil.which("mmseqs") is not None
    if clusterer == "mmseqs" and not installed:
        raise GoferError(MMSEQS_MISSING)
    distinct = sorted(set(sequences))
    by_mmseqs = clusterer == "mmseqs" or (clusterer == "auto" and installed)
    logger.info("clustering %d sequences by %s at %g", len(distinct), "MMseqs2" if by_mmseqs else "words", identity)
    labels = (
        cluster_by_mmseqs(distinct, identity=identity, threads=threads)
        if by_mmseqs
        else cluster_by_words(distinct, identity=identity)
    )
    cluster_of = dict(zip(distinct, labels.tolist(), strict=True))
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(cluster_of[s], len(numbers)) for s in sequences], dtype=np.int64)


def cluster_by_words(sequences: Sequence[str], *, identity: float) -> NDArray[np.int64]:
    """Connected components of proteins that share words enough in one order, int64 (N)."""
    words = [_words(sequence) for sequence in sequences]
    words_NV = word_matrix([own for own, _ in words])
    size_N = np.array([len(own) for own, _ in words], dtype=np.int64)
    links = []
    for start in range(0, len(sequences), PROTEINS_AT_ONCE):
        shared = (words_NV[start : start + PROTEINS_AT_ONCE] @ words_NV.T).tocoo()
        row_E, column_E = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        needed_E = np.maximum(MIN_SHARED, identity**WORD * np.minimum(size_N[row_E], size_N[column_E]))
        near = np.flatnonzero((row_E < column_E) & (shared.data >= needed_E))
        for one, two, needed in zip(row_E[near], column_E[near], needed_E[near], strict=True):
            shorter = min(len(sequences[one]), len(sequences[two]))
            if _aligned(words[one], words[two], needed=needed, covered=MIN_COVERED * shorter):
                links.append((one, two))
    row_E, column_E = np.array(links, dtype=np.int64).reshape(-1, 2).T
    graph = sp.csr_array((np.ones(len(row_E), bool), (row_E, column_E)), shape=(len(sequences), len(sequences)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _aligned(one: Words, two: Words, *, needed: float, covered: float) -> bool:
    # Of the words that both have: the most on one band of diagonals, and how far these reach.
    _, here, there = np.intersect1d(one[0], two[0], assume_unique=True, return_indices=True)
    at = one[1][here]
    diagonal = at - two[1][there]
    order = np.argsort(diagonal, kind="stable")
    at, diagonal = at[order], diagonal[order]
    stops = np.searchsorted(diagonal, diagonal + BAND, side="right")
    counts = stops - np.arange(len(diagonal))
    best = int(np.argmax(counts))
    band = at[best : stops[best]]
    return bool(counts[best] >= needed and band.max() - band.min() + WORD >= covered)


def word_matrix(words: Sequence[NDArray[np.int64]]) -> sp.csr_array:
    """1 where a protein has a word, int32 (N, distinct words)."""
    row_E = np.repeat(np.arange(len(words)), [len(own) for own in words])
    distinct, column_E = np.unique(np.concatenate([np.zeros(0, np.int64), *words]), return_inverse=True)
    ones = np.ones(len(row_E), dtype=np.int32)
    return sp.csr_array((ones, (row_E, column_E)), shape=(len(words), len(distinct)))


def _words(sequence: str) -> Words:
    codes = np.frombuffer(sequence.encode("ascii"), dtype=np.uint8).astype(np.int64) - ord("A")
    if len(codes) < WORD:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, WORD)
    distinct = 1 + (np.diff(np.sort(windows, axis=1), axis=1) > 0).sum(axis=1)
    complex_places = np.flatnonzero(distinct >= MIN_DISTINCT)
    place = LETTERS ** np.arange(WORD, dtype=np.int64)
    words, first = np.unique(windows[complex_places] @ place, return_index=True)
    return words, complex_places[first]


def cluster_by_mmseqs(sequences: Sequence[str], *, identity: float, threads: int) -> NDArray[np.int64]:
    """Clusters of `mmseqs easy-cluster`, connected components (--cluster-mode 1), int64 (N).

    An alignment must cover half of the shorter protein (--cov-mode 5 -c 0.5): a shared domain counts, a motif does not.

    Raises:
        GoferError: MMseqs2 failed.
    """
    with tempfile.TemporaryDirectory(prefix="gofer-mmseqs-") as name:
        folder = Path(name)
        fasta = "".join(f">{row}\n{sequence}\n" for row, sequence in enumerate(sequences))
        (folder / "in.fasta").write_text(fasta, encoding="ascii")
        files = [str(folder / "in.fasta"), str(folder / "out"), str(folder / "tmp")]
        limits = ["--min-seq-id", str(identity), "--cov-mode", "5", "-c", "0.5", "--cluster-mode", "1"]
        command = ["mmseqs", "easy-cluster", *files, *limits, "--threads", str(threads), "-v", "1"]
        logger.info("%s", " ".join(command))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise GoferError(f"mmseqs ended with status {done.returncode}: {last}", help="see the log")
        lines = (folder / "out_cluster.tsv").read_text(encoding="ascii").splitlines()
    labels = np.full(len(sequences), -1, dtype=np.int64)
    for line in lines:
        representative, member = line.split("\t")
        labels[int(member)] = int(representative)
    # A protein that MMseqs2 left out, e.g. for being too short, is a cluster of its own.
    return np.where(labels < 0, np.arange(len(labels)), labels)
