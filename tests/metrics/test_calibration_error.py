"""Scores that equal the share of true pairs have no calibration error, and others have one."""

import numpy as np
import pytest

from gofer.metrics.calibration_error import reliability as of_pairs
from gofer.metrics.sparse_pairs import Pairs


def reliability(scores_BC, labels_BC, draws_NB, **more):
    return of_pairs(Pairs.of_arrays(scores_BC, labels_BC), draws_NB, **more)


def once(n_proteins):
    return np.ones((1, n_proteins))


def test_calibrated_scores_have_nearly_no_error():
    rng = np.random.default_rng(1)
    scores_BC = rng.uniform(0.01, 1, (300, 200))
    labels_BC = rng.random((300, 200)) < scores_BC
    assert reliability(scores_BC, labels_BC, once(300)).error_N[0] < 0.01
    assert reliability(np.sqrt(scores_BC), labels_BC, once(300)).error_N[0] == pytest.approx(2 / 3 - 1 / 2, abs=0.02)


def test_a_hand_made_case():
    scores_BC = np.array([[0.2, 0.2, 0.0], [0.2, 0.2, 0.9]])
    labels_BC = np.array([[True, False, True], [False, False, True]])
    found = reliability(scores_BC, labels_BC, once(2), n_bins=2)
    assert found.pairs_NU[0].tolist() == [4, 1]  # equal scores stay together
    assert found.share_NU[0].tolist() == [0.25, 1.0]
    assert found.score_NU[0] == pytest.approx([0.2, 0.9])
    assert found.error_N[0] == pytest.approx(0.8 * 0.05 + 0.2 * 0.1)


def test_bins_hold_about_as_many_pairs_each():
    scores_BC = np.random.default_rng(2).permutation(np.arange(1, 401) / 401).reshape(20, 20) ** 4
    found = reliability(scores_BC, scores_BC > 0.5, once(20))
    assert found.pairs_NU[0].tolist() == [40] * 10
    assert (np.diff(found.score_NU[0]) > 0).all()


def test_pairs_that_are_not_predicted_do_not_count():
    scores_BC = np.array([[0.5, 0.0], [0.5, 0.0]])
    labels_BC = np.array([[True, True], [False, True]])
    assert reliability(scores_BC, labels_BC, once(2)).error_N[0] == 0
    assert np.isnan(reliability(np.zeros((2, 2)), labels_BC, once(2)).error_N[0])
    assert np.isnan(reliability(np.zeros((0, 2)), np.zeros((0, 2), bool), np.ones((3, 0))).error_N).all()


def test_a_protein_drawn_twice_counts_twice():
    scores_BC = np.array([[0.5, 0.25], [0.5, 0.25]])
    labels_BC = np.array([[True, True], [False, False]])
    errors_N = reliability(scores_BC, labels_BC, np.array([[1, 1], [2, 0]])).error_N
    assert errors_N == pytest.approx([0.125, 0.625])
