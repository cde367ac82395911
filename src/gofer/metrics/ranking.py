"""How well proteins find their terms: over all protein-term pairs (micro AUPR), and protein by protein (recall, MRR).

AUPR is average precision, Σ (R_k − R_{k−1}) P_k over distinct scores, without interpolation. Recall at k is the share
of a protein's terms, or of k where it has more, that are among its k best; the mean reciprocal rank (MRR) is the mean
of 1 / rank of its best true term (Voorhees 1999, TREC-8), where ties take their mean rank. A pair without a prediction
has score 0; it ties with the others of score 0 and is never retrieved. `term_ranking` has the
metrics of terms, one by one.

Shapes: B proteins, N resamples; `draws_NB` says how often each protein is drawn in each resample.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.metrics.fmax import or_nan
from gofer.metrics.rounding import rounded
from gofer.metrics.sparse_pairs import Pairs

PLACES = 10  # looked at by recall


class FoundTerms(NamedTuple):
    """How well each protein finds its terms.

    Attributes:
        recall_B: Recall at k.
        reciprocal_rank_B: 1 / rank of the best true term; 0 where none is retrieved.
    """

    recall_B: NDArray[np.float64]
    reciprocal_rank_B: NDArray[np.float64]


class RetrievedTerms(NamedTuple):
    """How well proteins find their terms, one value per resample; NaN without a protein.

    Attributes:
        recall_N: Mean recall at k.
        mrr_N: Mean reciprocal rank of the best true term.
    """

    recall_N: NDArray[np.float64]
    mrr_N: NDArray[np.float64]


def micro_aupr(pairs: Pairs, draws_NB: NDArray) -> NDArray[np.float64]:
    """Average precision over all pairs of proteins that all have a label, those not predicted at score 0; (N).

    Scores are rounded to the three significant figures that a CAFA file has. So there are a few thousand distinct ones
    at most, and a resample is a weighted sum of counts per protein.
    """
    levels, level_P = np.unique(-rounded(pairs.score_P), return_inverse=True)  # best first
    shape = pairs.n_proteins, len(levels)
    places = pairs.protein_P, level_P.astype(np.int32)
    pairs_BU = sp.csr_array((np.ones(len(level_P)), places), shape=shape)
    hits_BU = sp.csr_array((pairs.true_P.astype(np.float64), places), shape=shape)
    pairs_NU = np.column_stack([draws_NB @ pairs_BU, pairs.n_terms * draws_NB.sum(axis=1)])
    hits_NU = np.column_stack([draws_NB @ hits_BU, draws_NB @ pairs.labels_B.astype(np.float64)])
    for count_NU in (pairs_NU, hits_NU):
        count_NU[:, -1] -= count_NU[:, :-1].sum(axis=1)  # the last level is score 0
    precision_NU = hits_NU.cumsum(axis=1) / np.maximum(pairs_NU.cumsum(axis=1), 1)
    return or_nan((hits_NU * precision_NU).sum(axis=1), hits_NU.sum(axis=1))


def found_terms(pairs: Pairs, *, k: int = PLACES) -> FoundTerms:
    """Recall at k and reciprocal rank of each protein.

    Args:
        pairs: Predicted and true; every protein has a label.
        k: Places that are looked at; of terms that tie, lower columns come first.
    """
    n_proteins, hits = pairs.n_proteins, np.flatnonzero(pairs.true_P)
    first_B = np.searchsorted(pairs.protein_P, np.arange(n_proteins))
    found_B = np.bincount(pairs.protein_P[hits[hits - first_B[pairs.protein_P[hits]] < k]], minlength=n_proteins)
    top_B = np.zeros(n_proteins)
    has_hit, first = np.unique(pairs.protein_P[hits], return_index=True)
    top_B[has_hit] = pairs.score_P[hits[first]]
    top_P, wrong_P = top_B[pairs.protein_P], ~pairs.true_P
    above_B, tied_B = (
        np.bincount(pairs.protein_P[wrong_P & held_P], minlength=n_proteins)
        for held_P in (pairs.score_P > top_P, pairs.score_P == top_P)
    )
    rank_B = np.where(top_B > 0, 1 + above_B + tied_B / 2, np.inf)
    return FoundTerms(found_B / np.minimum(pairs.labels_B, k), 1 / rank_B)


def retrieved_terms(pairs: Pairs, draws_NB: NDArray, *, k: int = PLACES) -> RetrievedTerms:
    """Recall at k and MRR from a protein to its terms, per resample; arguments as for `found_terms`."""
    if not pairs.n_proteins or not pairs.n_terms:
        return RetrievedTerms(np.full(len(draws_NB), np.nan), np.full(len(draws_NB), np.nan))
    total_N = draws_NB.sum(axis=1)
    recall_N, mrr_N = (or_nan(draws_NB @ value_B, total_N) for value_B in found_terms(pairs, k=k))
    return RetrievedTerms(recall_N, mrr_N)
