"""Unseen terms are ranked among all terms, and seen ones make that harder."""

import numpy as np
import pandas as pd
import pytest

from gofer.metrics.generalised_zero_shot import (
    HARMONIC,
    SEEN,
    SETTINGS,
    UNSEEN,
    UNSEEN_ONLY,
    as_table,
    from_table,
    generalised_figures,
    true_ranks,
)
from gofer.metrics.sparse_pairs import Pairs

UNSEEN_C = np.array([False, False, False, True, True, True])
SCORES_BC = np.array([[0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.9, 0.2, 0.1, 0.05, 0.05, 0.0]])
LABELS_BC = np.array([[1, 0, 0, 1, 1, 0], [0, 0, 1, 1, 0, 1]], bool)


def figures(scores_BC=SCORES_BC, labels_BC=LABELS_BC, draws_NB=None):
    draws_NB = np.ones((1, len(labels_BC))) if draws_NB is None else draws_NB
    ranks = true_ranks(Pairs.of_arrays(scores_BC, labels_BC), UNSEEN_C)
    found = generalised_figures(ranks, UNSEEN_C, draws_NB)
    return {(setting, metric): (values_N, n) for setting, (metric, values_N, n) in found}


def test_true_terms_do_not_push_each_other_down_and_ties_count_one_half():
    ranks = true_ranks(Pairs.of_arrays(SCORES_BC, LABELS_BC), UNSEEN_C)
    assert ranks.above_seen_P.tolist() == [0, 2, 2, 2, 2, 2]
    assert ranks.above_unseen_P.tolist() == [0, 0, 0, 0, 0.5, 1]
    assert ranks.scored_P.tolist() == [True] * 5 + [False]


def test_figures_of_a_hand_made_case():
    found = {key: values_N[0] for key, (values_N, _) in figures().items()}
    assert found[SEEN, "rank_mrr"] == pytest.approx((1 + 1 / 3) / 2)
    assert found[UNSEEN, "rank_mrr"] == pytest.approx((1 / 3 + 1 / 7) / 2)  # one of four is not retrieved
    assert found[UNSEEN_ONLY, "rank_mrr"] == pytest.approx((1 + (1 / 1.5) / 2) / 2)
    assert found[UNSEEN, "rank_auroc"] == pytest.approx(((1 / 3 + 1 / 3) / 2 + (0.5 / 3 + 0) / 2) / 2)
    assert found[UNSEEN, "hits_at_10"] == pytest.approx(0.75)
    seen, unseen = found[SEEN, "rank_mrr"], found[UNSEEN, "rank_mrr"]
    assert found[HARMONIC, "rank_mrr"] == pytest.approx(2 * seen * unseen / (seen + unseen))


@pytest.mark.parametrize("seed", range(4))
def test_among_unseen_terms_only_an_unseen_term_never_ranks_lower(seed):
    rng = np.random.default_rng(seed)
    found = figures(rng.random((30, 6)), rng.random((30, 6)) < 0.4)
    for metric in ("hits_at_10", "hits_at_100", "rank_mrr"):
        assert found[UNSEEN_ONLY, metric][0][0] >= found[UNSEEN, metric][0][0]


def test_a_resample_counts_a_protein_as_often_as_it_is_drawn():
    found = figures(draws_NB=np.array([[1, 1], [2, 0], [0, 2]]))
    values_N = found[UNSEEN, "rank_mrr"][0]
    assert values_N == pytest.approx([(1 / 3 + 1 / 7) / 2, 1 / 3, 1 / 7])


def test_without_an_unseen_label_the_harmonic_mean_is_not_defined():
    found = figures(labels_BC=LABELS_BC & ~UNSEEN_C)
    assert np.isnan(found[UNSEEN, "rank_mrr"][0]).all()
    assert np.isnan(found[HARMONIC, "rank_mrr"][0]).all()
    assert found[UNSEEN, "rank_mrr"][1] == found[HARMONIC, "rank_mrr"][1] == 0


def test_a_method_that_finds_no_unseen_term_has_a_harmonic_mean_of_zero():
    found = figures(np.where(UNSEEN_C, 0, SCORES_BC))
    assert found[HARMONIC, "rank_mrr"][0][0] == 0


def test_no_protein_at_all_is_no_error():
    found = figures(np.zeros((0, 6)), np.zeros((0, 6), bool), np.ones((3, 0)))
    assert {setting for setting, _ in found} == set(SETTINGS)
    assert all(np.isnan(values_N).all() and n == 0 for values_N, n in found.values())


def test_ranks_come_back_from_their_table_by_id():
    ranks = true_ranks(Pairs.of_arrays(SCORES_BC, LABELS_BC), UNSEEN_C)
    table = as_table(ranks, ["P1", "P2"], [f"t{i}" for i in range(6)])
    again = from_table(table, pd.Index(["P2", "P1"]), pd.Index([f"t{i}" for i in range(6)]))
    assert again.protein_P.tolist() == [1 - row for row in ranks.protein_P]
    assert again.above_unseen_P.tolist() == ranks.above_unseen_P.tolist()
    fewer = from_table(table, pd.Index(["P2"]), pd.Index(["t2"]))
    assert (fewer.protein_P.tolist(), fewer.term_P.tolist()) == ([0], [0])
