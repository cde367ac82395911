"""Protein-centric metrics of the field: Fmax, weighted Fmax, Smin and coverage, equal to what `cafaeval` prints.

Precision is averaged over the proteins with a prediction at the threshold, everything else over the proteins with a
label (`-norm cafa`). Definitions: Radivojac et al. 2013, doi:10.1038/nmeth.2340 (Fmax); Clark and Radivojac 2013,
doi:10.1093/bioinformatics/btt228 (information accretion, Smin); Jiang et al. 2016, doi:10.1186/s13059-016-1037-6.

All of them are functions of a few numbers per protein and threshold, so those are counted once (`count`) and each
bootstrap resample is only a weighted sum over proteins. Settings are chosen on validation proteins by all three
together (`quality`). Shapes: B proteins, T terms (C of one aspect), P predicted pairs, L true pairs, K thresholds, N
resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.metrics.sparse_pairs import Pairs

Named = tuple[str, NDArray[np.float64], int]  # metric, its value in each resample, what n counts

THRESHOLDS = np.arange(0.01, 1, 0.01)  # .01 to .99, with exactly the rounding errors that cafaeval's thresholds have


@dataclass(frozen=True, eq=False)
class Counts:
    """What each protein has at each of `THRESHOLDS`; terms are counted as 1 or as their information accretion.

    Attributes:
        predicted_BK: Predicted terms: those whose score is at or above the threshold.
        correct_BK: Predicted terms that are labels.
        labels_B: Labels.
        any_BK: Whether a term is predicted at all, even one with information accretion 0.
    """

    predicted_BK: NDArray[np.float64]
    correct_BK: NDArray[np.float64]
    labels_B: NDArray[np.float64]
    any_BK: NDArray[np.bool_]


def count(pairs: Pairs, accretion_C: NDArray | None = None) -> Counts:
    """Count predicted and correct terms per protein and threshold.

    Args:
        pairs: Propagated, roots left out, of proteins that all have a label.
        accretion_C: Information accretion >= 0 by which to weigh the terms; None counts each as 1.
    """
    weight_P = None if accretion_C is None else np.asarray(accretion_C, np.float64)[pairs.term_P]
    weight_L = None if accretion_C is None else np.asarray(accretion_C, np.float64)[pairs.label_L]
    labels_B = np.bincount(pairs.owner_L, weight_L, minlength=pairs.n_proteins).astype(np.float64)
    return _count(pairs.protein_P, pairs.score_P, pairs.true_P, weight_P, labels_B)


def count_arrays(scores_BT: NDArray, labels_BT: NDArray[np.bool_], accretion_T: NDArray | None = None) -> Counts:
    """The same of arrays, for fits that count the same proteins many times; proteins without a label are left out.

    Args:
        scores_BT: Scores in [0, 1] of one aspect, roots left out, propagated; 0 is no prediction. Scores from a file
            must be float64, or those that equal a threshold may miss it.
        labels_BT: True labels, propagated.
        accretion_T: Information accretion >= 0 by which to weigh the terms; None counts each as 1.
    """
    return _counted(scores_BT, labels_BT, (accretion_T,))[0]


def _counted(scores_BT: NDArray, labels_BT: NDArray[np.bool_], weights: Sequence[NDArray | None]) -> list[Counts]:
    labelled_B = labels_BT.any(axis=1)
    if not labelled_B.all():
        scores_BT, labels_BT = scores_BT[labelled_B], labels_BT[labelled_B]
    protein_P, term_P = np.nonzero(scores_BT >= THRESHOLDS[0])
    score_P, true_P = scores_BT[protein_P, term_P].astype(np.float64), labels_BT[protein_P, term_P]
    counts = []
    for weight_T in weights:
        weight_P = None if weight_T is None else np.asarray(weight_T, np.float64)[term_P]
        labels_B = (labels_BT.sum(axis=1) if weight_T is None else labels_BT @ weight_T).astype(np.float64)
        counts.append(_count(protein_P, score_P, true_P, weight_P, labels_B))
    return counts


def _count(
    protein_P: NDArray[np.integer],
    score_P: NDArray[np.float64],
    true_P: NDArray[np.bool_],
    weight_P: NDArray[np.float64] | None,
    labels_B: NDArray[np.float64],
) -> Counts:
    shape = len(labels_B), len(THRESHOLDS)
    level_P = np.searchsorted(THRESHOLDS, score_P, side="right")
    cell_P = protein_P * np.int64(shape[1] + 1) + level_P
    hit_P = true_P.astype(np.float64) if weight_P is None else true_P * weight_P
    predicted_BK = _at_or_above(cell_P, weight_P, shape)
    return Counts(
        predicted_BK=predicted_BK,
        correct_BK=_at_or_above(cell_P, hit_P, shape),
        labels_B=labels_B,
        any_BK=(predicted_BK if weight_P is None else _at_or_above(cell_P, None, shape)) > 0,
    )


def _at_or_above(cell_P: NDArray, weight_P: NDArray | None, shape: tuple[int, int]) -> NDArray[np.float64]:
    # A term whose score reaches `level` thresholds counts at thresholds 0 .. level - 1.
    n_proteins, n_thresholds = shape
    totals = np.bincount(cell_P, weight_P, minlength=n_proteins * (n_thresholds + 1))
    return totals.reshape(n_proteins, n_thresholds + 1)[:, ::-1].cumsum(axis=1, dtype=np.float64)[:, ::-1][:, 1:]


def fmax(scores_BT: NDArray, labels_BT: NDArray[np.bool_]) -> float:
    """Fmax of one aspect, in [0, 1]; NaN where no protein has a label. Arguments as for `count_arrays`."""
    return float(fmax_of(count_arrays(scores_BT, labels_BT))[0])


def fmax_of(counts: Counts, draws_NB: NDArray | None = None) -> NDArray[np.float64]:
    """Fmax, or weighted Fmax where the counts are weighted, of each resample (N).

    Args:
        counts: What `count` gave.
        draws_NB: How often each protein is drawn in each resample; None is one resample with every protein once.
    """
    if not len(counts.labels_B):
        return np.full(1 if draws_NB is None else len(draws_NB), np.nan)
    return f_curve(counts, draws_NB).max(axis=1)


def f_curve(counts: Counts, draws_NB: NDArray | None = None) -> NDArray[np.float64]:
    """F at each threshold of each resample (N, K), NaN for one that drew no protein; arguments as for `fmax_of`."""
    draws_NB = _draws(counts, draws_NB)
    predicts_BK = counts.predicted_BK > 0
    precision_NK = _ratio(draws_NB @ _ratio(counts.correct_BK, counts.predicted_BK), draws_NB @ predicts_BK)
    total_N1 = draws_NB.sum(axis=1, keepdims=True)
    recall_NK = or_nan(draws_NB @ _ratio(counts.correct_BK, counts.labels_B[:, None]), total_N1)
    return np.where(total_N1 > 0, _ratio(2 * precision_NK * recall_NK, precision_NK + recall_NK), np.nan)


def smin_of(counts: Counts, draws_NB: NDArray | None = None) -> NDArray[np.float64]:
    """Smin of each resample (N): the least sqrt(ru² + mi²) over the thresholds at which something is predicted.

    ru is the mean information of the labels missed, mi that of the terms wrongly predicted; the counts must be
    weighted. Arguments as for `fmax_of`. NaN where nothing is predicted at any threshold.
    """
    if not len(counts.labels_B):
        return np.full(1 if draws_NB is None else len(draws_NB), np.nan)
    smin_N = s_curve(counts, draws_NB).min(axis=1)
    return np.where(np.isfinite(smin_N), smin_N, np.nan)


def s_curve(counts: Counts, draws_NB: NDArray | None = None) -> NDArray[np.float64]:
    """S at each threshold of each resample (N, K), inf where nothing is predicted; arguments as for `smin_of`."""
    draws_NB = _draws(counts, draws_NB)
    total_N1 = draws_NB.sum(axis=1, keepdims=True)
    missed_NK = or_nan(draws_NB @ (counts.labels_B[:, None] - counts.correct_BK), total_N1)
    wrong_NK = or_nan(draws_NB @ (counts.predicted_BK - counts.correct_BK), total_N1)
    return np.where(draws_NB @ counts.any_BK > 0, np.hypot(missed_NK, wrong_NK), np.inf)


def coverage_of(counts: Counts, draws_NB: NDArray | None = None) -> NDArray[np.float64]:
    """Share of labelled proteins with a prediction at the lowest threshold, per resample (N); NaN without proteins."""
    draws_NB = _draws(counts, draws_NB)
    if not draws_NB.size:
        return np.full(len(draws_NB), np.nan)
    return or_nan(draws_NB @ counts.any_BK[:, 0], draws_NB.sum(axis=1))


def _draws(counts: Counts, draws_NB: NDArray | None) -> NDArray[np.float64]:
    return np.ones((1, len(counts.labels_B))) if draws_NB is None else np.asarray(draws_NB, np.float64)


def or_nan(above: NDArray, below: NDArray) -> NDArray[np.float64]:
    """The quotient of the two; NaN where `below` is not above 0."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _ratio(above: NDArray, below: NDArray) -> NDArray[np.float64]:
    above = np.asarray(above, np.float64)
    return np.divide(above, below, out=np.zeros_like(above), where=np.broadcast_to(below, above.shape) > 0)


def quality(scores_BC: NDArray, labels_BC: NDArray[np.bool_], accretion_C: NDArray) -> float:
    """Higher is better; a part that is not defined counts as 0.

    Args:
        scores_BC: Scores in [0, 1], propagated.
        labels_BC: Labels, propagated.
        accretion_C: Information accretion of each term.
    """
    return quality_of(*_counted(scores_BC, labels_BC, (None, accretion_C)))


def quality_of(plain: Counts, weighted: Counts) -> float:
    """The same of what was counted, each term as 1 and as its information accretion."""
    if not len(weighted.labels_B):
        return 0.0
    nothing, smin = float(weighted.labels_B.mean()), float(smin_of(weighted)[0])
    lost = (smin if np.isfinite(smin) else nothing) / nothing if nothing > 0 else 0.0
    return float(np.nan_to_num([fmax_of(plain)[0], fmax_of(weighted)[0], -lost]).sum())
