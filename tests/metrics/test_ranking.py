"""Proteins find their terms; the AUPR over all pairs is scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics.random_pairs import once, random_scores

from gofer.metrics.ranking import found_terms, micro_aupr, retrieved_terms
from gofer.metrics.sparse_pairs import Pairs

sklearn_metrics = pytest.importorskip("sklearn.metrics")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_micro_aupr_is_scikit_learns_over_the_pairs_of_labelled_proteins(seed):
    scores_BT, labels_BT = random_scores(seed)
    labelled_B = labels_BT.any(axis=1)
    if not labelled_B.any():
        return
    scores_BT, labels_BT = scores_BT[labelled_B], labels_BT[labelled_B]
    wanted = sklearn_metrics.average_precision_score(labels_BT.ravel(), scores_BT.ravel())
    assert micro_aupr(Pairs.of_arrays(scores_BT, labels_BT), once(len(labels_BT)))[0] == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_a_protein_drawn_twice_counts_as_two_equal_rows(seed):
    scores_BT, labels_BT = random_scores(seed)
    labels_BT[:, 0] = True
    draws_B = np.random.default_rng(seed).multinomial(12, np.full(12, 1 / 12))
    pairs = Pairs.of_arrays(scores_BT, labels_BT)
    again = Pairs.of_arrays(np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0))
    assert micro_aupr(pairs, draws_B[None])[0] == pytest.approx(micro_aupr(again, once(12))[0])
    for drawn, wanted in zip(retrieved_terms(pairs, draws_B[None]), retrieved_terms(again, once(12)), strict=True):
        assert drawn == pytest.approx(wanted)


def test_proteins_find_their_terms():
    scores_BT = np.array([[0.9, 0.5, 0.5, 0.2], [0.0, 0.3, 0.2, 0.1], [0.4, 0.0, 0.1, 0.1]])
    labels_BT = np.array([[False, True, False, True], [True, False, False, False], [True, False, False, False]])
    found = found_terms(Pairs.of_arrays(scores_BT, labels_BT), k=2)
    assert found.recall_B.tolist() == [1 / 2, 0, 1]
    assert found.reciprocal_rank_B.tolist() == [1 / 2.5, 0, 1]  # a tie counts one half


def test_without_a_protein_or_a_term_there_is_no_value():
    for shape in ((0, 3), (3, 0)):
        pairs = Pairs.of_arrays(np.zeros(shape), np.zeros(shape, bool))
        draws_NB = np.ones((2, shape[0]))
        assert np.isnan([micro_aupr(pairs, draws_NB), *retrieved_terms(pairs, draws_NB)]).all()
