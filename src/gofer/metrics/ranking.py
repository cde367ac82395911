"""Metrics of order: how far positives stand above negatives, over all pairs (micro), by term (macro) or by protein.

AUPR is average precision, Σ (R_k − R_{k−1}) P_k over distinct scores, without interpolation; AUROC is the chance that a
positive scores above a negative, ties counting one half. A pair without a prediction has score 0 and ties with its
like. Recall at k is the share of the positives, or of k where there are more, that are among the k best; the mean
reciprocal rank (MRR) is that of 1 / rank of the best positive (Voorhees 1999, TREC-8). Ties take their mean rank. A
pair of score 0 is never retrieved.

As in `metrics`, `draws_NB` says how often each protein is drawn in each of N bootstrap resamples (None: once, N = 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.metrics.rounding import rounded

PLACES = 10  # looked at by recall
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
        recall_at_10_N: Recall of a term's proteins among its ten best.
        mrr_N: Mean reciprocal rank of a term's best protein.
        n_terms: Terms that qualify with every protein drawn once.
    """

    aupr_N: NDArray[np.float64]
    auroc_N: NDArray[np.float64]
    recall_at_10_N: NDArray[np.float64]
    mrr_N: NDArray[np.float64]
    n_terms: int


def term_means(scores_BT: NDArray, labels_BT: NDArray[np.bool_], draws_NB: NDArray | None = None) -> TermMeans:
    """Macro AUPR, AUROC, recall and MRR over the columns with at least one positive and one negative.

    Every positive is compared with every protein once; a resample is then a product with `draws_NB`.

    Args:
        scores_BT: Scores; 0 is no prediction.
        labels_BT: True labels, propagated.
        draws_NB: How often each protein is drawn in each resample.
    """
    draws_NB = _draws(len(scores_BT), draws_NB)
    positives_T = labels_BT.sum(axis=0)
    columns = np.flatnonzero((positives_T > 0) & (positives_T < len(labels_BT)))
    sums_4N, terms_N = np.zeros((4, len(draws_NB))), np.zeros(len(draws_NB))
    for block in _blocks(columns, positives_T[columns], len(scores_BT)):
        figures_4NC, valid_NC = _per_term(scores_BT[:, block], labels_BT[:, block], draws_NB)
        sums_4N += figures_4NC.sum(axis=2)
        terms_N += valid_NC.sum(axis=1)
    aupr_N, auroc_N, recall_N, mrr_N = (_or_nan(sum_N, terms_N) for sum_N in sums_4N)
    return TermMeans(aupr_N, auroc_N, recall_N, mrr_N, len(columns))


def _per_term(
    scores_BC: NDArray, labels_BC: NDArray[np.bool_], draws_NB: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    # AUPR, AUROC, recall at 10 and reciprocal rank, (4, N, C), 0 where a resample lacks a positive or a negative.
    term_P, protein_P = np.nonzero(labels_BC.T)  # the positives, grouped by term
    starts = np.searchsorted(term_P, np.arange(labels_BC.shape[1]))
    scores_PB, labels_PB = scores_BC.T[term_P], labels_BC.T[term_P]
    own_P1 = scores_BC[protein_P, term_P][:, None]
    at_least_NP = draws_NB @ (scores_PB >= own_P1).T
    above_NP = draws_NB @ (scores_PB > own_P1).T
    hits_NP = draws_NB @ ((scores_PB >= own_P1) & labels_PB).T
    below_NP = draws_NB @ (((scores_PB < own_P1) + 0.5 * (scores_PB == own_P1)) * ~labels_PB).T
    drawn_NP = draws_NB[:, protein_P]
    positives_NC = np.add.reduceat(drawn_NP, starts, axis=1)
    negatives_NC = draws_NB.sum(axis=1, keepdims=True) - positives_NC
    valid_NC = (positives_NC > 0) & (negatives_NC > 0)
    found_NP = (drawn_NP > 0) & (own_P1[:, 0] > 0)
    among_best_NP = found_NP & ((above_NP + at_least_NP + 1) / 2 <= PLACES)
    wrong_above_NP = np.where(found_NP, negatives_NC[:, term_P] - below_NP, np.inf)
    sums = [
        np.add.reduceat(drawn_NP * hits_NP / np.maximum(at_least_NP, 1), starts, axis=1),
        np.add.reduceat(drawn_NP * below_NP, starts, axis=1),
        np.add.reduceat(drawn_NP * among_best_NP, starts, axis=1),
        1 / (1 + np.minimum.reduceat(wrong_above_NP, starts, axis=1)),
    ]
    most_NC = np.minimum(positives_NC, PLACES)
    sums[2] = np.minimum(sums[2], most_NC)  # a place that a tie shares may be counted twice
    shares = [positives_NC, positives_NC * negatives_NC, most_NC, np.ones_like(positives_NC)]
    pairs = zip(sums, shares, strict=True)
    return np.stack([np.divide(a, b, out=np.zeros_like(a), where=valid_NC) for a, b in pairs]), valid_NC


@dataclass(frozen=True)
class RetrievedTerms:
    """How well proteins find their terms, one value per resample; NaN without a protein.

    Attributes:
        recall_N: Recall at k, mean over proteins.
        mrr_N: Mean reciprocal rank of a protein's best true term.
    """

    recall_N: NDArray[np.float64]
    mrr_N: NDArray[np.float64]


def retrieved_terms(
    scores_BC: NDArray, labels_BC: NDArray[np.bool_], draws_NB: NDArray, *, k: int = PLACES
) -> RetrievedTerms:
    """Recall at k and MRR from a protein to its terms; every protein has a label.

    Args:
        scores_BC: Scores; 0 is no prediction.
        labels_BC: True labels, propagated.
        draws_NB: How often each protein is drawn in each resample.
        k: Places that are looked at; of terms that tie, those of lower columns stand first.
    """
    if not labels_BC.size:
        return RetrievedTerms(np.full(len(draws_NB), np.nan), np.full(len(draws_NB), np.nan))
    used_C = labels_BC.any(axis=0) | (scores_BC > 0).any(axis=0)  # sorting the others is most of the time
    scores_BC, labels_BC = scores_BC[:, used_C], labels_BC[:, used_C]
    hit_BC = labels_BC & (scores_BC > 0)
    best_BK = np.argsort(-scores_BC, axis=1, kind="stable")[:, :k]
    recall_B = np.take_along_axis(hit_BC, best_BK, axis=1).sum(axis=1) / np.minimum(labels_BC.sum(axis=1), k)
    top_B1 = np.where(hit_BC, scores_BC, 0).max(axis=1, keepdims=True)
    wrong_above_B = (~labels_BC & (scores_BC > top_B1)).sum(axis=1)
    wrong_beside_B = (~labels_BC & (scores_BC == top_B1)).sum(axis=1)
    rank_B = np.where(top_B1[:, 0] > 0, 1 + wrong_above_B + wrong_beside_B / 2, np.inf)
    total_N = draws_NB.sum(axis=1)
    return RetrievedTerms(_or_nan(draws_NB @ recall_B, total_N), _or_nan(draws_NB @ (1 / rank_B), total_N))


def _blocks(columns: NDArray, positives_C: NDArray, n_proteins: int) -> Iterator[NDArray]:
    block_C = (np.cumsum(positives_C) * n_proteins) // PAIRS_AT_ONCE
    for block in np.unique(block_C):
        yield columns[block_C == block]


def _draws(n_proteins: int, draws_NB: NDArray | None) -> NDArray[np.float64]:
    return np.ones((1, n_proteins)) if draws_NB is None else np.asarray(draws_NB, np.float64)


def _or_nan(above_N: NDArray, below_N: NDArray) -> NDArray[np.float64]:
    return np.divide(above_N, below_N, out=np.full(len(below_N), np.nan), where=below_N > 0)
