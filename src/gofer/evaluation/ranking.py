"""Metrics of order: how far positives stand above negatives, over all pairs (micro), term by term (macro), by query.

AUPR is average precision, Σ (R_k − R_{k−1}) P_k over distinct scores, without interpolation; AUROC is the chance that a
positive scores above a negative, ties counting one half. A pair without a prediction has score 0 and ties with its
like.

As in `metrics`, `draws_NB` says how often each protein is drawn in each of N bootstrap resamples (None: once, N = 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.cafa import rounded

PAIRS_AT_ONCE = 8_000_000  # (positive, protein) comparisons held at a time: 64 MB in float64


def micro_aupr(
    scores_BT: NDArray, labels_BT: NDArray[np.bool_], draws_NB: NDArray | None = None
) -> NDArray[np.float64]:
    """Average precision over all protein-term pairs of the proteins with a label, per resample (N).

    Scores are taken at the three significant figures that a CAFA file has, so that at most some thousand distinct ones
    are there and a resample is a weighted sum of per-protein counts.
    """
    protein_P, term_P = np.nonzero(scores_BT > 0)
    levels, level_P = np.unique(-rounded(scores_BT[protein_P, term_P]), return_inverse=True)  # best first
    shape = len(scores_BT), len(levels) + 1  # the last level is score 0
    cell_P, hit_P = protein_P * shape[1] + level_P, labels_BT[protein_P, term_P]
    pairs_BU = np.bincount(cell_P, minlength=shape[0] * shape[1]).reshape(shape)
    hits_BU = np.bincount(cell_P[hit_P], minlength=shape[0] * shape[1]).reshape(shape)
    pairs_BU[:, -1] = scores_BT.shape[1] - pairs_BU.sum(axis=1)
    hits_BU[:, -1] = labels_BT.sum(axis=1) - hits_BU.sum(axis=1)
    labelled_B = labels_BT.any(axis=1)
    draws_NB = _draws(len(scores_BT), draws_NB) * labelled_B
    pairs_NU, hits_NU = draws_NB @ pairs_BU, draws_NB @ hits_BU
    precision_NU = hits_NU.cumsum(axis=1) / np.maximum(pairs_NU.cumsum(axis=1), 1)
    positives_N = hits_NU.sum(axis=1)
    return _or_nan((hits_NU * precision_NU).sum(axis=1), positives_N)


@dataclass(frozen=True)
class TermMeans:
    """Means over the terms that have a positive and a negative.

    Attributes:
        aupr_N: Macro average precision of each resample; NaN where no term qualifies.
        auroc_N: Macro AUROC of each resample.
        n_terms: Terms that qualify with every protein drawn once.
    """

    aupr_N: NDArray[np.float64]
    auroc_N: NDArray[np.float64]
    n_terms: int


def term_means(scores_BT: NDArray, labels_BT: NDArray[np.bool_], draws_NB: NDArray | None = None) -> TermMeans:
    """Macro AUPR and macro AUROC over the columns with at least one positive and one negative.

    Every positive is compared with every protein once; a resample is then a product with `draws_NB`.

    Args:
        scores_BT: Scores; 0 is no prediction.
        labels_BT: True labels, propagated.
        draws_NB: How often each protein is drawn in each resample.
    """
    draws_NB = _draws(len(scores_BT), draws_NB)
    positives_T = labels_BT.sum(axis=0)
    columns = np.flatnonzero((positives_T > 0) & (positives_T < len(labels_BT)))
    aupr_N, auroc_N, terms_N = np.zeros((3, len(draws_NB)))
    for block in _blocks(columns, positives_T[columns], len(scores_BT)):
        aupr_NC, auroc_NC, valid_NC = _per_term(scores_BT[:, block], labels_BT[:, block], draws_NB)
        aupr_N += aupr_NC.sum(axis=1)
        auroc_N += auroc_NC.sum(axis=1)
        terms_N += valid_NC.sum(axis=1)
    return TermMeans(_or_nan(aupr_N, terms_N), _or_nan(auroc_N, terms_N), len(columns))


def recall_at(scores_QC: NDArray, relevant_QC: NDArray[np.bool_], *, k: int) -> float:
    """Share of a query's relevant columns that are among its `k` best, of as many as there is room for.

    Args:
        scores_QC: Scores of queries by columns, finite.
        relevant_QC: Which columns are relevant.
        k: Columns looked at.

    Returns:
        The mean over the queries with a relevant column, in [0, 1]; NaN without any.
    """
    asked_Q, k = relevant_QC.any(axis=1), min(k, scores_QC.shape[1])
    if not asked_Q.any():
        return float("nan")
    scores_QC, relevant_QC = scores_QC[asked_Q], relevant_QC[asked_Q]
    best_QK = np.argpartition(-scores_QC, k - 1, axis=1)[:, :k]
    found_Q = np.take_along_axis(relevant_QC, best_QK, axis=1).sum(axis=1)
    return float(np.mean(found_Q / np.minimum(relevant_QC.sum(axis=1), k)))


def mean_reciprocal_rank(scores_QC: NDArray, relevant_QC: NDArray[np.bool_]) -> float:
    """Mean of 1 / rank of the best relevant column, columns of the same score standing before it; as `recall_at`."""
    asked_Q = relevant_QC.any(axis=1)
    if not asked_Q.any():
        return float("nan")
    scores_QC, relevant_QC = scores_QC[asked_Q], relevant_QC[asked_Q]
    best_Q1 = np.where(relevant_QC, scores_QC, -np.inf).max(axis=1, keepdims=True)
    return float(np.mean(1 / (1 + ((scores_QC >= best_Q1) & ~relevant_QC).sum(axis=1))))


def _per_term(
    scores_BC: NDArray, labels_BC: NDArray[np.bool_], draws_NB: NDArray
) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
    term_P, protein_P = np.nonzero(labels_BC.T)  # the positives, grouped by term
    starts = np.searchsorted(term_P, np.arange(labels_BC.shape[1]))
    scores_PB, labels_PB = scores_BC.T[term_P], labels_BC.T[term_P]
    own_P1 = scores_BC[protein_P, term_P][:, None]
    at_least_NP = draws_NB @ (scores_PB >= own_P1).T
    hits_NP = draws_NB @ ((scores_PB >= own_P1) & labels_PB).T
    below_NP = draws_NB @ (((scores_PB < own_P1) + 0.5 * (scores_PB == own_P1)) * ~labels_PB).T
    drawn_NP = draws_NB[:, protein_P]
    positives_NC = np.add.reduceat(drawn_NP, starts, axis=1)
    negatives_NC = draws_NB.sum(axis=1, keepdims=True) - positives_NC
    valid_NC = (positives_NC > 0) & (negatives_NC > 0)
    aupr_NC = np.add.reduceat(drawn_NP * hits_NP / np.maximum(at_least_NP, 1), starts, axis=1)
    auroc_NC = np.add.reduceat(drawn_NP * below_NP, starts, axis=1)
    pairs_NC = positives_NC * negatives_NC
    return (
        np.divide(aupr_NC, positives_NC, out=np.zeros_like(aupr_NC), where=valid_NC),
        np.divide(auroc_NC, pairs_NC, out=np.zeros_like(auroc_NC), where=valid_NC),
        valid_NC,
    )


def _blocks(columns: NDArray, positives_C: NDArray, n_proteins: int) -> Iterator[NDArray]:
    block_C = (np.cumsum(positives_C) * n_proteins) // PAIRS_AT_ONCE
    for block in np.unique(block_C):
        yield columns[block_C == block]


def _draws(n_proteins: int, draws_NB: NDArray | None) -> NDArray[np.float64]:
    return np.ones((1, n_proteins)) if draws_NB is None else np.asarray(draws_NB, np.float64)


def _or_nan(above_N: NDArray, below_N: NDArray) -> NDArray[np.float64]:
    return np.divide(above_N, below_N, out=np.full(len(below_N), np.nan), where=below_N > 0)
