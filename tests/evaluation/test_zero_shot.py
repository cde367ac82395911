"""Terms with few or no training proteins are judged by their own columns alone."""

import numpy as np
import pytest

from gofer.evaluation.metrics import fmax
from gofer.evaluation.zero_shot import score_terms

ONCE = np.ones((1, 3))


def test_figures_of_a_hand_made_case():
    scores_BC = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.4]])
    labels_BC = np.array([[True, False], [False, True], [False, False]])
    figures = score_terms(scores_BC, labels_BC, ONCE)
    assert figures.n_proteins == 2
    assert figures.fmax_N[0] == fmax(scores_BC[:2], labels_BC[:2]) == 1.0
    assert figures.recall_at_10_N[0] == 1.0
    assert figures.terms.aupr_N[0] == figures.terms.auroc_N[0] == 1.0


def test_a_term_that_scores_zero_was_not_retrieved():
    labels_BC = np.array([[True, False], [False, False], [False, False]])
    figures = score_terms(np.array([[0.0, 0.3], [0, 0], [0, 0]]), labels_BC, ONCE)
    assert figures.recall_at_10_N[0] == 0


def test_recall_at_ten_looks_at_the_ten_best_of_the_set():
    scores_BC = np.tile(np.linspace(0.9, 0.1, 12), (3, 1))
    labels_BC = np.zeros((3, 12), bool)
    labels_BC[0, [0, 9, 10]] = True
    assert score_terms(scores_BC, labels_BC, ONCE).recall_at_10_N[0] == pytest.approx(2 / 3)


def test_columns_that_nobody_has_or_predicts_change_nothing():
    rng = np.random.default_rng(1)
    scores_BC, labels_BC = rng.random((3, 5)), rng.random((3, 5)) < 0.5
    labels_BC[0, 0] = True
    wider = score_terms(np.c_[scores_BC, np.zeros((3, 4))], np.c_[labels_BC, np.zeros((3, 4), bool)], ONCE)
    plain = score_terms(scores_BC, labels_BC, ONCE)
    assert wider.fmax_N == pytest.approx(plain.fmax_N)
    assert wider.recall_at_10_N == pytest.approx(plain.recall_at_10_N)
    assert wider.terms.aupr_N == pytest.approx(plain.terms.aupr_N)


@pytest.mark.parametrize("columns", [0, 2])
def test_a_set_that_no_protein_has_gives_nan(columns):
    figures = score_terms(np.full((3, columns), 0.5), np.zeros((3, columns), bool), ONCE)
    assert figures.n_proteins == 0
    assert np.isnan([figures.fmax_N[0], figures.recall_at_10_N[0], figures.terms.aupr_N[0]]).all()
