"""The figures of docs/update_go.md: rankings of made-up proteins and terms get the figures that they must have."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.new_terms import Found, ancestor_scores, ranking_rows, young_terms

from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.metrics.bootstrap import Bootstrap

ROOT, OLD, CHILD, GRANDCHILD, OTHER = "GO:0000001", "GO:0000002", "GO:0070003", "GO:0070004", "GO:0070005"
ONCE = np.ones((1, 6))


def table(parents):
    """An ontology of one aspect; `parents` by id."""
    rows = [(go_id, "MFO", list(above), [], []) for go_id, above in parents.items()]
    return pd.DataFrame(rows, columns=["go_id", "aspect", "is_a", "part_of", "regulates"])


@pytest.fixture
def terms():
    return table({ROOT: [], OLD: [ROOT], CHILD: [OLD], GRANDCHILD: [CHILD, OTHER], OTHER: [ROOT]})


def blocks(proteins=6, columns=3):
    """Each protein has one term, the first two the first one, and so on."""
    return np.repeat(np.eye(columns, dtype=bool), proteins // columns, axis=0)


def test_a_perfect_ranking_its_reverse_and_chance():
    truth = np.repeat(blocks(6, 2), 5, axis=0)  # 30 proteins, fifteen of each term
    once = np.ones((1, len(truth)))
    for scores, area in ((truth, 1.0), (1.0 - truth, 0.0), (np.zeros(truth.shape), 0.5)):
        found = Found.of_scores(scores.astype(np.float32), truth, once)
        assert (found.of_proteins_N[0], found.of_terms_N[0], found.terms) == (area, area, 2)


def test_ties_count_as_all_their_orders_on_average():
    truth = np.zeros((1, 100), bool)
    truth[0, 7] = True
    assert Found.of_scores(np.zeros((1, 100), np.float32), truth, np.ones((1, 1))).recall_N[0] == pytest.approx(0.1)
    scores = np.zeros((1, 100), np.float32)
    scores[0, :5] = 1
    # Five places are taken; one of the other 95 is drawn into each of the five that are left.
    assert Found.of_scores(scores, truth, np.ones((1, 1))).recall_N[0] == pytest.approx(5 / 95)


def test_a_constant_score_of_each_term_ranks_the_terms_of_a_protein_but_not_the_proteins_of_a_term():
    truth = np.repeat(np.array([[True, False, False]]), 12, axis=0)
    truth[:6] = [[True, True, False]]
    common = np.tile(np.array([[0.9, 0.5, 0.1]], np.float32), (12, 1))
    found = Found.of_scores(common, truth, np.ones((1, 12)))
    assert found.of_proteins_N[0] == 1.0
    assert (found.of_terms_N[0], found.terms) == (0.5, 1)  # the first term is true of all, the last of none


def test_terms_of_few_proteins_are_not_averaged_over_and_negative_scores_are_scores():
    truth = blocks(6, 3)
    assert Found.of_scores(truth.astype(np.float32), truth, ONCE).terms == 0
    more = np.repeat(truth, 3, axis=0)
    found = Found.of_scores(more.astype(np.float32) - 2, more, np.ones((1, 18)))
    assert (found.of_terms_N[0], found.terms) == (1.0, 3)


def test_the_difference_is_of_the_same_proteins_and_has_the_sign_of_what_is_worse():
    truth = np.repeat(blocks(6, 3), 10, axis=0)
    rankings = {"right": truth.astype(np.float32), "chance": np.zeros(truth.shape, np.float32)}
    without_any = np.zeros((4, 3), bool)
    rows = [
        row.split(" | ")
        for row in ranking_rows(
            "made up",
            np.concatenate([truth, without_any]),
            {name: np.concatenate([scores, np.ones((4, 3), np.float32)]) for name, scores in rankings.items()},
            Bootstrap(resamples=20),
        )
    ]
    assert [row[0] for row in rows] == ["| made up (3)"] * 2
    assert [row[2] for row in rows] == ["60"] * 2  # proteins without a term are left out
    assert rows[0][3] == "1.000 (1.000 to 1.000)"
    assert rows[1][4] == "-0.500 (-0.500 to -0.500)"


def test_a_new_term_takes_the_score_of_its_nearest_older_ancestor(terms):
    known = np.array([False, True, False, False, True])
    scores = np.array([[0.0, 0.3, 9.0, 9.0, 0.7]], np.float32)
    found = ancestor_scores(scores, known, GoGraph.of_terms(terms, TRUE_PATH))
    np.testing.assert_allclose(found, [[0, 0.3, 0.3, 0.7, 0.7]])
    assert ancestor_scores(scores, np.zeros(5, bool), GoGraph.of_terms(terms, TRUE_PATH)).max() == 0


def test_young_terms_of_a_few_proteins_are_held_out_and_none_above_an_older_one(terms):
    stated = pd.DataFrame({"protein_id": ["P1", "P2", "P3"], "go_id": GRANDCHILD})
    assert young_terms(terms, stated) == [CHILD, GRANDCHILD, OTHER]
    above_older = table({ROOT: [], OLD: [CHILD], CHILD: [ROOT], GRANDCHILD: [CHILD], OTHER: [ROOT]})
    assert young_terms(above_older, stated) == [GRANDCHILD]
    assert young_terms(terms, stated.iloc[:2]) == []
