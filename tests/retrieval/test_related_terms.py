"""The score of a term rises if seen terms of similar text, or seen ancestors, are expected."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.retrieval.ensemble import RARE
from gofer.retrieval.related_terms import RelatedTerms

# Seen: a, b (MFO), c (BPO). Unseen: one or more behind them; a root of MFO at the end, neither seen nor unseen.
SEEN_SG = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
MEAN_S = np.array([0.2, 0.4, 0.1], np.float32)


def related(unseen_UG, aspects=("MFO",), parents=None):
    """The unseen terms have no parent, or those named."""
    names = ["a", "b", "c", *(f"u{i}" for i in range(len(unseen_UG))), "root"]
    above = {"a": ["root"], "b": ["root"], **(parents or {})}
    aspects_T = np.array(["MFO", "MFO", "BPO", *aspects, "MFO"])
    terms = pd.DataFrame({"go_id": names, "aspect": aspects_T, "is_a": [above.get(name, []) for name in names]})
    texts_TG = np.concatenate([SEEN_SG, np.array(unseen_UG, np.float32).reshape(-1, 3), SEEN_SG[:1]])
    graph = GoGraph.of_terms(terms, ["is_a"], within_aspect=True)
    moved = RelatedTerms.of_terms(texts_TG, aspects_T, graph, np.arange(3), MEAN_S, np.zeros(len(names)))
    return moved.of(np.arange(3, 3 + len(unseen_UG)))


def odds(score):
    return score / (1 - score)


def test_the_nearest_seen_term_of_the_aspect_decides():
    moved = related([[0.0, 0.6, 0.8]])
    assert moved.similar_TS.toarray()[0] == pytest.approx([0, 1, 0], abs=1e-4)


def test_odds_rise_by_how_much_more_often_than_on_average_the_similar_term_is_expected():
    moved = related([[0, 1, 0]])
    scores_BU = np.array([[0.1], [0.1], [0.1]], np.float32)
    expected_BS = np.array([[0.9, 0.4, 0.1], [0.0, 0.8, 0.1], [0.9, 0.0, 0.1]], np.float32)
    same, double, never = moved.raised(scores_BU, expected_BS)[:, 0]
    assert same == pytest.approx(0.1, rel=1e-4)
    assert odds(double) == pytest.approx(np.sqrt(0.81 / 0.41) * odds(0.1), rel=1e-4)
    assert 0 < never < 0.02


def test_the_lift_of_the_nearest_seen_ancestor_counts_as_much():
    # u1 is below u0, u0 below a; both have the text of b, which is expected as often as ever.
    moved = related([[0, 1, 0], [0, 1, 0]], ("MFO", "MFO"), {"u0": ["a"], "u1": ["u0"]})
    raised = moved.raised(np.full((1, 2), 0.1, np.float32), np.array([[0.6, 0.4, 0.1]], np.float32))[0]
    assert odds(raised) == pytest.approx([np.sqrt(0.61 / 0.21) * odds(0.1)] * 2, rel=1e-3)


def test_what_is_expected_of_a_rare_term_moves_little():
    moved = related([[0, 1, 0]], parents={"u0": ["a"]})
    rare = replace(moved, mean_S=np.array([0.001, 0.4, 0.1], np.float32))
    raised = rare.raised(np.array([[0.1]], np.float32), np.array([[0.003, 0.4, 0.1]], np.float32))[0, 0]
    assert 1 < odds(raised) / odds(0.1) < 1.2


def test_the_lifts_of_several_ancestors_are_averaged_without_the_root():
    moved = related([[0, 1, 0], [0, 1, 0]], ("MFO", "MFO"), {"u0": ["a", "b"], "u1": ["a", "root"]})
    np.testing.assert_allclose(moved.ancestors_TS.toarray(), [[0.5, 0.5, 0], [1, 0, 0]])
    assert related([[0, 1, 0]], parents={"u0": ["root"]}).ancestors_TS.nnz == 0


def test_terms_of_similar_text_in_other_aspects_count_even_if_the_same_aspect_has_none():
    for moved in (related([[0, 0, 1]], aspects=("CCO",)), related([[0, 0, 1]], aspects=("MFO",))):
        assert moved.across_TS.toarray()[0] == pytest.approx([0, 0, 1], abs=1e-4)
    moved = related([[0, 0, 1]], aspects=("CCO",))
    assert moved.similar_TS.nnz == 0
    same, more = moved.raised(np.full((2, 1), 0.3, np.float32), np.array([MEAN_S, [0.2, 0.4, 0.43]], np.float32))[:, 0]
    assert same == pytest.approx(0.3)
    assert odds(more) == pytest.approx(2 * odds(0.3), rel=1e-3)


@pytest.mark.parametrize("score", [1e-6, 0.5, 1.0])
def test_scores_stay_scores(score):
    moved = related([[1, 0, 0]], parents={"u0": ["a"]})
    raised = moved.raised(np.array([[score]], np.float32), np.ones((1, 3), np.float32))
    assert 0 < raised[0, 0] <= 1


def test_a_seen_term_moves_with_itself_and_less_the_more_proteins_have_it():
    names, aspects_T = ["a", "b", "c"], np.array(["MFO", "MFO", "BPO"])
    terms = pd.DataFrame({"go_id": names, "aspect": aspects_T, "is_a": [[]] * 3})
    graph = GoGraph.of_terms(terms, ["is_a"], within_aspect=True)
    moved = RelatedTerms.of_terms(SEEN_SG, aspects_T, graph, np.arange(3), MEAN_S, np.array([0, RARE, 1e9]))
    np.testing.assert_allclose(moved.similar_TS.toarray(), np.eye(3), atol=1e-6)
    raised = moved.raised(np.full((1, 3), 0.1, np.float32), 2 * MEAN_S[None] + np.float32(0.01))[0]
    # Every term is expected twice as often, itself and in the other aspect: half of two lifts.
    assert odds(raised) / odds(0.1) == pytest.approx([2, np.sqrt(2), 1], rel=1e-4)


def test_with_no_unseen_term_there_is_nothing_to_raise():
    assert related([], ()).raised(np.zeros((2, 0), np.float32), np.ones((2, 3), np.float32)).shape == (2, 0)
