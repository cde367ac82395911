"""Average precision and AUROC are those of scikit-learn, term by term and over all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.metrics import ranking
from gofer.metrics.ranking import micro_aupr, retrieved_terms, term_means

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def random_scores(seed, *, n_proteins=12, n_terms=9):
    rng = np.random.default_rng(seed)
    scores_BT = np.where(rng.random((n_proteins, n_terms)) < 0.6, rng.integers(1, 12, (n_proteins, n_terms)) / 20, 0)
    return scores_BT, rng.random((n_proteins, n_terms)) < 0.3


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


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_micro_aupr_is_scikit_learns_over_the_pairs_of_labelled_proteins(seed):
    scores_BT, labels_BT = random_scores(seed)
    labelled_B = labels_BT.any(axis=1)
    if not labelled_B.any():
        return
    wanted = sklearn_metrics.average_precision_score(labels_BT[labelled_B].ravel(), scores_BT[labelled_B].ravel())
    assert micro_aupr(scores_BT, labels_BT)[0] == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_a_protein_drawn_twice_counts_as_if_its_row_stood_twice(seed):
    scores_BT, labels_BT = random_scores(seed)
    draws_B = np.random.default_rng(seed).multinomial(12, np.full(12, 1 / 12))
    again = np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0)
    aupr, auroc, _ = by_scikit_learn(*again)
    means = term_means(scores_BT, labels_BT, draws_B[None])
    assert means.aupr_N[0] == pytest.approx(aupr)
    assert means.auroc_N[0] == pytest.approx(auroc)
    assert micro_aupr(scores_BT, labels_BT, draws_B[None])[0] == pytest.approx(micro_aupr(*again)[0])


def test_working_in_blocks_changes_nothing(monkeypatch):
    scores_BT, labels_BT = random_scores(3)
    whole = term_means(scores_BT, labels_BT)
    monkeypatch.setattr(ranking, "PAIRS_AT_ONCE", 30)
    parts = term_means(scores_BT, labels_BT)
    assert parts.aupr_N == pytest.approx(whole.aupr_N)
    assert parts.auroc_N == pytest.approx(whole.auroc_N)


def test_terms_without_a_positive_or_without_a_negative_are_left_out():
    labels_BT = np.array([[True, False, True], [True, False, False]])
    means = term_means(np.array([[0.1, 0.2, 0.9], [0.1, 0.2, 0.3]]), labels_BT)
    assert (means.n_terms, means.aupr_N[0], means.auroc_N[0]) == (1, 1.0, 1.0)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (3, 3)])
def test_nothing_to_rank_gives_nan(shape):
    scores_BT, labels_BT = np.ones(shape), np.zeros(shape, bool)
    means = term_means(scores_BT, labels_BT)
    assert means.n_terms == 0
    assert np.isnan([means.aupr_N[0], means.auroc_N[0], micro_aupr(scores_BT, labels_BT)[0]]).all()


def by_hand(score_B, label_B, k=10):
    """Recall at k and reciprocal rank of one term, from every protein written out as often as it was drawn."""
    found = [place for place, score in enumerate(score_B) if label_B[place] and score > 0]
    middle = {p: (np.sum(score_B > score_B[p]) + np.sum(score_B >= score_B[p]) + 1) / 2 for p in found}
    recall = min(sum(rank <= k for rank in middle.values()), k, label_B.sum()) / min(label_B.sum(), k)
    wrong = score_B[~label_B]
    ranks = [1 + np.sum(wrong > score_B[p]) + np.sum(wrong == score_B[p]) / 2 for p in found]
    return recall, 1 / min(ranks) if ranks else 0


@pytest.mark.parametrize("seed", range(6))
def test_terms_find_their_proteins_as_by_hand_also_where_a_protein_is_drawn_twice(seed):
    scores_BT, labels_BT = random_scores(seed, n_proteins=30)
    draws_B = np.random.default_rng(seed).multinomial(30, np.full(30, 1 / 30))
    again = np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0)
    means = term_means(scores_BT, labels_BT, np.stack([np.ones(30), draws_B]))
    for place, (scores, labels) in enumerate([(scores_BT, labels_BT), again]):
        told = [by_hand(scores[:, c], labels[:, c]) for c in range(9) if 0 < labels[:, c].sum() < len(labels)]
        assert means.recall_at_10_N[place] == pytest.approx(np.mean([recall for recall, _ in told]))
        assert means.mrr_N[place] == pytest.approx(np.mean([reciprocal for _, reciprocal in told]))


def test_a_term_that_nobody_is_predicted_to_have_retrieves_nobody():
    labels_BT = np.array([[True], [False]])
    means = term_means(np.zeros((2, 1)), labels_BT)
    assert (means.recall_at_10_N[0], means.mrr_N[0]) == (0, 0)


def test_proteins_find_their_terms():
    scores_BT = np.array([[0.9, 0.5, 0.5, 0.2], [0.0, 0.3, 0.2, 0.1], [0.4, 0.0, 0.1, 0.1]])
    labels_BT = np.array([[False, True, False, True], [True, False, False, False], [True, False, False, False]])
    once = np.ones((1, 3))
    found = retrieved_terms(scores_BT, labels_BT, once, k=2)
    assert found.recall_N[0] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert found.mrr_N[0] == pytest.approx((1 / 2.5 + 0 + 1) / 3)  # a tie counts one half
    drawn = retrieved_terms(scores_BT, labels_BT, np.array([[0, 0, 3]]), k=2)
    assert (drawn.recall_N[0], drawn.mrr_N[0]) == (1, 1)
