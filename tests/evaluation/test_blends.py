"""DIAMOND's share is chosen on validation proteins, and counts only where it has a hit."""

import pandas as pd
import pytest

from gofer.evaluation.blends import blend, fit_shares
from gofer.evaluation.truth import HeldOut

ASPECT_OF = pd.Series({"GO:1": "MFO", "GO:2": "MFO", "GO:3": "BPO"})


def table(*rows):
    return pd.DataFrame(rows, columns=["protein_id", "go_id", "score"])


def as_dict(predictions):
    return {(row.protein_id, row.go_id): pytest.approx(row.score) for row in predictions.itertuples()}


def test_scores_are_mixed_where_there_is_a_hit_and_kept_where_there_is_none():
    method = table(("a", "GO:1", 0.4), ("a", "GO:3", 0.5), ("b", "GO:1", 0.3))
    similar = table(("a", "GO:1", 0.8), ("a", "GO:2", 0.6))
    mixed = blend(method, similar, {"MFO": 0.25, "BPO": 0.5}, ASPECT_OF, min_score=0.01)
    assert as_dict(mixed) == {("a", "GO:1"): 0.5, ("a", "GO:2"): 0.15, ("a", "GO:3"): 0.5, ("b", "GO:1"): 0.3}


def test_low_scores_are_left_out_and_no_prediction_gives_none():
    method, similar = table(("a", "GO:1", 0.02)), table(("a", "GO:2", 0.9))
    assert set(as_dict(blend(method, similar, {"MFO": 0.6, "BPO": 0.0}, ASPECT_OF, min_score=0.05))) == {("a", "GO:2")}
    assert blend(table(), table(), {"MFO": 0.6, "BPO": 0.0}, ASPECT_OF, min_score=0.05).empty


def held_out(labels):
    terms = pd.DataFrame(
        {
            "go_id": ["GO:0", "GO:1", "GO:2"],
            "aspect": "MFO",
            "is_a": [[], ["GO:0"], ["GO:0"]],
            "part_of": [[], [], []],
            "information_accretion": [0.0, 1.0, 1.0],
            "training_count": [9, 3, 3],
        }
    )
    annotations = pd.DataFrame(labels, columns=["protein_id", "go_id"])
    splits = pd.DataFrame({"protein_id": ["v", "w", "t"], "split": ["val", "val", "test"]})
    return HeldOut.of_tables(terms, pd.DataFrame({"go_id": terms["go_id"], "term_set": "common"}), annotations, splits)


def test_the_share_is_that_which_serves_the_validation_proteins():
    labels = [("v", "GO:1"), ("w", "GO:2"), ("t", "GO:1")]
    wrong = table(("v", "GO:2", 0.5), ("w", "GO:1", 0.5), ("t", "GO:1", 0.9))
    right = table(("v", "GO:1", 0.9), ("w", "GO:2", 0.9), ("t", "GO:2", 0.9))
    assert fit_shares(wrong, right, held_out(labels), min_score=0.01)["MFO"] > 0.3
    assert fit_shares(right, wrong, held_out(labels), min_score=0.01) == {"MFO": 0.0}


def test_without_a_label_or_a_hit_diamond_has_no_share():
    one = table(("v", "GO:1", 0.5))
    assert fit_shares(one, one, held_out([("t", "GO:1")]), min_score=0.01) == {"MFO": 0.0}
    assert fit_shares(one, table(), held_out([("v", "GO:1")]), min_score=0.01) == {"MFO": 0.0}
