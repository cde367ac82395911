"""From annotations to candidates (expansion to miner): no held-out term in training, no true term as a negative."""

import numpy as np
import pandas as pd
import scipy.sparse as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from inputs.worlds import PROTEINS, RELATIONS, closure, worlds

from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import GoferError
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import propagate, training_counts
from gofer.inputs.splits.expansion import ExpansionConfig, expand, positives_by_protein
from gofer.inputs.splits.term_sets import FewZeroConfig, TermCounts, TermSources, make_term_sets
from gofer.mining.curriculum import Knobs
from gofer.mining.faiss_index import SHARED, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.negatives import choose_candidates
from gofer.mining.vocabulary import Vocabulary
from gofer.training.dataset import positives_matrix, truth_matrix

SPLITS = pd.DataFrame({"protein_id": PROTEINS, "split": "train"})
EXPANSIONS = [
    ExpansionConfig(
        expansion="all",
        min_positives=3,
        max_hops=2,
        drop_through_held_out=False,
    ),
    ExpansionConfig(
        expansion="all",
        min_positives=3,
        max_hops=2,
        stop_information=0.5,
        stop_frequency=0.6,
        drop_through_held_out=True,
    ),
    ExpansionConfig(
        expansion="sparse",
        min_positives=2,
        max_hops=1,
        max_ancestors=1,
        drop_through_held_out=False,
    ),
    ExpansionConfig(
        expansion="sparse",
        min_positives=9,
        max_hops=2,
        max_ancestors=2,
        drop_through_held_out=True,
    ),
    ExpansionConfig(
        expansion="none",
        min_positives=3,
        max_hops=2,
        drop_through_held_out=False,
    ),
]


@st.composite
def trained_worlds(draw):
    """A world with a term or two drawn as zero-shot, as the rules before training make it."""
    terms, stated = draw(worlds())
    annotations = propagate(stated, terms, RELATIONS)
    labels_NT = label_matrix(annotations, PROTEINS, terms["go_id"].tolist())
    counts = TermCounts(labels_NT.sum(axis=0), labels_NT.sum(axis=0))
    config = FewZeroConfig(1, "sample", None, draw(st.integers(1, 2)), 1, 3, seed=draw(st.integers(0, 9)))
    try:
        sets, _ = make_term_sets(terms, counts, config, RELATIONS, TermSources())
    except GoferError:  # too few terms to draw from, or none left
        assume(False)
    table = terms.assign(training_count=training_counts(labels_NT, sets["held_out"].to_numpy(bool)))
    held_out = set(sets.loc[sets["held_out"], "go_id"])
    labels = expand(annotations, SPLITS, table, held_out, draw(st.sampled_from(EXPANSIONS)), RELATIONS)
    return table, sets, stated, positives_by_protein(labels)


def knobs(draw) -> Knobs:
    return Knobs(
        hard_frac=draw(st.floats(0, 1)), shortlist_M=draw(st.integers(1, 15)), k_hard=draw(st.integers(0, 8)),
        random_k=draw(st.integers(0, 15)), inbatch_easy=draw(st.floats(0, 1)),
        hier_up=draw(st.integers(0, 2)), hier_down=draw(st.integers(0, 2)),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(trained_worlds(), st.data())
def test_held_out_terms_are_in_no_batch_and_no_negative_is_true(case, data):
    terms, sets, stated, pid2pos = case
    held_out = set(sets.loc[sets["held_out"], "go_id"])
    assert not held_out & {go_id for name in ("go_ids", "true_ids") for ids in pid2pos[name] for go_id in ids}

    seed = data.draw(st.integers(0, 99))
    texts_TG = np.random.default_rng(seed).normal(size=(len(terms), 4)).astype(np.float32)
    texts_TG /= np.linalg.norm(texts_TG, axis=1, keepdims=True)
    vocabulary = Vocabulary.of_tables(
        terms, sets, GoLookupCache(terms["go_id"].tolist(), texts_TG), relations=RELATIONS
    )
    known = vocabulary.go_ids
    index = TermIndex.of_vectors(known, vocabulary.text_TG, space=SHARED)
    edges = {known[row] for row in vocabulary.graph.edges_E2.ravel()}
    assert not held_out & (set(known) | set(index.go_ids) | edges)

    miner = Miner(index, known, vocabulary.text_TG)
    hops_BT, truth_BT = (matrix(pid2pos, PROTEINS, known) for matrix in (positives_matrix, truth_matrix))
    z_BD = np.ascontiguousarray(texts_TG[np.arange(len(PROTEINS)) % len(texts_TG)])
    candidates = choose_candidates(
        hops_BT, truth_BT, vocabulary.graph.within_aspects, knobs(data.draw), lambda k: miner.nearest(z_BD, hops_BT, k),
        np.random.default_rng(seed),
    )  # fmt: skip
    full = closure(terms, stated)
    for protein, negative_C, allowed_C in zip(PROTEINS, candidates.negative_BC, candidates.allowed_BC, strict=True):
        contrasted = {known[row] for row in candidates.term_C[negative_C | allowed_C]}
        assert not contrasted & full.get(protein, {}).keys()
        assert not contrasted & held_out


def test_the_truth_of_a_protein_without_a_positive_is_still_there():
    pid2pos = pd.DataFrame({"protein_id": ["P1"], "go_ids": [[]], "hops": [[]], "true_ids": [["a", "gone"]]})
    assert positives_matrix(pid2pos, ["P1", "P2"], ["a", "b"]).nnz == 0
    truth_NT = truth_matrix(pid2pos, ["P1", "P2"], ["a", "b"])
    assert isinstance(truth_NT, sp.csr_array)
    assert truth_NT.toarray().tolist() == [[True, False], [False, False]]
