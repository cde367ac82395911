"""Clusters of similar proteins, so that a split by identity can keep each whole on one side.

By MMseqs2: around representatives (`inputs.proteins.linclust`), for any number of proteins. By k-mers, for up to
`MOST_BY_KMERS` of them: single linkage. Two proteins with an alignment of at least the identity asked for share a
cluster (`local_alignment` defines what counts). Shared k-mers choose the pairs to align (`kmer_search`): each protein
with those outside its cluster that share most with it, and again when clusters have grown, until no alignment links two
clusters. Its time grows faster than the number of proteins, and domains chain families of large sets into one cluster.

Of the 5,109 pairs among 4,197 Swiss-Prot proteins that are similar at 30 % or more when every pair is aligned, 5,066
come into one cluster, and of the 2,425 at 40 % or more all but one (benchmarks/similar.py).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from gofer.inputs.proteins.kmer_search import MOST_BY_KMERS, KmerIndex, kmer_matrix
from gofer.inputs.proteins.linclust import linclust, linclust_installed
from gofer.inputs.proteins.local_alignment import MIN_COVERED, all_hits

Pairs = NDArray[np.int64]  # rows of two proteins, (E, 2)

logger = logging.getLogger(__name__)

CANDIDATES = 50  # proteins that one is aligned with
TOO_MANY = (
    "%d different sequences are clustered without MMseqs2: beyond %d this takes hours, and single linkage joins most "
    "of them; install MMseqs2 and set inputs.splits.clusterer to auto"
)


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of some proteins.

    Attributes:
        number_N: A number for each protein, int64, from 0 in the order of first members.
        linked_by: What made the clusters: linclust, or alignment.
        links: How many pairs of different sequences are linked.
        representative_N: Row of the protein that represents each one's cluster: of linclust its representative, of
            single linkage the longest sequence; of equal sequences the first protein. int64 (N).
    """

    number_N: NDArray[np.int64]
    linked_by: str
    links: int
    representative_N: NDArray[np.int64]


def cluster(
    sequences: Sequence[str],
    *,
    identity: float,
    clusterer: str = "auto",
    covered: float = MIN_COVERED,
    threads: int = 1,
) -> Clusters:
    """Cluster proteins; their order changes only the numbering.

    Args:
        sequences: Upper-case residues.
        identity: Proteins at least this similar share a cluster, in (0, 1].
        clusterer: kmers, mmseqs, auto (MMseqs2 where it is installed), or equal: equal sequences only.
        covered: Of linclust: share of both sequences that an alignment spans.
        threads: Number of threads; they change only the time.

    Raises:
        GoferError: MMseqs2 was asked for but is not installed, or failed.
    """
    distinct = sorted(set(sequences))
    logger.info("clustering %d different sequences at %g", len(distinct), identity)
    if clusterer == "equal":
        return _numbered(sequences, distinct, np.arange(len(distinct)), "equality", 0)
    if clusterer == "mmseqs" or (clusterer == "auto" and linclust_installed()):
        representative_D = linclust(distinct, identity=identity, covered=covered, threads=threads)
        links = int((representative_D != np.arange(len(distinct))).sum())
        return _numbered(sequences, distinct, representative_D, "linclust", links)
    if len(distinct) > MOST_BY_KMERS:
        logger.warning(TOO_MANY, len(distinct), MOST_BY_KMERS)
    cluster_D, links = _join_by_alignment(distinct, np.arange(len(distinct)), identity=identity, threads=threads)
    return _numbered(sequences, distinct, _longest(distinct, cluster_D), "alignment", links)


def _longest(distinct: Sequence[str], cluster_D: NDArray[np.int64]) -> NDArray[np.int64]:
    # Row of the longest sequence of each one's cluster, of several the first.
    length_D = np.array([len(sequence) for sequence in distinct], dtype=np.int64)
    order_D = np.lexsort((np.arange(len(distinct)), -length_D, cluster_D))
    clusters_C, first_C = np.unique(cluster_D[order_D], return_index=True)
    return order_D[first_C][np.searchsorted(clusters_C, cluster_D)]


def _numbered(
    sequences: Sequence[str], distinct: Sequence[str], representative_D: NDArray[np.int64], linked_by: str, links: int
) -> Clusters:
    place = pd.Index(distinct, dtype="str").get_indexer(pd.Index(sequences, dtype="str"))
    number_N = pd.factorize(representative_D[place])[0].astype(np.int64)
    first_D = np.full(len(distinct), len(place), dtype=np.int64)
    np.minimum.at(first_D, place, np.arange(len(place)))
    return Clusters(number_N, linked_by, links, first_D[representative_D[place]])


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
        # A candidate that has joined the protein's cluster is replaced by another.
        changed = np.array(
            [row for row, rows in enumerate(near) if (cluster_N[rows] == cluster_N[row]).any()], np.int64
        )
    return cluster_N, links


def _as_numbers(rows: NDArray[np.int64], near: Sequence[NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    # Each pair once, as the lower row · n + the higher.
    one_E, other_E = np.repeat(rows, [len(rows_near) for rows_near in near]), np.concatenate(near)
    return np.unique(np.minimum(one_E, other_E) * n + np.maximum(one_E, other_E))


def _similar(sequences: Sequence[str], pairs: Pairs, identity: float, threads: int) -> Pairs:
    ones, starts = np.unique(pairs[:, 0], return_index=True)
    others = np.split(pairs[:, 1], starts[1:])  # without any pair: one empty part
    asked = [(sequences[one], [sequences[row] for row in rows]) for one, rows in zip(ones, others, strict=False)]
    found = all_hits(asked, threads=threads)
    linked = [
        (one, rows[hit.row])
        for one, rows, hits in zip(ones, others, found, strict=False)
        for hit in hits
        if hit.identity >= identity
    ]
    return np.array(linked, dtype=np.int64).reshape(-1, 2)


def _joined(cluster_N: NDArray[np.int64], pairs: Pairs) -> NDArray[np.int64]:
    one_E, other_E = cluster_N[pairs].reshape(-1, 2).T
    graph = sp.coo_array((np.ones(len(pairs), bool), (one_E, other_E)), shape=(len(cluster_N), len(cluster_N)))
    return connected_components(graph, directed=False)[1].astype(np.int64)[cluster_N]
