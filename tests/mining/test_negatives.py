"""What is never a negative, and how hard the negatives are that remain."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.mining.curriculum import Knobs
from gofer.mining.faiss_index import SHARED, TEXT, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.negatives import choose_candidates

EVERYTHING = {
    "hard_frac": 1.0, "shortlist_M": 99, "k_hard": 99, "random_k": 99, "inbatch_easy": 1.0,
    "hier_up": 0, "hier_down": 0,
}  # fmt: skip


def knobs(**changed):
    return Knobs(**{**EVERYTHING, **changed})


def graph_of(edges, n_terms):
    child_E, parent_E = np.array(sorted(set(edges)), dtype=np.int64).reshape(-1, 2).T
    return GoGraph(n_terms, child_E, parent_E)


def hops_matrix(dense):
    return sp.csr_array(np.asarray(dense, np.int16))


def distances(edges, n_terms, start, *, up):
    """Fewest steps from `start` to each term, upwards or downwards."""
    found, level, hops = {start: 0}, {start}, 0
    while level:
        hops += 1
        level = {b if up else a for a, b in edges if (a if up else b) in level} - found.keys()
        found |= dict.fromkeys(level, hops)
    return found


@st.composite
def batches(draw):
    """An ontology, the positives (1 + hops) and the truth of some proteins, knobs and a seed."""
    n_terms = draw(st.integers(2, 12))
    pairs = [(child, parent) for child in range(n_terms) for parent in range(child)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * n_terms, unique=True))
    hops_BT = np.zeros((draw(st.integers(1, 4)), n_terms), np.int16)
    for row in hops_BT:
        for stated in draw(st.lists(st.integers(0, n_terms - 1), max_size=3)):
            for term, hops in distances(edges, n_terms, stated, up=True).items():
                row[term] = hops + 1 if row[term] == 0 else min(row[term], hops + 1)
    truth_BT = hops_BT > 0
    if draw(st.booleans()):  # only some of what is true are positives
        hops_BT = hops_BT * np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2, hops_BT.shape, np.int16)
    chosen = knobs(
        hard_frac=draw(st.floats(0, 1)), shortlist_M=draw(st.integers(1, 15)), k_hard=draw(st.integers(0, 8)),
        random_k=draw(st.integers(0, 15)), inbatch_easy=draw(st.floats(0, 1)),
        hier_up=draw(st.integers(0, 3)), hier_down=draw(st.integers(0, 3)),
    )  # fmt: skip
    return edges, hops_BT, truth_BT, chosen, draw(st.integers(0, 1000))


def choose(hops_BT, graph, chosen, nearest, seed=1, *, truth_BT=None):
    """The candidates of a batch; without `truth_BT`, its positives are all that is true."""
    truth_BT = np.asarray(hops_BT) > 0 if truth_BT is None else truth_BT
    rng = np.random.default_rng(seed)
    return choose_candidates(hops_matrix(hops_BT), sp.csr_array(truth_BT), graph, chosen, nearest, rng)


def chosen_of(edges, hops_BT, truth_BT, chosen, seed):
    n_proteins, n_terms = hops_BT.shape
    shuffled = np.random.default_rng(seed).permuted(np.tile(np.arange(n_terms), (n_proteins, 1)), axis=1)
    nearest = lambda m: shuffled[:, :m]  # noqa: E731
    return choose(hops_BT, graph_of(edges, n_terms), chosen, nearest, seed, truth_BT=truth_BT)


@settings(max_examples=200, deadline=None)
@given(batches())
def test_no_negative_is_true_or_near_a_stated_label_for_any_settings(batch):
    edges, hops_BT, truth_BT, chosen, _ = batch
    candidates = chosen_of(*batch)
    for protein, hops_T in enumerate(hops_BT):
        forbidden = set(np.flatnonzero(truth_BT[protein]))
        for stated in np.flatnonzero(hops_T == 1):
            for up, radius in ((True, chosen.hier_up), (False, chosen.hier_down)):
                reach = distances(edges, len(hops_T), stated, up=up)
                forbidden |= {term for term, hops in reach.items() if hops <= radius}
        negative = set(candidates.term_C[candidates.negative_BC[protein]])
        assert not negative & forbidden
        allowed = set(candidates.term_C[candidates.allowed_BC[protein]])
        assert allowed == set(candidates.term_C) - forbidden


@settings(max_examples=100, deadline=None)
@given(batches())
def test_candidates_are_terms_of_the_vocabulary_once_each_with_every_positive_among_them(batch):
    _, hops_BT, *_ = batch
    candidates = chosen_of(*batch)
    assert (np.diff(candidates.term_C) > 0).all()
    assert set(candidates.term_C) <= set(range(hops_BT.shape[1]))
    assert set(np.flatnonzero(hops_BT.any(axis=0))) <= set(candidates.term_C)
    np.testing.assert_array_equal(candidates.hops_BC, hops_BT[:, candidates.term_C] - 1)
    without = ~candidates.negative_BC.any(axis=0) & (candidates.hops_BC < 0).all(axis=0)
    assert not without.any()  # a candidate is somebody's positive or negative


@settings(max_examples=40, deadline=None)
@given(batches())
def test_the_same_seed_gives_the_same_candidates(batch):
    first, second = chosen_of(*batch), chosen_of(*batch)
    np.testing.assert_array_equal(first.term_C, second.term_C)
    np.testing.assert_array_equal(first.negative_BC, second.negative_BC)


def test_held_out_terms_cannot_occur_because_the_vocabulary_lacks_them():
    terms = pd.DataFrame(
        {"go_id": ["a", "held", "b", "c"], "aspect": "MFO", "is_a": [[], ["a"], ["held"], ["a"]], "part_of": [[]] * 4}
    )
    graph = GoGraph.of_terms(terms[terms["go_id"] != "held"], ["is_a", "part_of"])
    assert graph.parents_TT.shape == (3, 3)
    assert graph.edges_E2.tolist() == [[2, 0]]
    ask = lambda m: np.array([[2, 1, 0]])[:, :m]  # noqa: E731
    candidates = choose([[1, 0, 0]], graph, knobs(), ask)
    assert candidates.term_C.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("hard_frac", "mined"), [(0.0, 0), (0.25, 2), (0.5, 4), (1.0, 8)])
def test_hard_frac_says_how_many_places_the_index_fills_and_siblings_fill_the_rest(hard_frac, mined):
    # Term 0 is the stated one; 1 its parent; 2-11 its siblings; 12-40 far away, nearest first in the index.
    edges = [(0, 1), *[(sibling, 1) for sibling in range(2, 12)]]
    hops_BT = np.zeros((1, 41), np.int16)
    hops_BT[0, [0, 1]] = 1, 2
    asked = []

    def nearest(m):
        asked.append(m)
        return np.r_[0, 12:41][None, :m]

    chosen = knobs(hard_frac=hard_frac, k_hard=8, random_k=0, inbatch_easy=0.0, shortlist_M=20, hier_up=1, hier_down=1)
    candidates = choose(hops_BT, graph_of(edges, 41), chosen, nearest)
    negative = candidates.term_C[candidates.negative_BC[0]]
    assert negative[negative >= 12].tolist() == list(range(12, 12 + mined))  # the best allowed ones, in order
    assert (negative < 12).sum() == 8 - mined
    assert asked == ([20] if mined else [])  # the index is asked only where it is wanted


def test_siblings_fill_what_a_short_shortlist_leaves_open():
    edges = [(0, 1), *[(sibling, 1) for sibling in range(2, 12)]]
    hops_BT = np.zeros((1, 12), np.int16)
    hops_BT[0, [0, 1]] = 1, 2
    chosen = knobs(k_hard=5, random_k=0, inbatch_easy=0.0, hier_up=1)
    candidates = choose(hops_BT, graph_of(edges, 12), chosen, lambda m: np.array([[0, 1, 4]]))
    assert candidates.negative_BC.sum() == 5
    assert candidates.negative_BC[0, candidates.term_C == 4].all()


def test_random_and_in_batch_terms_are_added_by_number_and_share():
    hops_BT = np.eye(6, 60, dtype=np.int16)
    ask = lambda m: np.zeros((6, m), int)  # noqa: E731
    none = knobs(k_hard=0, random_k=0, inbatch_easy=0.0)
    empty = graph_of([], 60)
    quiet = choose(hops_BT, empty, none, ask)
    assert quiet.negative_BC.sum() == 0
    in_batch = choose(hops_BT, empty, knobs(k_hard=0, random_k=0), ask)
    assert (in_batch.negative_BC == ~np.eye(6, dtype=bool)).all()
    random = choose(hops_BT, empty, knobs(k_hard=0, random_k=20, inbatch_easy=0.0), ask)
    assert 14 <= (random.term_C >= 6).sum() <= 20
    assert (random.negative_BC[:, random.term_C >= 6]).all()  # the same for the whole batch


def test_a_batch_without_any_positive_has_only_negatives():
    candidates = chosen_of([], np.zeros((2, 5), np.int16), np.zeros((2, 5), bool), knobs(), 1)
    assert (candidates.hops_BC == -1).all()
    assert candidates.negative_BC.all()


def test_a_term_that_is_true_but_no_positive_counts_on_neither_side_though_every_source_offers_it():
    # Term 0 is stated by protein 0, term 1 by protein 1; of protein 0 term 1 is true as well, and a sibling of term 0.
    hops_BT, truth_BT = [[1, 0, 0, 0], [0, 1, 0, 0]], np.array([[1, 1, 0, 0], [0, 1, 0, 0]], bool)
    nearest = lambda m: np.array([[1, 3], [3, 0]])[:, :m]  # noqa: E731
    candidates = choose(hops_BT, graph_of([(0, 2), (1, 2)], 4), knobs(), nearest, truth_BT=truth_BT)
    place = candidates.term_C.tolist().index(1)
    assert candidates.hops_BC[:, place].tolist() == [-1, 0]
    assert candidates.negative_BC[:, place].tolist() == [False, False]
    assert candidates.allowed_BC[:, place].tolist() == [False, False]
    assert candidates.negative_BC[0].sum() == 2


def test_terms_near_a_stated_one_are_no_negatives():
    chain = graph_of([(i + 1, i) for i in range(5)], 6)
    hops_BT = np.zeros((1, 6), np.int16)
    hops_BT[0, 3] = 1

    def spared(up, down):
        candidates = choose(hops_BT, chain, knobs(hier_up=up, hier_down=down), lambda m: np.arange(6)[None, :m])
        return sorted(set(range(6)) - set(candidates.term_C[candidates.negative_BC[0]].tolist()))

    assert spared(0, 0) == [3]
    assert spared(1, 0) == [2, 3]
    assert spared(2, 1) == [1, 2, 3, 4]
    assert spared(9, 9) == [0, 1, 2, 3, 4, 5]


@pytest.fixture
def text_TG():
    return np.eye(4, dtype=np.float32)


def test_in_text_space_a_query_is_the_mean_of_the_positives_texts(text_TG):
    miner = Miner(TermIndex.of_vectors(list("badc"), text_TG[[1, 0, 3, 2]], space=TEXT), list("abcd"), text_TG)
    rows = miner.nearest(np.full((1, 4), np.nan, np.float32), hops_matrix([[0, 0, 2, 1]]), 2)
    assert set(rows[0]) == {2, 3}  # rows of training's order, whatever the index's is


def test_in_the_shared_space_a_query_is_the_proteins_vector(text_TG):
    miner = Miner(TermIndex.of_vectors(list("badc"), text_TG[[1, 0, 3, 2]], space=SHARED), list("abcd"), text_TG)
    assert miner.nearest(text_TG[[2]], hops_matrix([[1, 0, 0, 0]]), 1).tolist() == [[2]]
    assert miner.seconds > 0
    with pytest.raises(GoferError, match="not finite"):
        miner.nearest(np.full((1, 4), np.nan, np.float32), hops_matrix([[1, 0, 0, 0]]), 1)


def test_a_refreshed_index_is_young_and_in_the_shared_space(text_TG):
    miner = Miner(TermIndex.of_vectors(list("abcd"), text_TG, space=TEXT), list("abcd"), text_TG)
    miner.age = 3
    miner.refresh(text_TG[::-1].copy())
    assert miner.age == 0
    assert miner.nearest(text_TG[[0]], hops_matrix([[1, 0, 0, 0]]), 1).tolist() == [[3]]


def test_an_index_of_other_terms_is_refused(text_TG):
    index = TermIndex.of_vectors(list("abcd"), text_TG, space=TEXT)
    with pytest.raises(ArtefactError, match="holds 4 terms, training 3, and they are not the same"):
        Miner(index, list("abc"), text_TG[:3])
    with pytest.raises(ArtefactError, match="not the same"):
        Miner(index, list("abce"), text_TG)
