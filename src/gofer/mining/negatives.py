"""The candidates of one batch: each protein's positives, and the terms that it is contrasted with.

A true label (propagated) is never a negative, whether or not it is a positive, nor is a term near a stated label in the
ontology. Terms held out for zero-shot do not occur, because the vocabulary is that of training.
Shapes: B proteins, T training terms, C candidates of the batch, K places.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.mining.curriculum import Knobs

Nearest = Callable[[int], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Candidates:
    """What one batch is trained on.

    Attributes:
        term_C: Training-term rows of the candidates, increasing.
        hops_BC: Hops from the nearest stated label, -1 where the term is no positive, int16. A term that is neither a
            positive nor allowed is true of the protein or too near to a stated one: it is ignored.
        negative_BC: Whether the term is a negative of the protein.
        allowed_BC: Whether the protein may be a negative of the term (the other direction).
    """

    term_C: NDArray[np.int64]
    hops_BC: NDArray[np.int16]
    negative_BC: NDArray[np.bool_]
    allowed_BC: NDArray[np.bool_]


def choose_candidates(
    hops_BT: sp.csr_array,
    truth_BT: sp.csr_array,
    graph: GoGraph,
    knobs: Knobs,
    nearest: Nearest,
    rng: np.random.Generator,
) -> Candidates:
    """Positives and negatives of a batch.

    Args:
        hops_BT: 1 + hops at each positive (so that a stored 0 cannot be lost); nothing elsewhere.
        truth_BT: True where the term is true of the protein, the positives among them.
        graph: The ontology among the training terms, within aspects.
        knobs: The curriculum at this step.
        nearest: Given M, rows of the M training terms nearest to each protein, (B, ≤ M), -1 where there is none.
        rng: Random generator.
    """
    n_proteins, n_terms = hops_BT.shape
    stated_BT = sp.csr_array(hops_BT == 1)
    near_BT = stated_BT @ graph.ancestors_TT(knobs.hier_up) + stated_BT @ graph.descendants_TT(knobs.hier_down)
    siblings_BT = (stated_BT @ graph.parents_TT @ graph.parents_TT.T).astype(bool)  # the stated terms among them
    forbidden_BT = (near_BT.astype(bool) + truth_BT).toarray()
    chosen_BT = np.zeros((n_proteins, n_terms), bool)

    mined = round(knobs.hard_frac * knobs.k_hard)
    if mined:
        _choose_first(chosen_BT, nearest(knobs.shortlist_M), forbidden_BT, mined)
    _choose_siblings(chosen_BT, siblings_BT, forbidden_BT, knobs.k_hard, rng)
    chosen_BT[:, rng.choice(n_terms, size=min(knobs.random_k, n_terms), replace=False)] = True
    in_batch = np.flatnonzero(hops_BT.sum(axis=0))
    chosen_BT[:, in_batch] |= rng.random((n_proteins, len(in_batch))) < knobs.inbatch_easy

    chosen_BT &= ~forbidden_BT
    term_C = np.union1d(np.flatnonzero(chosen_BT.any(axis=0)), in_batch)
    return Candidates(
        term_C=term_C,
        hops_BC=(hops_BT[:, term_C].toarray() - 1).astype(np.int16),
        negative_BC=chosen_BT[:, term_C],
        allowed_BC=~forbidden_BT[:, term_C],
    )


def all_terms(hops_BT: sp.csr_array, truth_BT: sp.csr_array) -> Candidates:
    """Every training term; all that is not true of a protein is its negative. Nothing is sampled or mined.

    Args:
        hops_BT: As for `choose_candidates`.
        truth_BT: Likewise.
    """
    untrue_BT = ~truth_BT.toarray().astype(bool)
    hops_BC = (hops_BT.toarray() - 1).astype(np.int16)
    return Candidates(np.arange(hops_BT.shape[1]), hops_BC, negative_BC=untrue_BT, allowed_BC=untrue_BT)


def _choose_first(
    chosen_BT: NDArray[np.bool_], shortlist_BM: NDArray[np.int64], forbidden_BT: NDArray[np.bool_], places: int
) -> None:
    # The best allowed terms of the shortlist, up to the number of places.
    allowed_BM = ~np.take_along_axis(forbidden_BT, shortlist_BM, axis=1) & (shortlist_BM >= 0)
    taken_BM = allowed_BM & (np.cumsum(allowed_BM, axis=1) <= places)
    protein_P, place_P = np.nonzero(taken_BM)
    chosen_BT[protein_P, shortlist_BM[protein_P, place_P]] = True


def _choose_siblings(
    chosen_BT: NDArray[np.bool_],
    siblings_BT: sp.csr_array,
    forbidden_BT: NDArray[np.bool_],
    places: int,
    rng: np.random.Generator,
) -> None:
    # Siblings fill the remaining places, in random order.
    left_B = places - chosen_BT.sum(axis=1)
    for protein, left in enumerate(left_B):
        rows = siblings_BT.indices[siblings_BT.indptr[protein] : siblings_BT.indptr[protein + 1]]
        rows = rows[~forbidden_BT[protein, rows] & ~chosen_BT[protein, rows]]
        chosen_BT[protein, rng.permutation(np.sort(rows))[: max(left, 0)]] = True
