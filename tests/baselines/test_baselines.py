"""The naive and the DIAMOND baseline equal a computation by hand."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.baselines.diamond import transferred_labels
from gofer.baselines.kmer_ridge import kmer_ridge
from gofer.baselines.naive import naive
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelWeights


def test_naive_gives_every_protein_the_frequency_of_the_term_in_its_aspect():
    parents = {"m": [], "a": ["m"], "b": ["a"], "rare": ["a"], "p": [], "c": ["p"]}
    aspects = dict.fromkeys(["m", "a", "b", "rare"], "MFO") | {"p": "BPO", "c": "BPO"}
    terms = terms_table(parents, aspect=aspects, training_count=[200, 150, 20, 1, 50, 10])
    table = naive(terms, ["P1", "P2"], min_score=0.01)
    wanted = [("a", 0.75), ("c", 0.2), ("b", 0.1)]
    assert table.values.tolist() == [[protein, *pair] for protein in ("P1", "P2") for pair in wanted]


def test_naive_without_training_proteins_predicts_nothing():
    terms = terms_table({"m": [], "a": ["m"]}, training_count=[0, 0])
    assert naive(terms, ["P1"], min_score=0.0).empty


@pytest.fixture
def transfer():
    queries = pd.DataFrame({"protein_id": ["Q1", "Q2"]})
    targets = pd.DataFrame({"protein_id": ["T1", "T2", "T3"]})
    labels = pd.DataFrame(
        [("T1", "a"), ("T1", "b"), ("T2", "a"), ("T2", "a"), ("elsewhere", "c")], columns=["protein_id", "go_id"]
    )
    return queries, targets, labels


def test_transferred_labels_are_weighed_by_bit_score(transfer):
    hits = pd.DataFrame({"query": [0, 0, 0], "target": [0, 1, 2], "bitscore": [300.0, 100.0, 999.0]})
    table = transferred_labels(hits, *transfer, min_score=0.01)
    assert table.values.tolist() == [["Q1", "a", 1.0], ["Q1", "b", 0.75]]  # T3 has no label and counts nowhere
    assert transferred_labels(hits, *transfer, min_score=0.8)["go_id"].tolist() == ["a"]


def test_without_a_hit_nothing_is_transferred(transfer):
    hits = pd.DataFrame({"query": [], "target": [], "bitscore": []}).astype({"query": int, "target": int})
    assert transferred_labels(hits, *transfer, min_score=0.01).empty


def test_kmer_ridge_transfers_labels_to_similar_proteins():
    rng = np.random.default_rng(1)
    family = np.arange(40) % 2
    sequences = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 40)) + ["WWCHW", "MMKYM"][f] * 3 for f in family]
    terms = pd.DataFrame(
        {"go_id": ["GO:1", "GO:2", "GO:3"], "aspect": "MFO", "is_a": [[], ["GO:1"], ["GO:1"]], "part_of": [[], [], []]}
    )
    true_ids = [["GO:1", "GO:2" if f else "GO:3"] for f in family]
    kernel = KernelWeights(
        **dict.fromkeys(SIMILARITIES, 2.0), sharpness=3.0, ridge=1.0, evenness=1.0, landmarks=99
    ).of_kmers()
    table = kmer_ridge(
        (sequences[:30], true_ids[:30]),
        ([f"P{i}" for i in range(30, 40)], sequences[30:]),
        terms,
        kernel,
        relations=["is_a"],
        min_score=0.01,
        seed=1,
    )
    scores = table.pivot(index="protein_id", columns="go_id", values="score").fillna(0)
    assert (scores["GO:1"] >= scores[["GO:2", "GO:3"]].max(axis=1)).all()
    assert ((scores["GO:2"] > scores["GO:3"]).to_numpy() == (family[30:] == 1)).mean() >= 0.9
