"""A baseline: labels of the training proteins that are nearest in the residue encoder's space, untrained.

A protein is the mean of its residue vectors, similarity their cosine (as goPredSim: Littmann et al. 2021,
doi:10.1038/s41598-020-80786-0). Shapes: B proteins, N training proteins, E encoder width, K neighbours.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.baselines.diamond import transferred_labels
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import fmax
from gofer.workflow import progress

CHOICES = (1, 3, 5, 10, 20, 50, 100)
COLUMNS = ["protein_id", "neighbour", "cosine"]
PROTEINS_AT_ONCE = 1024


def mean_pooled(store: ESMResidueStore, sequence_sha256: Iterable[str]) -> NDArray[np.float32]:
    """Unit vectors (B, E): the mean over each sequence's residues."""
    vectors = [store[sha256].mean(0, dtype=np.float32) for sha256 in progress(sequence_sha256, "pooling residues")]
    vectors_BE = np.stack(vectors) if vectors else np.zeros((0, store.width), np.float32)
    return vectors_BE / np.maximum(np.linalg.norm(vectors_BE, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def nearest(
    proteins: tuple[Sequence[str], NDArray[np.float32]],
    training: tuple[Sequence[str], NDArray[np.float32]],
    *,
    most: int = max(CHOICES),
) -> pd.DataFrame:
    """The `most` nearest training proteins of each protein: `COLUMNS`, nearest first, cosine above 0.

    Args:
        proteins: Their ids and unit vectors.
        training: The same of the training proteins.
        most: Neighbours per protein, K.
    """
    (ids, vectors_BE), (training_ids, training_NE) = proteins, training
    parts = [pd.DataFrame({"protein_id": [], "neighbour": [], "cosine": np.empty(0, np.float32)})]
    for start in range(0, len(ids), PROTEINS_AT_ONCE):
        cosine_BN = vectors_BE[start : start + PROTEINS_AT_ONCE] @ training_NE.T
        near_BK = np.stack([_nearest_of(cosine_N, most) for cosine_N in cosine_BN])
        protein_P = np.repeat(np.asarray(ids, object)[start : start + PROTEINS_AT_ONCE], near_BK.shape[1])
        cosine_P = np.take_along_axis(cosine_BN, near_BK, axis=1).ravel()
        names = np.asarray(training_ids, object)[near_BK.ravel()]
        parts.append(pd.DataFrame({"protein_id": protein_P, "neighbour": names, "cosine": cosine_P})[cosine_P > 0])
    return pd.concat(parts, ignore_index=True)


def _nearest_of(cosine_N: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    # Rows by falling cosine, ties by row; only those that reach the last place are sorted.
    if len(cosine_N) <= most:
        return np.argsort(-cosine_N, kind="stable")
    last = np.partition(cosine_N, len(cosine_N) - most)[len(cosine_N) - most]
    reached = np.flatnonzero(cosine_N >= last)
    return reached[np.argsort(-cosine_N[reached], kind="stable")][:most]


def first_neighbours(neighbours: pd.DataFrame, k: int) -> pd.DataFrame:
    """The rows of the k nearest of each protein."""
    return neighbours[neighbours.groupby("protein_id").cumcount() < k]


def neighbour_labels(
    neighbours: pd.DataFrame, labels: pd.DataFrame, terms: pd.DataFrame, *, k: int, min_score: float
) -> pd.DataFrame:
    """score(p, t) = Σ cosine · [neighbour has t] / Σ cosine, over those of the k neighbours with a label in the aspect.

    Args:
        neighbours: What `nearest` gave.
        labels: Columns protein_id, go_id of the training proteins, propagated, roots left out.
        terms: Columns go_id, aspect.
        k: Neighbours that count.
        min_score: Lower scores are left out.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    near = first_neighbours(neighbours, k)
    queries = pd.DataFrame({"protein_id": near["protein_id"].unique()})
    targets = pd.DataFrame({"protein_id": near["neighbour"].unique()})
    query, target = (
        pd.Index(table["protein_id"]).get_indexer(near[column])
        for table, column in ((queries, "protein_id"), (targets, "neighbour"))
    )
    hits = pd.DataFrame({"query": query, "target": target, "bitscore": near["cosine"].to_numpy(float)})
    aspect = labels["go_id"].map(terms.set_index("go_id")["aspect"])
    parts = [
        table
        for name in sorted(aspect.dropna().unique())
        for table in transferred_labels(hits, queries, targets, labels[aspect == name], min_score=min_score)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["protein_id", "go_id", "score"])


def choose_k(
    neighbours: pd.DataFrame,
    labels: pd.DataFrame,
    val_labels: pd.DataFrame,
    terms: pd.DataFrame,
    relations: Iterable[str],
) -> int:
    """The k of `CHOICES` with the highest mean Fmax over the aspects on the validation proteins; 1 without any.

    Args:
        neighbours: Of the validation proteins.
        labels: Of the training proteins, as for `neighbour_labels`.
        val_labels: The same of the validation proteins.
        terms: Columns go_id, aspect and parents per relation.
        relations: Along which annotations propagate in this run.
    """
    seen = terms[terms["go_id"].isin(set(labels["go_id"]) | set(val_labels["go_id"]))].reset_index(drop=True)
    graph, ids = GoGraph.of_terms(seen, relations, within_aspect=True), sorted(val_labels["protein_id"].unique())
    truth_BT = label_matrix(val_labels, ids, seen["go_id"]).toarray()
    quality = []
    for k in CHOICES:
        table = neighbour_labels(neighbours, labels, terms, k=k, min_score=np.finfo(float).tiny)
        scores_BT = hierarchy_consistent(label_matrix(table, ids, seen["go_id"], table["score"]).toarray(), graph)
        of_aspects = [(seen["aspect"] == aspect).to_numpy() for aspect in seen["aspect"].unique()]
        found = [fmax(scores_BT[:, columns], truth_BT[:, columns]) for columns in of_aspects]
        quality.append(float(np.mean([value for value in found if np.isfinite(value)] or [0.0])))
    return CHOICES[int(np.argmax(quality))]
