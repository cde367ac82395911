"""How well terms find their proteins, one term at a time: macro AUPR, AUROC, recall and MRR over sets of terms.

AUPR is average precision, Σ (R_k − R_{k−1}) P_k over distinct scores, without interpolation; AUROC is the chance that a
positive scores above a negative, ties counting one half. Recall and reciprocal rank are those of `ranking`, from a term
to its proteins.

The distinct scores of a term's positives divide its proteins. Every figure follows from how many proteins, drawn as
often as in a resample, score above, at or below each of them. So a term costs one sum over its scored proteins per
resample, not one per pair of a positive and a protein. Shapes: B proteins, C terms of a block, K scores of the block's
positives (distinct within a term, best first), S slots, N resamples, G sets of terms.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.metrics.ranking import PLACES
from gofer.metrics.sparse_pairs import Pairs

PAIRS_AT_ONCE = 2_000_000  # scored pairs of a block: 40 MB
LEVELS_AT_ONCE = 4_000  # distinct scores of its positives: some 6 MB per array of 200 resamples


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


class TermScores(NamedTuple):
    """One term: its column, the proteins with a score, these scores, and the proteins that have the term."""

    column: int
    protein_P: NDArray
    score_P: NDArray
    positives: NDArray


def by_term(pairs: Pairs) -> Iterator[TermScores]:
    """The pairs term by term."""
    order_P, order_L = np.argsort(pairs.term_P, kind="stable"), np.argsort(pairs.label_L, kind="stable")
    columns = np.arange(pairs.n_terms + 1)
    starts_P = np.searchsorted(pairs.term_P, columns, sorter=order_P)
    starts_L = np.searchsorted(pairs.label_L, columns, sorter=order_L)
    for column in range(pairs.n_terms):
        own_P = order_P[starts_P[column] : starts_P[column + 1]]
        own_L = order_L[starts_L[column] : starts_L[column + 1]]
        yield TermScores(column, pairs.protein_P[own_P], pairs.score_P[own_P], pairs.owner_L[own_L])


def means_of_terms(
    terms: Iterable[TermScores], draws_NB: NDArray, sets: Mapping[str, NDArray[np.bool_]]
) -> dict[str, TermMeans]:
    """Macro AUPR, AUROC, recall and MRR of each set, over its terms with at least one positive and one negative.

    Args:
        terms: Every term that has a positive, once; a protein without a score has score 0, which is no prediction.
        draws_NB: How often each protein is drawn in each resample.
        sets: By name, whether each column belongs to the set.
    """
    in_set_GC, n_resamples = np.stack(list(sets.values())), len(draws_NB)
    drawn_BN = np.ascontiguousarray(draws_NB.T, np.float32)  # sums are whole numbers, exact up to 2 ** 24
    sums_4GN, terms_GN = np.zeros((4, len(sets), n_resamples)), np.zeros((len(sets), n_resamples))
    counted_G = np.zeros(len(sets), int)
    for block in _blocks(terms, len(drawn_BN)):
        figures_4CN, valid_CN = _figures(block, drawn_BN)
        chosen_GC = in_set_GC[:, block.columns].astype(np.float64)
        sums_4GN += chosen_GC @ figures_4CN
        terms_GN += chosen_GC @ valid_CN
        counted_G += chosen_GC.sum(axis=1).astype(int)
    means_4GN = np.divide(sums_4GN, terms_GN, out=np.full(sums_4GN.shape, np.nan), where=terms_GN > 0)
    means = {}
    for place, name in enumerate(sets):
        aupr_N, auroc_N, recall_N, mrr_N = means_4GN[:, place]
        means[name] = TermMeans(aupr_N, auroc_N, recall_N, mrr_N, int(counted_G[place]))
    return means


@dataclass(frozen=True, eq=False)
class _Block:
    """Terms side by side. A term with k distinct scores of positives has slots 0 … 2k: between, and at, these scores.

    Attributes:
        columns: Column of each term, C.
        first_C: First of its scores in K.
        level_K: The scores, each term's best first.
        term_K: Place of the term of each.
        slot_P: Slot of each scored pair, counted through the block.
        protein_P: Its protein.
        level_L: Place in K of each positive's score.
        positive_L: Its protein.
    """

    columns: NDArray[np.int64]
    first_C: NDArray[np.int64]
    level_K: NDArray
    term_K: NDArray[np.int64]
    slot_P: NDArray[np.int64]
    protein_P: NDArray
    level_L: NDArray[np.int64]
    positive_L: NDArray


def _blocks(terms: Iterable[TermScores], n_proteins: int) -> Iterator[_Block]:
    score_B = np.zeros(n_proteins)
    columns: list[int] = []
    parts: list[tuple[NDArray, ...]] = []
    n_levels = n_pairs = 0
    for term in terms:
        if not 0 < len(term.positives) < n_proteins:
            continue
        score_B[term.protein_P] = term.score_P
        level_K, level_L = np.unique(-score_B[term.positives], return_inverse=True)
        score_B[term.protein_P] = 0
        above_P, reached_P = (np.searchsorted(level_K, -term.score_P, side=side) for side in ("left", "right"))
        parts.append((level_K, above_P + reached_P, term.protein_P, level_L, term.positives))
        columns.append(term.column)
        n_levels, n_pairs = n_levels + len(level_K), n_pairs + len(term.protein_P)
        if n_levels >= LEVELS_AT_ONCE or n_pairs >= PAIRS_AT_ONCE:
            yield _joined(columns, parts)
            columns, parts, n_levels, n_pairs = [], [], 0, 0
    if parts:
        yield _joined(columns, parts)


def _joined(columns: list[int], parts: list[tuple[NDArray, ...]]) -> _Block:
    levels, slots, proteins, levels_of, positives = zip(*parts, strict=True)
    sizes_C = np.array([len(level_K) for level_K in levels])
    first_C = np.cumsum(sizes_C) - sizes_C
    slot_C = 2 * first_C + np.arange(len(sizes_C))
    return _Block(
        columns=np.array(columns),
        first_C=first_C,
        level_K=-np.concatenate(levels),
        term_K=np.repeat(np.arange(len(sizes_C)), sizes_C),
        slot_P=np.concatenate([slot + first for slot, first in zip(slots, slot_C, strict=True)]),
        protein_P=np.concatenate(proteins),
        level_L=np.concatenate([level + first for level, first in zip(levels_of, first_C, strict=True)]),
        positive_L=np.concatenate(positives),
    )


def _figures(block: _Block, drawn_BN: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    # AUPR, AUROC, recall at 10 and reciprocal rank, (4, C, N), 0 where a resample lacks a positive or a negative.
    term_K, first_C = block.term_K, block.first_C
    above_KN, at_least_KN = _drawn_above(block, drawn_BN)
    positives_KN = _drawn_in(block.level_L, block.positive_L, len(block.level_K), drawn_BN).astype(np.float64)
    hits_KN = _running(positives_KN, first_C, term_K)
    positives_CN = np.add.reduceat(positives_KN, first_C, axis=0)
    negatives_CN = drawn_BN.sum(axis=0, dtype=np.float64) - positives_CN
    valid_CN = (positives_CN > 0) & (negatives_CN > 0)
    # Negatives below a score, those at it counting one half: all minus the mean of those at or above it and above it.
    below_KN = negatives_CN[term_K] - ((at_least_KN - hits_KN) + (above_KN - (hits_KN - positives_KN))) / 2
    found_KN = (positives_KN > 0) & (block.level_K > 0)[:, None]
    among_best_KN = found_KN & ((above_KN + at_least_KN + 1) / 2 <= PLACES)
    wrong_above_KN = np.where(found_KN, negatives_CN[term_K] - below_KN, np.inf)
    most_CN = np.minimum(positives_CN, PLACES)
    sums = [
        np.add.reduceat(positives_KN * hits_KN / np.maximum(at_least_KN, 1), first_C, axis=0),
        np.add.reduceat(positives_KN * below_KN, first_C, axis=0),
        # A place that a tie shares may be counted twice.
        np.minimum(np.add.reduceat(positives_KN * among_best_KN, first_C, axis=0), most_CN),
        1 / (1 + np.minimum.reduceat(wrong_above_KN, first_C, axis=0)),
    ]
    shares = [positives_CN, positives_CN * negatives_CN, most_CN, np.ones_like(positives_CN)]
    quotients = zip(sums, shares, strict=True)
    return np.stack([np.divide(a, b, out=np.zeros_like(a), where=valid_CN) for a, b in quotients]), valid_CN


def _drawn_above(block: _Block, drawn_BN: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # How many proteins a resample drew above each score, and at or above it.
    n_terms, n_levels = len(block.columns), len(block.level_K)
    slot_C = 2 * block.first_C + np.arange(n_terms)
    in_slot_SN = _drawn_in(block.slot_P, block.protein_P, 2 * n_levels + n_terms, drawn_BN)
    term_S = np.repeat(np.arange(n_terms), np.diff(np.r_[slot_C, len(in_slot_SN)]))
    upto_SN = _running(in_slot_SN, slot_C, term_S)
    at_K = 2 * np.arange(n_levels) + block.term_K + 1
    above_KN, at_least_KN = upto_SN[at_K - 1], upto_SN[at_K]
    at_least_KN[block.level_K == 0] = drawn_BN.sum(axis=0, dtype=np.float64)  # proteins without a score are here
    return above_KN, at_least_KN


def _drawn_in(group_X: NDArray, protein_X: NDArray, n_groups: int, drawn_BN: NDArray[np.float32]) -> NDArray:
    ones_X = np.ones(len(group_X), np.float32)
    return sp.csc_array((ones_X, (group_X, protein_X)), shape=(n_groups, len(drawn_BN))) @ drawn_BN


def _running(values_XN: NDArray, first_C: NDArray, term_X: NDArray) -> NDArray[np.float64]:
    # Running sums along the rows, starting again at each term; whole numbers, so exact.
    sums_XN = values_XN.cumsum(axis=0, dtype=np.float64)
    return sums_XN - (sums_XN[first_C] - values_XN[first_C])[term_X]
