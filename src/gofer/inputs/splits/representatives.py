"""Training on a part of a large set: representatives of its clusters. The others are known, but not trained on.

Embedding hundreds of thousands of proteins takes days without a GPU, and large families would dominate what is learned.
A known protein keeps its labels: searches by sequence find it, and its labels are transferred. Each term that some
protein has keeps a training protein, so that no term becomes zero-shot by the choice.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.accounting import Accounting
from gofer.inputs.splits.clusters import cluster
from gofer.names import HELD_OUT, KNOWN

COVERED = 0.8  # of both sequences, as UniRef50 asks for
TRAINED = "proteins trained on"


def embedded(splits: pd.DataFrame) -> pd.Series:
    """Which proteins are embedded: all, or if some are known only those that train or are held out (bool, N).

    Args:
        splits: Column split.
    """
    if not (splits["split"] == KNOWN).any():
        return pd.Series(True, index=splits.index)
    return splits["split"].isin(["train", *HELD_OUT])


class Representatives(NamedTuple):
    """Which proteins train.

    Attributes:
        trains_N: True where a protein does.
        cluster_N: Cluster of each protein, int64 from 0.
    """

    trains_N: NDArray[np.bool_]
    cluster_N: NDArray[np.int64]


def representatives(
    proteins: pd.DataFrame,
    accounting: Accounting,
    *,
    identity: float | None,
    most: int | None,
    clusterer: str,
    seed: int,
    labels: pd.DataFrame | None = None,
    threads: int = 1,
) -> Representatives:
    """Choose the training proteins: one of each cluster, at most `most` of them, and those that rare terms need.

    Args:
        proteins: Columns protein_id, sequence.
        accounting: Where to count.
        identity: Of a member with its representative, over `COVERED` of both; None: only equal sequences.
        most: Most representatives, a seeded draw; None: all.
        clusterer: kmers, mmseqs or auto.
        seed: Of the draw.
        labels: Columns protein_id, go_id; stated terms suffice.
        threads: To work with.
    """
    clusters = cluster(
        proteins["sequence"].tolist(),
        identity=identity or 1.0,
        clusterer=clusterer if identity else "equal",
        covered=COVERED,
        threads=threads,
    )
    chosen = np.unique(clusters.representative_N)
    accounting.add("training clusters", f"at {identity:.0%} identity" if identity else "equal sequences", len(chosen))
    if most is not None and len(chosen) > most:
        chosen = np.random.default_rng(seed).permutation(chosen)[:most]
    trains_N = np.zeros(len(proteins), dtype=bool)
    trains_N[chosen] = True
    needed = _needed_by_terms(proteins["protein_id"], labels, trains_N) if labels is not None else []
    trains_N[needed] = True
    accounting.add(TRAINED, "representatives", len(chosen))
    accounting.add(TRAINED, "first with a term that no representative has", len(needed))
    accounting.add("proteins known, not trained on", count=int((~trains_N).sum()))
    return Representatives(trains_N, clusters.number_N)


def _needed_by_terms(protein_ids: pd.Series, labels: pd.DataFrame, trains_N: NDArray[np.bool_]) -> list[int]:
    # One protein after the other, where it has a term that no training protein before it has.
    row_L = pd.Index(protein_ids).get_indexer(labels["protein_id"])
    term_L, terms = pd.factorize(labels["go_id"])
    here_L = row_L >= 0
    pairs = np.ones(int(here_L.sum()), dtype=bool), (row_L[here_L], term_L[here_L])
    has_NT = sp.csr_array(pairs, shape=(len(protein_ids), len(terms)))
    missing_T = has_NT[~trains_N].sum(axis=0) > 0
    missing_T &= has_NT[trains_N].sum(axis=0) == 0
    needed = []
    for row in np.flatnonzero(has_NT[:, np.flatnonzero(missing_T)].sum(axis=1)).tolist():
        of_protein = has_NT.indices[has_NT.indptr[row] : has_NT.indptr[row + 1]]
        if missing_T[of_protein].any():
            needed.append(row)
            missing_T[of_protein] = False
    return needed
