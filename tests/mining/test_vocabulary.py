"""Base rates of terms, including terms that no training protein has."""

import numpy as np
import pytest
from evaluation.ontologies import hierarchies, terms_table
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.mining.vocabulary import base_rates


def log_odds(count, n):
    return np.log((count + 0.5) / (n - count + 0.5))


def test_a_seen_term_has_its_log_odds():
    graph = GoGraph.of_terms(terms_table({"root": [], "a": ["root"]}))
    assert base_rates(np.array([10, 4]), 10, graph) == pytest.approx([log_odds(10, 10), log_odds(4, 10)])


def test_an_unseen_term_is_as_much_rarer_than_its_parent_as_terms_usually_are():
    parents = {"root": [], "a": ["root"], "b": ["a"], "c": ["a"], "unseen": ["b"], "below": ["unseen"]}
    rates = base_rates(np.array([100, 40, 10, 5, 0, 0]), 100, GoGraph.of_terms(terms_table(parents)))
    seen = log_odds(np.array([100, 40, 10, 5]), 100)
    step = np.median([seen[1] - seen[0], seen[2] - seen[1], seen[3] - seen[1]])
    assert rates[4] == pytest.approx(seen[2] + step)
    assert rates[5] == pytest.approx(seen[2] + step)  # its nearest ancestor that has proteins is the same


def test_of_several_parents_the_rarest_counts():
    parents = {"root": [], "a": ["root"], "b": ["root"], "unseen": ["a", "b"]}
    rates = base_rates(np.array([100, 50, 2, 0]), 100, GoGraph.of_terms(terms_table(parents)))
    assert rates[3] < rates[2] < rates[1]


def test_totals_may_differ_from_term_to_term():
    graph = GoGraph.of_terms(terms_table({"r": [], "s": []}))
    assert base_rates(np.array([5, 5]), np.array([10, 50]), graph) == pytest.approx([log_odds(5, 10), log_odds(5, 50)])


@settings(max_examples=60, deadline=None)
@given(hierarchies(), st.data())
def test_rates_are_always_finite(graph, data):
    counts = data.draw(st.lists(st.integers(0, 20), min_size=graph.n_terms, max_size=graph.n_terms))
    rates = base_rates(np.array(counts), 20, graph)
    assert np.isfinite(rates).all()
    assert rates.dtype == np.float32


def test_an_unseen_term_right_below_a_root_is_no_more_common_than_the_median_seen_term():
    parents = {"root": [], "a": ["root"], "b": ["a"], "c": ["a"], "unseen": ["root"]}
    counts = np.array([100, 90, 10, 5, 0])
    rates = base_rates(counts, 100, GoGraph.of_terms(terms_table(parents)))
    assert rates[4] == pytest.approx(np.median(log_odds(counts[:4], 100)))
