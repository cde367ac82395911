"""A set of terms is judged by its columns only."""

import numpy as np
import pytest

from gofer.evaluation.term_metrics import PROTEIN_METRICS, TERM_METRICS, protein_figures, term_figures
from gofer.metrics.fmax import fmax
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import by_term, means_of_terms

ONCE = np.ones((1, 3))


def figures(scores_BC, labels_BC, unthresholded_BC=None):
    scores_BC = np.asarray(scores_BC, float)
    macro_pairs = Pairs.of_arrays(scores_BC if unthresholded_BC is None else unthresholded_BC, labels_BC)
    macro = means_of_terms(by_term(macro_pairs), ONCE, {"all": np.ones(labels_BC.shape[1], bool)})["all"]
    measured = term_figures(Pairs.of_arrays(scores_BC, labels_BC), np.ones(labels_BC.shape[1]), ONCE, macro)
    return {metric: (values_N[0], n) for metric, values_N, n in measured}


def test_figures_of_a_hand_made_case():
    scores_BC = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.4]])
    labels_BC = np.array([[True, False], [False, True], [False, False]])
    found = figures(scores_BC, labels_BC)
    assert list(found) == TERM_METRICS
    assert found["fmax"] == (fmax(scores_BC[:2], labels_BC[:2]), 2) == (1.0, 2)
    assert found["weighted_fmax"] == (1.0, 2)
    assert found["smin"] == (0.0, 2)
    for metric in ("coverage", "micro_aupr", "recall_at_10", "mrr", "macro_aupr", "macro_auroc", "proteins_mrr"):
        assert found[metric] == (1.0, 2), metric


def test_a_term_that_scores_zero_was_not_retrieved():
    labels_BC = np.array([[True, False], [False, False], [False, False]])
    found = figures(np.array([[0.0, 0.3], [0, 0], [0, 0]]), labels_BC)
    assert (found["recall_at_10"][0], found["mrr"][0], found["proteins_recall_at_10"][0]) == (0, 0, 0)


def test_recall_at_ten_looks_at_the_ten_best_of_the_set():
    scores_BC = np.tile(np.linspace(0.9, 0.1, 12), (3, 1))
    labels_BC = np.zeros((3, 12), bool)
    labels_BC[0, [0, 9, 10]] = True
    assert figures(scores_BC, labels_BC)["recall_at_10"][0] == pytest.approx(2 / 3)


def test_calibration_is_about_proteins_without_a_term_of_the_set_too():
    labels_BC = np.array([[True], [False], [False]])
    assert figures([[1 / 3], [1 / 3], [1 / 3]], labels_BC)["calibration_error"][0] == pytest.approx(0)


def test_scores_without_a_cutoff_are_only_for_the_macro_figures():
    labels_BC = np.array([[True], [False], [False]])
    found = figures(np.zeros((3, 1)), labels_BC, unthresholded_BC=np.array([[0.003], [0.002], [0.001]]))
    assert (found["fmax"][0], found["macro_auroc"][0], found["proteins_mrr"][0]) == (0, 1, 1)


def test_columns_without_a_label_or_prediction_change_nothing():
    rng = np.random.default_rng(1)
    scores_BC, labels_BC = rng.random((3, 5)), rng.random((3, 5)) < 0.5
    labels_BC[0, 0] = True
    wider = figures(np.c_[scores_BC, np.zeros((3, 4))], np.c_[labels_BC, np.zeros((3, 4), bool)])
    plain = figures(scores_BC, labels_BC)
    for metric in set(TERM_METRICS) - {"micro_aupr"}:
        assert wider[metric] == pytest.approx(plain[metric]), metric


@pytest.mark.parametrize("columns", [0, 2])
def test_a_set_that_no_protein_has_gives_nan(columns):
    found = figures(np.full((3, columns), 0.5), np.zeros((3, columns), bool))
    assert all(n == 0 for metric, (_, n) in found.items())
    assert all(np.isnan(value) for metric, (value, _) in found.items() if metric != "calibration_error")


def test_no_protein_at_all_is_no_error():
    measured = protein_figures(Pairs.of_arrays(np.zeros((0, 2)), np.zeros((0, 2), bool)), np.ones(2), np.ones((4, 0)))
    found = {metric: values_N for metric, values_N, _ in measured}
    assert list(found) == PROTEIN_METRICS
    assert all(values_N.shape == (4,) and np.isnan(values_N).all() for values_N in found.values())
