"""Terms find their proteins: average precision and AUROC are scikit-learn's, the rest is counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics.random_pairs import once, random_scores

from gofer.metrics import term_ranking
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import by_term, means_of_terms

sklearn_metrics = pytest.importorskip("sklearn.metrics")
FIGURES = ["aupr_N", "auroc_N", "recall_at_10_N", "mrr_N"]


def term_means(scores_BT, labels_BT, draws_NB=None):
    """Means over all terms."""
    every = {"all": np.ones(labels_BT.shape[1], bool)}
    draws_NB = once(len(labels_BT)) if draws_NB is None else draws_NB
    return means_of_terms(by_term(Pairs.of_arrays(scores_BT, labels_BT)), draws_NB, every)["all"]


def by_scikit_learn(scores_BT, labels_BT):
    columns = [c for c in range(labels_BT.shape[1]) if 0 < labels_BT[:, c].sum() < len(labels_BT)]
    aupr = [sklearn_metrics.average_precision_score(labels_BT[:, c], scores_BT[:, c]) for c in columns]
    auroc = [sklearn_metrics.roc_auc_score(labels_BT[:, c], scores_BT[:, c]) for c in columns]
    return np.mean(aupr), np.mean(auroc), len(columns)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_macro_figures_are_means_of_scikit_learns(seed):
    scores_BT, labels_BT = random_scores(seed)
    if not labels_BT.any():
        return
    aupr, auroc, n_terms = by_scikit_learn(scores_BT, labels_BT)
    means = term_means(scores_BT, labels_BT)
    assert means.n_terms == n_terms
    assert means.aupr_N[0] == pytest.approx(aupr)
    assert means.auroc_N[0] == pytest.approx(auroc)


@pytest.mark.parametrize("seed", range(5))
def test_a_protein_drawn_twice_counts_as_two_equal_rows(seed):
    scores_BT, labels_BT = random_scores(seed)
    draws_B = np.random.default_rng(seed).multinomial(12, np.full(12, 1 / 12))
    again = np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0)
    aupr, auroc, _ = by_scikit_learn(*again)
    means = term_means(scores_BT, labels_BT, draws_B[None])
    assert means.aupr_N[0] == pytest.approx(aupr)
    assert means.auroc_N[0] == pytest.approx(auroc)


@pytest.mark.parametrize("at_once", [1, 30])
def test_working_in_blocks_changes_nothing(at_once, monkeypatch):
    scores_BT, labels_BT = random_scores(3)
    whole = term_means(scores_BT, labels_BT)
    monkeypatch.setattr(term_ranking, "PAIRS_AT_ONCE", at_once)
    parts = term_means(scores_BT, labels_BT)
    for figure in FIGURES:
        assert getattr(parts, figure) == pytest.approx(getattr(whole, figure))


def test_every_set_of_terms_has_the_means_of_its_columns():
    scores_BT, labels_BT = random_scores(5, n_proteins=30)
    set_T = np.arange(9) % 3 == 0
    sets = {"some": set_T, "none": np.zeros(9, bool)}
    means = means_of_terms(by_term(Pairs.of_arrays(scores_BT, labels_BT)), once(30), sets)
    for name, chosen_T in sets.items():
        wanted = term_means(scores_BT[:, chosen_T], labels_BT[:, chosen_T])
        assert means[name].n_terms == wanted.n_terms
        for figure in FIGURES:
            np.testing.assert_allclose(getattr(means[name], figure), getattr(wanted, figure), rtol=1e-12)


def test_terms_without_a_positive_or_without_a_negative_are_left_out():
    labels_BT = np.array([[True, False, True], [True, False, False]])
    means = term_means(np.array([[0.1, 0.2, 0.9], [0.1, 0.2, 0.3]]), labels_BT)
    assert (means.n_terms, means.aupr_N[0], means.auroc_N[0]) == (1, 1.0, 1.0)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (3, 3)])
def test_nothing_to_rank_gives_nan(shape):
    means = term_means(np.ones(shape), np.zeros(shape, bool))
    assert means.n_terms == 0
    assert np.isnan([getattr(means, figure)[0] for figure in FIGURES]).all()


def by_hand(score_B, label_B, k=10):
    """Recall at k and reciprocal rank of one term, from every protein written out as often as it was drawn."""
    found = [place for place, score in enumerate(score_B) if label_B[place] and score > 0]
    middle = {p: (np.sum(score_B > score_B[p]) + np.sum(score_B >= score_B[p]) + 1) / 2 for p in found}
    recall = min(sum(rank <= k for rank in middle.values()), k, label_B.sum()) / min(label_B.sum(), k)
    wrong = score_B[~label_B]
    ranks = [1 + np.sum(wrong > score_B[p]) + np.sum(wrong == score_B[p]) / 2 for p in found]
    return recall, 1 / min(ranks) if ranks else 0


@pytest.mark.parametrize("seed", range(6))
def test_terms_find_their_proteins_as_by_hand_even_if_a_protein_is_drawn_twice(seed):
    scores_BT, labels_BT = random_scores(seed, n_proteins=30)
    draws_B = np.random.default_rng(seed).multinomial(30, np.full(30, 1 / 30))
    again = np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0)
    means = term_means(scores_BT, labels_BT, np.stack([np.ones(30), draws_B]))
    for place, (scores, labels) in enumerate([(scores_BT, labels_BT), again]):
        values = [by_hand(scores[:, c], labels[:, c]) for c in range(9) if 0 < labels[:, c].sum() < len(labels)]
        assert means.recall_at_10_N[place] == pytest.approx(np.mean([recall for recall, _ in values]))
        assert means.mrr_N[place] == pytest.approx(np.mean([reciprocal for _, reciprocal in values]))


def test_a_term_without_a_prediction_retrieves_no_protein():
    labels_BT = np.array([[True], [False]])
    means = term_means(np.zeros((2, 1)), labels_BT)
    assert (means.recall_at_10_N[0], means.mrr_N[0]) == (0, 0)
