"""Predictions and labels of one aspect as lists of protein-term pairs, and the figures of proteins that they give.

A protein is predicted to have some hundred of the 45,000 terms, and has some dozens: an array of proteins × terms would
be nearly all zeros, and 20,000 proteins would not fit into memory. What is counted is what `metrics` and `ranking`
count in arrays. Shapes: B proteins, C terms, P predicted pairs, L true pairs, N resamples; `draws_NB` as in `metrics`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.metrics.fmax import THRESHOLDS, Counts
from gofer.metrics.ranking import PLACES, RetrievedTerms
from gofer.metrics.rounding import rounded


@dataclass(frozen=True, eq=False)
class Pairs:
    """Predicted and true pairs.

    Attributes:
        n_proteins: Proteins, B.
        n_terms: Terms, C.
        protein_P: Row of the protein of each predicted pair: the pairs of a protein stand together, its best first, of
            equal ones that of the lower column first.
        term_P: Column of its term.
        score_P: Its score in (0, 1].
        true_P: Whether it is true.
        owner_L: Row of the protein of each true pair, predicted or not, increasing.
        label_L: Column of its term, increasing within a protein.
    """

    n_proteins: int
    n_terms: int
    protein_P: NDArray[np.int32]
    term_P: NDArray[np.int32]
    score_P: NDArray[np.float64]
    true_P: NDArray[np.bool_]
    owner_L: NDArray[np.int32]
    label_L: NDArray[np.int32]

    @classmethod
    def of_arrays(cls, scores_BC: NDArray, labels_BC: NDArray[np.bool_]) -> "Pairs":
        """The pairs of arrays.

        Args:
            scores_BC: Scores in [0, 1]; 0 is no prediction. Those from a file must be float64, or those that equal a
                threshold may miss it.
            labels_BC: True labels.
        """
        rows, columns = np.nonzero(scores_BC > 0)
        scores = np.asarray(scores_BC[rows, columns], np.float64)
        order = np.lexsort((-scores, rows))
        protein_P, term_P = rows[order].astype(np.int32), columns[order].astype(np.int32)
        owner_L, label_L = (places.astype(np.int32) for places in np.nonzero(labels_BC))
        true_P, (n_proteins, n_terms) = labels_BC[protein_P, term_P], labels_BC.shape
        return cls(n_proteins, n_terms, protein_P, term_P, scores[order], true_P, owner_L, label_L)

    @classmethod
    def joined(cls, parts: Iterable["Pairs"], n_terms: int) -> "Pairs":
        """The parts' proteins one below the other.

        Args:
            parts: Pairs of the same terms; maybe none.
            n_terms: Number of those.
        """
        own = [cls.of_arrays(np.zeros((0, n_terms)), np.zeros((0, n_terms), bool)), *parts]
        first = np.cumsum([0, *(part.n_proteins for part in own)]).astype(np.int32)
        return cls(
            int(first[-1]),
            n_terms,
            np.concatenate([part.protein_P + before for part, before in zip(own, first[:-1], strict=True)]),
            np.concatenate([part.term_P for part in own]),
            np.concatenate([part.score_P for part in own]),
            np.concatenate([part.true_P for part in own]),
            np.concatenate([part.owner_L + before for part, before in zip(own, first[:-1], strict=True)]),
            np.concatenate([part.label_L for part in own]),
        )

    @property
    def labels_B(self) -> NDArray[np.int64]:
        """True terms of each protein."""
        return np.bincount(self.owner_L, minlength=self.n_proteins)

    def of_terms(self, chosen_C: NDArray[np.bool_]) -> "Pairs":
        """The pairs of some terms alone; columns are counted anew."""
        place_C = (np.cumsum(chosen_C) - 1).astype(np.int32)
        kept_P, kept_L = chosen_C[self.term_P], chosen_C[self.label_L]
        return self._kept(
            self.n_proteins, int(chosen_C.sum()), kept_P, kept_L,
            (self.protein_P[kept_P], place_C[self.term_P[kept_P]], self.owner_L[kept_L], place_C[self.label_L[kept_L]]),
        )  # fmt: skip

    def of_proteins(self, chosen_B: NDArray[np.bool_]) -> "Pairs":
        """The pairs of some proteins alone; rows are counted anew."""
        place_B = (np.cumsum(chosen_B) - 1).astype(np.int32)
        kept_P, kept_L = chosen_B[self.protein_P], chosen_B[self.owner_L]
        return self._kept(
            int(chosen_B.sum()), self.n_terms, kept_P, kept_L,
            (place_B[self.protein_P[kept_P]], self.term_P[kept_P], place_B[self.owner_L[kept_L]], self.label_L[kept_L]),
        )  # fmt: skip

    def without(self, protein_K: NDArray[np.int64], term_K: NDArray[np.int64]) -> "Pairs":
        """The same without some pairs, predicted or true; rows and columns stay.

        Args:
            protein_K: Rows of the proteins of K pairs.
            term_K: Columns of their terms.
        """
        left_out = protein_K * np.int64(self.n_terms) + term_K
        kept_P, kept_L = (
            ~np.isin(proteins * np.int64(self.n_terms) + terms, left_out)
            for proteins, terms in ((self.protein_P, self.term_P), (self.owner_L, self.label_L))
        )
        rows = self.protein_P[kept_P], self.term_P[kept_P], self.owner_L[kept_L], self.label_L[kept_L]
        return self._kept(self.n_proteins, self.n_terms, kept_P, kept_L, rows)

    def _kept(
        self, n_proteins: int, n_terms: int, kept_P: NDArray, kept_L: NDArray, rows: tuple[NDArray[np.int32], ...]
    ) -> "Pairs":
        protein_P, term_P, owner_L, label_L = rows
        return Pairs(
            n_proteins, n_terms, protein_P, term_P, self.score_P[kept_P], self.true_P[kept_P], owner_L, label_L
        )


def count(pairs: Pairs, accretion_C: NDArray | None = None) -> Counts:
    """What `metrics.count` counts at its thresholds, of proteins that all have a label.

    Args:
        pairs: Propagated, roots left out.
        accretion_C: Information accretion >= 0 by which to weigh the terms; None counts each as 1.
    """
    shape = pairs.n_proteins, len(THRESHOLDS)
    level_P = np.searchsorted(THRESHOLDS, pairs.score_P, side="right")
    cell_P = pairs.protein_P * np.int64(shape[1] + 1) + level_P
    weight_P = None if accretion_C is None else np.asarray(accretion_C, np.float64)[pairs.term_P]
    hit_P = pairs.true_P.astype(np.float64) if weight_P is None else pairs.true_P * weight_P
    weight_L = None if accretion_C is None else np.asarray(accretion_C, np.float64)[pairs.label_L]
    predicted_BK = _at_or_above(cell_P, weight_P, shape)
    return Counts(
        thresholds_K=THRESHOLDS,
        predicted_BK=predicted_BK,
        correct_BK=_at_or_above(cell_P, hit_P, shape),
        labels_B=np.bincount(pairs.owner_L, weight_L, minlength=shape[0]).astype(np.float64),
        any_BK=(predicted_BK if weight_P is None else _at_or_above(cell_P, None, shape)) > 0,
    )


def _at_or_above(cell_P: NDArray, weight_P: NDArray | None, shape: tuple[int, int]) -> NDArray[np.float64]:
    # A term whose score reaches `level` thresholds counts at thresholds 0 .. level - 1.
    n_proteins, n_thresholds = shape
    totals = np.bincount(cell_P, weight_P, minlength=n_proteins * (n_thresholds + 1))
    return totals.reshape(n_proteins, n_thresholds + 1)[:, ::-1].cumsum(axis=1, dtype=np.float64)[:, ::-1][:, 1:]


def micro_aupr(pairs: Pairs, draws_NB: NDArray) -> NDArray[np.float64]:
    """Average precision over all pairs of proteins that all have a label, those not predicted at score 0; (N).

    Scores are taken at the three significant figures that a CAFA file has, so that at most some thousand distinct ones
    are there and a resample is a weighted sum of per-protein counts.
    """
    levels, level_P = np.unique(-rounded(pairs.score_P), return_inverse=True)  # best first
    shape = pairs.n_proteins, len(levels)
    places = pairs.protein_P, level_P.astype(np.int32)
    pairs_BU = sp.csr_array((np.ones(len(level_P)), places), shape=shape)
    hits_BU = sp.csr_array((pairs.true_P.astype(np.float64), places), shape=shape)
    pairs_NU = np.column_stack([draws_NB @ pairs_BU, pairs.n_terms * draws_NB.sum(axis=1)])
    hits_NU = np.column_stack([draws_NB @ hits_BU, draws_NB @ pairs.labels_B.astype(np.float64)])
    for told_NU in (pairs_NU, hits_NU):
        told_NU[:, -1] -= told_NU[:, :-1].sum(axis=1)  # the last level is score 0
    precision_NU = hits_NU.cumsum(axis=1) / np.maximum(pairs_NU.cumsum(axis=1), 1)
    return _or_nan((hits_NU * precision_NU).sum(axis=1), hits_NU.sum(axis=1))


def retrieved_terms(pairs: Pairs, draws_NB: NDArray, *, k: int = PLACES) -> RetrievedTerms:
    """Recall at k and MRR from a protein to its terms, as `ranking.retrieved_terms`; every protein has a label.

    Args:
        pairs: Predicted and true.
        draws_NB: How often each protein is drawn in each resample.
        k: Places that are looked at; of terms that tie, those of lower columns stand first.
    """
    n_proteins, hits = pairs.n_proteins, np.flatnonzero(pairs.true_P)
    if not n_proteins or not pairs.n_terms:
        return RetrievedTerms(np.full(len(draws_NB), np.nan), np.full(len(draws_NB), np.nan))
    first_B = np.searchsorted(pairs.protein_P, np.arange(n_proteins))
    found_B = np.bincount(pairs.protein_P[hits[hits - first_B[pairs.protein_P[hits]] < k]], minlength=n_proteins)
    top_B = np.zeros(n_proteins)
    has_hit, first = np.unique(pairs.protein_P[hits], return_index=True)
    top_B[has_hit] = pairs.score_P[hits[first]]
    top_P, wrong_P = top_B[pairs.protein_P], ~pairs.true_P
    above_B, beside_B = (
        np.bincount(pairs.protein_P[wrong_P & held_P], minlength=n_proteins)
        for held_P in (pairs.score_P > top_P, pairs.score_P == top_P)
    )
    rank_B = np.where(top_B > 0, 1 + above_B + beside_B / 2, np.inf)
    recall_B, total_N = found_B / np.minimum(pairs.labels_B, k), draws_NB.sum(axis=1)
    return RetrievedTerms(_or_nan(draws_NB @ recall_B, total_N), _or_nan(draws_NB @ (1 / rank_B), total_N))


def _or_nan(above_N: NDArray, below_N: NDArray) -> NDArray[np.float64]:
    return np.divide(above_N, below_N, out=np.full(len(below_N), np.nan), where=below_N > 0)
