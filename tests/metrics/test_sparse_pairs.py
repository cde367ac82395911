"""Pairs give what arrays give."""

import numpy as np
import pytest

from gofer.metrics import fmax as metrics
from gofer.metrics import ranking, term_ranking
from gofer.metrics.bootstrap import Bootstrap
from gofer.metrics.generalised_zero_shot import true_ranks, true_ranks_of_pairs
from gofer.metrics.sparse_pairs import Pairs, count, micro_aupr, retrieved_terms
from gofer.metrics.term_ranking import by_term, means_of_terms

FIGURES = ["aupr_N", "auroc_N", "recall_at_10_N", "mrr_N"]


def world(seed, *, n_proteins=30, n_terms=17):
    """Scores with ties and zeros, labels of every protein, draws."""
    rng = np.random.default_rng(seed)
    scores_BC = np.where(rng.random((n_proteins, n_terms)) < 0.5, rng.integers(1, 25, (n_proteins, n_terms)) / 25, 0)
    labels_BC = rng.random((n_proteins, n_terms)) < rng.uniform(0, 0.6, n_terms)
    labels_BC[np.arange(n_proteins), rng.integers(0, n_terms - 2, n_proteins)] = True
    labels_BC[:, -2:] = [True, False]  # a term of all proteins, and one of none
    return scores_BC, labels_BC, Bootstrap(20, seed).draws(n_proteins)


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_arrays(seed):
    scores_BC, labels_BC, _ = world(seed)
    accretion_C = np.random.default_rng(seed).uniform(0, 5, labels_BC.shape[1])
    pairs = Pairs.of_arrays(scores_BC, labels_BC)
    for weights_C in (None, accretion_C):
        told, wanted = count(pairs, weights_C), metrics.count(scores_BC, labels_BC, weights_C)
        for name in ("predicted_BK", "correct_BK", "labels_B", "any_BK"):
            np.testing.assert_allclose(getattr(told, name), getattr(wanted, name), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_figures_of_order_are_those_of_arrays_in_every_resample(seed):
    scores_BC, labels_BC, draws_NB = world(seed)
    pairs = Pairs.of_arrays(scores_BC, labels_BC)
    np.testing.assert_allclose(
        micro_aupr(pairs, draws_NB), ranking.micro_aupr(scores_BC, labels_BC, draws_NB), rtol=1e-12
    )
    told, wanted = (
        retrieved_terms(pairs, draws_NB, k=4),
        ranking.retrieved_terms(scores_BC, labels_BC, draws_NB, k=4),
    )
    np.testing.assert_allclose(told.recall_N, wanted.recall_N, rtol=1e-12)
    np.testing.assert_allclose(told.mrr_N, wanted.mrr_N, rtol=1e-12)


@pytest.mark.parametrize("at_once", [1, 10**6])
@pytest.mark.parametrize("seed", range(5))
def test_every_set_of_terms_has_the_means_that_its_columns_have(seed, at_once, monkeypatch):
    monkeypatch.setattr(term_ranking, "PAIRS_AT_ONCE", at_once)
    scores_BC, labels_BC, draws_NB = world(seed)
    own_C = np.arange(labels_BC.shape[1]) % 3 == 0
    sets = {"all": np.ones(len(own_C), bool), "own": own_C, "none": np.zeros(len(own_C), bool)}
    means = means_of_terms(by_term(Pairs.of_arrays(scores_BC, labels_BC)), draws_NB, sets)
    for name, chosen_C in sets.items():
        wanted = ranking.term_means(scores_BC[:, chosen_C], labels_BC[:, chosen_C], draws_NB)
        assert means[name].n_terms == wanted.n_terms
        for figure in FIGURES:
            np.testing.assert_allclose(getattr(means[name], figure), getattr(wanted, figure), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ranks_of_true_pairs_are_those_of_arrays(seed):
    scores_BC, labels_BC, _ = world(seed)
    unseen_C = np.random.default_rng(seed).random(labels_BC.shape[1]) < 0.4
    told = true_ranks_of_pairs(Pairs.of_arrays(scores_BC, labels_BC), unseen_C)
    for name, wanted in vars(true_ranks(scores_BC, labels_BC, unseen_C)).items():
        np.testing.assert_array_equal(getattr(told, name), wanted)


def test_parts_and_choices_are_those_of_the_arrays():
    scores_BC, labels_BC, _ = world(3)
    whole = Pairs.of_arrays(scores_BC, labels_BC)
    parts = [Pairs.of_arrays(scores_BC[rows], labels_BC[rows]) for rows in (slice(0, 7), slice(7, 7), slice(7, None))]
    chosen_B, chosen_C = scores_BC[:, 0] > 0, labels_BC[0]
    told = [
        (Pairs.joined(parts, labels_BC.shape[1]), whole),
        (whole.of_proteins(chosen_B), Pairs.of_arrays(scores_BC[chosen_B], labels_BC[chosen_B])),
        (whole.of_terms(chosen_C), Pairs.of_arrays(scores_BC[:, chosen_C], labels_BC[:, chosen_C])),
    ]
    for pairs, wanted in told:
        for name, value in vars(wanted).items():
            np.testing.assert_array_equal(getattr(pairs, name), value)


def test_without_a_protein_nothing_can_be_had():
    pairs, draws_NB = Pairs.joined([], 3), np.ones((2, 0))
    means = means_of_terms(by_term(pairs), draws_NB, {"all": np.ones(3, bool)})
    assert np.isnan([micro_aupr(pairs, draws_NB), retrieved_terms(pairs, draws_NB).mrr_N, means["all"].mrr_N]).all()
    assert means["all"].n_terms == 0


def test_pairs_that_are_left_out_are_neither_predicted_nor_true():
    scores_BC, labels_BC, _ = world(1)
    row_K, column_K = np.array([0, 0, 5]), np.array([1, 15, 3])
    told = Pairs.of_arrays(scores_BC, labels_BC).without(row_K, column_K)
    scores_BC[row_K, column_K], labels_BC[row_K, column_K] = 0, False
    for name, values in vars(Pairs.of_arrays(scores_BC, labels_BC)).items():
        np.testing.assert_array_equal(getattr(told, name), values)
