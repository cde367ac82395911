"""The naive baseline equals a computation by hand."""

from evaluation.ontologies import terms_table

from gofer.baselines.naive import naive


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
