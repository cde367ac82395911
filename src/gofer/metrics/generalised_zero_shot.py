"""Generalised zero-shot retrieval: how do a protein's unseen terms rank among all terms, seen ones included?

Seen terms are common and therefore score high, so an unseen term that ranks first among the unseen may still rank
behind hundreds of seen ones. Xian et al. 2018 (doi:10.1109/TPAMI.2018.2857768) therefore rank among all classes, and
report seen, unseen and their harmonic mean. Here each true term is ranked among the terms of its aspect that are wrong
for the protein, so that true terms do not push each other down (filtered ranks; Bordes et al. 2013, NIPS). Shapes: B
proteins, C terms of one aspect, P true protein-term pairs, N resamples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.metrics.fmax import Named
from gofer.metrics.sparse_pairs import Pairs

SEEN, UNSEEN, HARMONIC, UNSEEN_ONLY = "seen_among_all", "unseen_among_all", "harmonic_mean", "unseen_among_unseen"
SETTINGS = [SEEN, UNSEEN, HARMONIC, UNSEEN_ONLY]
RANK_METRICS = ["hits_at_10", "hits_at_100", "rank_mrr", "rank_auroc"]
RANK_COLUMNS = ["protein_id", "go_id", "above_seen", "above_unseen", "scored"]


@dataclass(frozen=True, eq=False)
class TrueRanks:
    """Rank of each true pair among its protein's wrong terms.

    Attributes:
        protein_P: Row of the protein.
        term_P: Column of the term.
        above_seen_P: Wrong seen terms that score higher, ties counting one half.
        above_unseen_P: Wrong unseen terms that do.
        scored_P: Whether the pair scores above 0: one that does not was not retrieved.
    """

    protein_P: NDArray[np.integer]
    term_P: NDArray[np.integer]
    above_seen_P: NDArray[np.float64]
    above_unseen_P: NDArray[np.float64]
    scored_P: NDArray[np.bool_]


def true_ranks(pairs: Pairs, unseen_C: NDArray[np.bool_]) -> TrueRanks:
    """Rank every true pair; what is not predicted has score 0.

    Args:
        pairs: Predicted and true pairs of all terms of an aspect but the root.
        unseen_C: Terms without a training protein.
    """
    protein_P, term_P, rows = pairs.owner_L, pairs.label_L, np.arange(pairs.n_proteins + 1)
    starts_L, starts_P = np.searchsorted(protein_P, rows), np.searchsorted(pairs.protein_P, rows)
    above_2P, score_L, score_C = np.zeros((2, len(protein_P))), np.zeros(len(protein_P)), np.zeros(pairs.n_terms)
    for row in range(pairs.n_proteins):
        labels, predicted = slice(starts_L[row], starts_L[row + 1]), slice(starts_P[row], starts_P[row + 1])
        columns, wrong_P = pairs.term_P[predicted], ~pairs.true_P[predicted]
        score_C[columns] = pairs.score_P[predicted]
        score_L[labels] = score_C[term_P[labels]]
        for side, of_side_C in enumerate((~unseen_C, unseen_C)):
            wrong = score_C[columns[wrong_P & of_side_C[columns]]]
            unscored = of_side_C.sum() - of_side_C[term_P[labels]].sum() - len(wrong)
            above_2P[side, labels] = _above(score_L[labels], wrong) + np.where(score_L[labels] > 0, 0, unscored / 2)
        score_C[columns] = 0
    return TrueRanks(protein_P, term_P, above_2P[0], above_2P[1], score_L > 0)


def _above(right: NDArray, wrong: NDArray) -> NDArray[np.float64]:
    # How many of the wrong terms score higher than each true one, ties counting one half.
    wrong = np.sort(wrong)
    not_above, below = (np.searchsorted(wrong, right, side=side) for side in ("right", "left"))
    return len(wrong) - (not_above + below) / 2


def as_table(ranks: TrueRanks, protein_ids: list[str], go_ids: list[str]) -> pd.DataFrame:
    """The ranks with ids for rows and columns: `RANK_COLUMNS`."""
    names = np.asarray(protein_ids, object)[ranks.protein_P], np.asarray(go_ids, object)[ranks.term_P]
    columns = [*names, ranks.above_seen_P, ranks.above_unseen_P, ranks.scored_P]
    return pd.DataFrame(dict(zip(RANK_COLUMNS, columns, strict=True)))


def from_table(table: pd.DataFrame, protein_ids: pd.Index, go_ids: pd.Index) -> TrueRanks:
    """The inverse of `as_table`; rows of other proteins and terms are left out."""
    protein_P, term_P = protein_ids.get_indexer(table["protein_id"]), go_ids.get_indexer(table["go_id"])
    known = (protein_P >= 0) & (term_P >= 0)
    seen, unseen = (table[name].to_numpy(float)[known] for name in ("above_seen", "above_unseen"))
    return TrueRanks(protein_P[known], term_P[known], seen, unseen, table["scored"].to_numpy(bool)[known])


def generalised_figures(
    ranks: TrueRanks, unseen_C: NDArray[np.bool_], draws_NB: NDArray
) -> Iterator[tuple[str, Named]]:
    """Each of `RANK_METRICS` in each of `SETTINGS`, mean over the proteins that have such a term.

    hits_at_k is the share of a protein's true terms with fewer than k wrong terms above them, rank_mrr the mean of
    1 / rank over them, rank_auroc the share of the wrong terms below them. The harmonic mean is that of
    seen and unseen among all terms.

    Args:
        ranks: Of every true pair.
        unseen_C: Terms without a training protein.
        draws_NB: How often each protein is drawn in each resample.

    Yields:
        setting, and (metric, its values, number of proteins).
    """
    unseen_P = unseen_C[ranks.term_P]
    above_P = ranks.above_seen_P + ranks.above_unseen_P
    wrong_seen_B, wrong_unseen_B = (
        of_C.sum() - np.bincount(ranks.protein_P[of_C[ranks.term_P]], minlength=draws_NB.shape[1])
        for of_C in (~unseen_C, unseen_C)
    )
    wrong_P = (wrong_seen_B + wrong_unseen_B)[ranks.protein_P]
    figures = {
        SEEN: _means(ranks, ~unseen_P, above_P, wrong_P, draws_NB),
        UNSEEN: _means(ranks, unseen_P, above_P, wrong_P, draws_NB),
        UNSEEN_ONLY: _means(ranks, unseen_P, ranks.above_unseen_P, wrong_unseen_B[ranks.protein_P], draws_NB),
    }
    figures[HARMONIC] = [
        (metric, _harmonic(seen_N, unseen_N), min(n_seen, n_unseen))
        for (metric, seen_N, n_seen), (_, unseen_N, n_unseen) in zip(figures[SEEN], figures[UNSEEN], strict=True)
    ]
    for setting in SETTINGS:
        yield from ((setting, figure) for figure in figures[setting])


def _means(
    ranks: TrueRanks, chosen_P: NDArray[np.bool_], above_P: NDArray, wrong_P: NDArray, draws_NB: NDArray
) -> list[Named]:
    rank_P = np.where(ranks.scored_P, 1 + above_P, np.inf)[chosen_P]
    behind_P = 1 - np.divide(above_P, wrong_P, out=np.full(len(above_P), 0.5), where=wrong_P > 0)[chosen_P]
    protein_P, n_proteins = ranks.protein_P[chosen_P], draws_NB.shape[1]
    count_B = np.bincount(protein_P, minlength=n_proteins)
    has_N = draws_NB @ (count_B > 0)
    figures = []
    for metric, value_P in zip(RANK_METRICS, (rank_P <= 10, rank_P <= 100, 1 / rank_P, behind_P), strict=True):
        mean_B = np.bincount(protein_P, value_P, minlength=n_proteins) / np.maximum(count_B, 1)
        mean_N = np.divide(draws_NB @ mean_B, has_N, out=np.full(len(has_N), np.nan), where=has_N > 0)
        figures.append((metric, mean_N, int((count_B > 0).sum())))
    return figures


def _harmonic(one_N: NDArray, other_N: NDArray) -> NDArray[np.float64]:
    sum_N = one_N + other_N
    return np.where(np.isnan(sum_N), np.nan, 2 * one_N * other_N / np.where(sum_N > 0, sum_N, 1))
