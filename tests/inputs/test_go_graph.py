"""Scores along the ontology: raised to the best descendant's, never lowered, and a cycle is refused."""

from dataclasses import replace

import numpy as np
import pytest
from evaluation.ontologies import hierarchies, terms_table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent, limited_by_parents


def ancestors(graph, term):
    found, todo = set(), [term]
    while todo:
        row = todo.pop()
        above = graph.parent_E[graph.child_E == row].tolist()
        todo += [parent for parent in above if parent not in found]
        found.update(above)
    return found


@settings(max_examples=80, deadline=None)
@given(hierarchies(), st.data())
def test_a_term_gets_the_best_score_among_itself_and_its_descendants(graph, data):
    scores_BT = data.draw(arrays(np.float32, (3, graph.n_terms), elements=st.floats(0, 1, width=32)))
    before = scores_BT.copy()
    out_BT = hierarchy_consistent(scores_BT, graph)
    wanted_BT = scores_BT.copy()
    for term in range(graph.n_terms):
        for ancestor in ancestors(graph, term):
            wanted_BT[:, ancestor] = np.maximum(wanted_BT[:, ancestor], scores_BT[:, term])
    np.testing.assert_array_equal(out_BT, wanted_BT)
    assert (out_BT[:, graph.parent_E] >= out_BT[:, graph.child_E]).all()
    assert (out_BT >= scores_BT).all()
    np.testing.assert_array_equal(hierarchy_consistent(out_BT, graph), out_BT)
    np.testing.assert_array_equal(scores_BT, before)
    assert out_BT.dtype == scores_BT.dtype


@settings(max_examples=40, deadline=None)
@given(hierarchies())
def test_levels_go_up_and_down_with_every_edge_once_and_in_order(graph):
    done: set[int] = set()
    edges = 0
    for parents, children, starts in graph.upwards():
        groups = np.split(children, starts[1:])
        for parent, below in zip(parents, groups, strict=True):
            assert set(below) == set(graph.child_E[graph.parent_E == parent])
            assert all(child in done or child not in graph.parent_E for child in below)
            edges += len(below)
        done.update(parents.tolist())
    assert edges == len(graph.child_E)
    assert sum(len(parents) for _, parents, _ in graph.downwards()) == len(graph.child_E)


def test_labels_propagate_as_truth():
    graph = GoGraph.of_terms(terms_table({"root": [], "a": ["root"], "b": ["a"]}))
    labels_BT = np.array([[False, False, True], [False, False, False]])
    assert hierarchy_consistent(labels_BT, graph).tolist() == [[True, True, True], [False, False, False]]


def test_many_proteins_are_worked_through_in_blocks_without_loss():
    graph = GoGraph.of_terms(terms_table({"root": [], "a": ["root"]}))
    scores_BT = np.c_[np.zeros(150), np.arange(150) / 150]
    assert (hierarchy_consistent(scores_BT, graph)[:, 0] == scores_BT[:, 1]).all()


def test_edges_to_unknown_parents_and_optionally_to_other_aspects_are_left_out():
    terms = terms_table(
        {"m": [], "a": ["m", "gone"], "p": [], "b": ["p", "m"]}, aspect={"m": "MFO", "a": "MFO", "p": "BPO", "b": "BPO"}
    )
    assert len(GoGraph.of_terms(terms).child_E) == 3
    within = GoGraph.of_terms(terms, within_aspect=True)
    assert list(zip(within.child_E, within.parent_E, strict=True)) == [(1, 0), (3, 2)]


def test_part_of_counts_like_is_a():
    terms = terms_table({"root": [], "a": []}).assign(part_of=[[], ["root"]])
    assert hierarchy_consistent(np.array([[0.1, 0.7]]), GoGraph.of_terms(terms)).tolist() == [[0.7, 0.7]]


@pytest.mark.parametrize(
    "parents", [{"root": [], "a": ["root", "c"], "b": ["a"], "c": ["b"]}, {"root": [], "a": ["a"], "b": [], "c": ["b"]}]
)
def test_a_cycle_is_refused_and_names_its_terms(parents):
    graph = GoGraph.of_terms(terms_table(parents))
    named = "a, b, c" if "c" in parents["a"] else "a"
    with pytest.raises(GoferError, match=f"cycle through {named}") as caught:
        hierarchy_consistent(np.zeros((1, 4)), graph)
    assert caught.value.help


def test_an_aspect_without_terms_has_nothing_to_propagate():
    graph = GoGraph.of_terms(terms_table({}))
    assert hierarchy_consistent(np.zeros((2, 0)), graph).shape == (2, 0)


@settings(max_examples=60, deadline=None)
@given(hierarchies(), st.data())
def test_limited_terms_come_below_their_parents_and_no_other_score_changes(graph, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    scores_BT = rng.random((3, graph.n_terms)).astype(np.float32)
    limited_T = rng.random(graph.n_terms) < 0.6
    out_BT = limited_by_parents(scores_BT, graph, limited_T)
    np.testing.assert_array_equal(out_BT[:, ~limited_T], scores_BT[:, ~limited_T])
    for term in np.flatnonzero(limited_T):
        parents = graph.parent_E[graph.child_E == term]
        lowest_B = np.minimum(scores_BT[:, term], out_BT[:, parents].min(axis=1, initial=np.inf))
        np.testing.assert_array_equal(out_BT[:, term], lowest_B)


def test_parents_in_another_aspect_can_be_left_out(ontology):
    graph = GoGraph.of_terms(ontology.terms)
    assert graph.parents("GO:0000002") == ["GO:0000011", "GO:0003674"]
    assert graph.within_aspects.parents("GO:0000002") == ["GO:0003674"]


def test_descendants_follow_the_relations_asked_for(ontology):
    below = GoGraph.of_terms(ontology.terms).descendants(["GO:0000011"])
    assert below == {"GO:0000011": 0, "GO:0000002": 1, "GO:0000003": 2}
    assert GoGraph.of_terms(ontology.terms, ["is_a"]).descendants(["GO:0000011"]) == {"GO:0000011": 0}


def test_an_edge_over_two_relations_counts_once():
    terms = terms_table({"root": [], "a": ["root"]}).assign(part_of=[[], ["root"]])
    assert GoGraph.of_terms(terms).edges_E2.tolist() == [[1, 0]]


@settings(max_examples=60, deadline=None)
@given(hierarchies(), st.integers(0, 4))
def test_hops_are_the_fewest_and_a_radius_keeps_the_terms_within_it(graph, hops):
    graph = replace(graph, go_ids=tuple(map(str, range(graph.n_terms))))
    within_TT, below_TT = graph.ancestors_TT(hops).toarray(), graph.descendants_TT(hops).toarray()
    np.testing.assert_array_equal(within_TT, below_TT.T)
    for row, go_id in enumerate(graph.go_ids):
        above = graph.ancestors([go_id])
        assert {int(name) for name in above} == ancestors(graph, row) | {row}
        assert {int(name) for name, number in above.items() if number <= hops} == set(np.flatnonzero(within_TT[row]))
