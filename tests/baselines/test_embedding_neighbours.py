"""Labels of the nearest training proteins are as computed by hand, and k is chosen on validation proteins."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.baselines.embedding_neighbours import (
    CHOICES,
    choose_k,
    first_neighbours,
    mean_pooled,
    nearest,
    neighbour_labels,
)

TERMS = terms_table({"m": [], "a": ["m"], "b": ["m"], "p": [], "c": ["p"]}, aspect={
    "m": "MFO", "a": "MFO", "b": "MFO", "p": "BPO", "c": "BPO"
})  # fmt: skip
NEIGHBOURS = pd.DataFrame(
    [("Q", "T1", 0.8), ("Q", "T2", 0.4), ("Q", "T3", 0.2), ("R", "T3", 0.5)],
    columns=["protein_id", "neighbour", "cosine"],
)
LABELS = pd.DataFrame(
    [("T1", "a"), ("T1", "b"), ("T2", "a"), ("T3", "c"), ("far", "b")], columns=["protein_id", "go_id"]
)


class Store(dict):
    """Stands in for the residue store."""

    width = 2


def scores(table):
    return {(protein, term): pytest.approx(score) for protein, term, score in table.values.tolist()}


def test_a_protein_is_the_mean_of_its_residues_at_length_one():
    store = Store(x=np.array([[3, 0], [0, 4]], np.float16), y=np.array([[2, 0]], np.float16))
    assert mean_pooled(store, ["x", "y"]) == pytest.approx(np.array([[0.6, 0.8], [1, 0]]))
    assert mean_pooled(store, []).shape == (0, 2)


def test_the_nearest_come_first_and_opposite_vectors_are_no_neighbours():
    training = ["T1", "T2", "T3"], np.array([[0, 1], [1, 0], [-1, 0]], np.float32)
    table = nearest((["Q"], np.array([[0.8, 0.6]], np.float32)), training, most=3)
    assert table["neighbour"].tolist() == ["T2", "T1"]
    assert table["cosine"].tolist() == pytest.approx([0.8, 0.6])
    assert nearest(([], np.zeros((0, 2), np.float32)), training).empty


def test_labels_are_weighed_by_cosine_among_the_neighbours_labelled_in_the_aspect():
    found = scores(neighbour_labels(NEIGHBOURS, LABELS, TERMS, k=3, min_score=0.01))
    assert found == {("Q", "a"): 1.0, ("Q", "b"): 0.8 / 1.2, ("Q", "c"): 1.0, ("R", "c"): 1.0}
    assert set(scores(neighbour_labels(NEIGHBOURS, LABELS, TERMS, k=1, min_score=0.01))) == {
        ("Q", "a"), ("Q", "b"), ("R", "c"),
    }  # fmt: skip


def test_only_the_first_k_count():
    assert first_neighbours(NEIGHBOURS, 2)["neighbour"].tolist() == ["T1", "T2", "T3"]


def test_no_neighbour_or_no_label_predicts_nothing():
    assert neighbour_labels(NEIGHBOURS.iloc[:0], LABELS, TERMS, k=3, min_score=0.01).empty
    assert neighbour_labels(NEIGHBOURS, LABELS.iloc[:0], TERMS, k=3, min_score=0.01).empty


def test_k_is_chosen_by_fmax_on_validation_proteins():
    training = [f"T{i}" for i in range(10)]
    near = pd.DataFrame({"protein_id": "V", "neighbour": training, "cosine": np.linspace(0.9, 0.8, 10)})
    labels = pd.DataFrame({"protein_id": training, "go_id": ["b", "a", "a"] + ["b"] * 7})
    right = pd.DataFrame({"protein_id": ["V"], "go_id": ["a"]})
    assert choose_k(near, labels, right, TERMS, ["is_a", "part_of"]) == 3
    assert choose_k(near, labels, right.assign(go_id="b"), TERMS, ["is_a", "part_of"]) == 1
    assert choose_k(near, labels, right.iloc[:0], TERMS, ["is_a", "part_of"]) == CHOICES[0]


def test_of_many_the_nearest_are_those_of_sorting_all_with_ties_by_row():
    rng = np.random.default_rng(0)
    training = np.round(rng.normal(size=(400, 2)).astype(np.float32), 1)  # many equal vectors, so many ties
    asked = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    ids = [f"T{row}" for row in range(400)]
    found = nearest((["a", "b", "c"], asked), (ids, training), most=7)
    for place, name in enumerate(["a", "b", "c"]):
        order = np.argsort(-(asked[place] @ training.T), kind="stable")[:7]
        assert found.loc[found["protein_id"] == name, "neighbour"].tolist() == [ids[row] for row in order]
