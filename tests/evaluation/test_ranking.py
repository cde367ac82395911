"""Average precision and AUROC are those of scikit-learn, term by term and over all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.evaluation import ranking
from gofer.evaluation.ranking import mean_reciprocal_rank, micro_aupr, recall_at, term_means

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


QUERIES = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(0, 999))


@settings(deadline=None)
@given(QUERIES, st.integers(1, 12))
def test_recall_and_reciprocal_rank_are_those_of_a_sorted_list(shape, k):
    n_queries, n_columns, seed = shape
    rng = np.random.default_rng(seed)
    scores_QC = rng.permuted(np.tile(np.arange(n_columns), (n_queries, 1)), axis=1).astype(np.float32)
    relevant_QC = rng.random((n_queries, n_columns)) < 0.3
    recalls, ranks = [], []
    for scores, relevant in zip(scores_QC, relevant_QC, strict=True):
        if relevant.any():
            hits = relevant[np.argsort(-scores)]
            recalls.append(hits[:k].sum() / min(k, relevant.sum()))
            ranks.append(1 / (1 + int(hits.argmax())))
    wanted = [np.mean(values) if values else np.nan for values in (recalls, ranks)]
    found = [recall_at(scores_QC, relevant_QC, k=k), mean_reciprocal_rank(scores_QC, relevant_QC)]
    assert found == pytest.approx(wanted, nan_ok=True)


def test_columns_of_the_same_score_stand_before_the_relevant_one():
    assert mean_reciprocal_rank(np.zeros((1, 4)), np.array([[False, True, False, False]])) == 0.25
