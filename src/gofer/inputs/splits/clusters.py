"""Clusters of similar proteins, so that a split by identity can keep each whole on one side.

Single linkage: two proteins with an alignment of at least the given identity share a cluster (`local_alignment` says
what counts). Shared k-mers choose the pairs to align (`kmer_search`): each protein with those outside its cluster that
share most with it, repeated as clusters grow, until no alignment links two clusters. MMseqs2, where it is asked for,
adds its own links.

Of the 5,109 pairs among 4,197 Swiss-Prot proteins that are similar at 30 % or more when every pair is aligned, 5,066
come into one cluster, and of the 2,425 at 40 % or more all but one (benchmarks/similar.py).
"""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from gofer.errors import GoferError
from gofer.inputs.proteins.kmer_search import KmerIndex, kmer_matrix
from gofer.inputs.proteins.local_alignment import MIN_COVERED, all_hits

Pairs = NDArray[np.int64]  # rows of two proteins, (E, 2)

logger = logging.getLogger(__name__)

CANDIDATES = 50  # proteins that one is aligned with
MMSEQS_MISSING = "MMseqs2 is not installed: run with --use-conda, or set inputs.splits.clusterer to kmers"
MMSEQS_EVALUE = 1e-3


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of some proteins.

    Attributes:
        number_N: A number for each protein, int64, from 0 in the order of first members.
        links: How many pairs of different sequences are linked, by what found them first: MMseqs2, alignment.
    """

    number_N: NDArray[np.int64]
    links: Mapping[str, int]


def cluster(sequences: Sequence[str], *, identity: float, clusterer: str = "auto", threads: int = 1) -> Clusters:
    """Cluster proteins; their order changes only the numbering.

    Args:
        sequences: Upper-case residues.
        identity: Proteins at least this similar share a cluster, in (0, 1].
        clusterer: kmers, mmseqs, or auto (MMseqs2 where it is installed).
        threads: Number of threads; they change only the time.

    Raises:
        GoferError: MMseqs2 was asked for but is not installed, or failed.
    """
    installed = shutil.which("mmseqs") is not None
    if clusterer == "mmseqs" and not installed:
        raise GoferError(MMSEQS_MISSING)
    distinct = sorted(set(sequences))
    logger.info("clustering %d different sequences at %g", len(distinct), identity)
    links: dict[str, int] = {}
    cluster_D = np.arange(len(distinct))
    if clusterer == "mmseqs" or (clusterer == "auto" and installed):
        pairs = links_by_mmseqs(distinct, identity=identity, threads=threads)
        cluster_D, links["MMseqs2"] = _joined(cluster_D, pairs), len(pairs)
    cluster_D, links["alignment"] = _join_by_alignment(distinct, cluster_D, identity=identity, threads=threads)
    number_of = dict(zip(distinct, cluster_D.tolist(), strict=True))
    numbers: dict[int, int] = {}
    number_N = np.array([numbers.setdefault(number_of[s], len(numbers)) for s in sequences], dtype=np.int64)
    return Clusters(number_N, links)


def _join_by_alignment(
    sequences: Sequence[str], cluster_N: NDArray[np.int64], *, identity: float, threads: int
) -> tuple[NDArray[np.int64], int]:
    kmers_NW = kmer_matrix(sequences)
    index = KmerIndex.of(kmers_NW)
    near: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * len(sequences)
    changed, tried, links = np.arange(len(sequences)), np.zeros(0, dtype=np.int64), 0
    while len(changed):
        kinds = cluster_N[changed], cluster_N
        found = index.best(kmers_NW[changed], most=CANDIDATES, kinds=kinds, threads=threads)
        for row, rows in zip(changed.tolist(), found, strict=True):
            near[row] = rows
        pairs = np.setdiff1d(_as_numbers(changed, found, len(sequences)), tried)
        tried = np.union1d(tried, pairs)
        linked = _similar(sequences, np.stack(np.divmod(pairs, len(sequences)), axis=1), identity, threads)
        logger.info("%d pairs aligned, %d of them at %g or more", len(pairs), len(linked), identity)
        cluster_N, links = _joined(cluster_N, linked), links + len(linked)
        # Where a candidate has come into the protein's own cluster, another takes its place.
        changed = np.array(
            [row for row, rows in enumerate(near) if (cluster_N[rows] == cluster_N[row]).any()], np.int64
        )
    return cluster_N, links


def _as_numbers(rows: NDArray[np.int64], near: Sequence[NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    # Each pair once, as the lower row · n + the higher.
    one_E, other_E = np.repeat(rows, [len(own) for own in near]), np.concatenate(near)
    return np.unique(np.minimum(one_E, other_E) * n + np.maximum(one_E, other_E))


def _similar(sequences: Sequence[str], pairs: Pairs, identity: float, threads: int) -> Pairs:
    ones, starts = np.unique(pairs[:, 0], return_index=True)
    others = np.split(pairs[:, 1], starts[1:])  # without any pair one part, which is empty
    asked = [(sequences[one], [sequences[row] for row in rows]) for one, rows in zip(ones, others, strict=False)]
    found = all_hits(asked, threads=threads)
    linked = [
        (one, rows[hit.row])
        for one, rows, own in zip(ones, others, found, strict=False)
        for hit in own
        if hit.identity >= identity
    ]
    return np.array(linked, dtype=np.int64).reshape(-1, 2)


def _joined(cluster_N: NDArray[np.int64], pairs: Pairs) -> NDArray[np.int64]:
    one_E, other_E = cluster_N[pairs].reshape(-1, 2).T
    graph = sp.coo_array((np.ones(len(pairs), bool), (one_E, other_E)), shape=(len(cluster_N), len(cluster_N)))
    return connected_components(graph, directed=False)[1].astype(np.int64)[cluster_N]


def links_by_mmseqs(sequences: Sequence[str], *, identity: float, threads: int = 1) -> Pairs:
    """Pairs of proteins at the identity by `mmseqs easy-search`, each once, the lower row first.

    The coverage is taken from the alignments: MMseqs2 has no mode that asks for a share of the shorter protein
    (--cov-mode 5 asks for a ratio of lengths, so that no fragment would be linked to its whole).

    Raises:
        GoferError: MMseqs2 failed.
    """
    columns = "query,target,qstart,qend,tstart,tend"
    with tempfile.TemporaryDirectory(prefix="gofer-mmseqs-") as name:
        folder = Path(name)
        fasta = "".join(f">{row}\n{sequence}\n" for row, sequence in enumerate(sequences))
        (folder / "in.fasta").write_text(fasta, encoding="ascii")
        files = [str(folder / file) for file in ("in.fasta", "in.fasta", "out.tsv", "tmp")]
        limits = ["--min-seq-id", str(identity), "-e", str(MMSEQS_EVALUE)]
        command = ["mmseqs", "easy-search", *files, *limits, "--format-output", columns]
        command += ["--threads", str(threads), "-v", "1"]
        logger.info("%s", " ".join(command))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise GoferError(f"mmseqs ended with status {done.returncode}: {last}", help="see the log")
        table = pd.read_csv(folder / "out.tsv", sep="\t", names=columns.split(","), dtype=np.int64)
    length_N = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    query, target = table["query"].to_numpy(), table["target"].to_numpy()
    shorter = np.where(
        length_N[query] <= length_N[target], table["qend"] - table["qstart"], table["tend"] - table["tstart"]
    )
    covered = shorter + 1 >= MIN_COVERED * np.minimum(length_N[query], length_N[target])
    pairs = np.sort(np.stack([query, target], axis=1)[covered & (query != target)], axis=1)
    return np.unique(pairs, axis=0)
