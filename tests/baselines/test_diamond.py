"""The DIAMOND baseline equals a computation by hand."""

import pandas as pd
import pytest

from gofer.baselines.diamond import transferred_labels


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
    table = pd.concat(transferred_labels(hits, *transfer, min_score=0.01))
    assert table.values.tolist() == [["Q1", "a", 1.0], ["Q1", "b", 0.75]]  # T3 has no label and counts nowhere
    assert pd.concat(transferred_labels(hits, *transfer, min_score=0.8))["go_id"].tolist() == ["a"]


def test_without_a_hit_nothing_is_transferred(transfer):
    hits = pd.DataFrame({"query": [], "target": [], "bitscore": []}).astype({"query": int, "target": int})
    assert pd.concat(transferred_labels(hits, *transfer, min_score=0.01)).empty
