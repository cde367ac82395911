"""Invariants of term sets and labels are checked in any case."""

import numpy as np
import pandas as pd
import pytest

from gofer.errors import GoferError
from gofer.inputs.splits.label_checks import check_counts, check_labels, check_term_sets

RELATIONS = ["is_a", "part_of"]


@pytest.fixture
def sets(ontology):
    """GO:0000003 is held out; 5 training proteins have any other term."""
    held_out = ontology.terms["go_id"] == "GO:0000003"
    return pd.DataFrame(
        {"go_id": ontology.terms["go_id"], "term_set": np.where(held_out, "zero", "common"), "held_out": held_out}
    )


def checked(sets, terms, **changed):
    seen_T = np.where(terms["go_id"] == "GO:0000003", 0, 5)
    check_term_sets(sets, terms, changed.pop("seen_T", seen_T), RELATIONS, **{"few_max": 2, **changed})


def test_sound_sets_pass(sets, ontology):
    checked(sets, ontology.terms)


@pytest.mark.parametrize(
    ("go_id", "column", "value", "said"),
    [
        ("GO:0003674", "held_out", True, "would mask the root GO:0003674"),
        ("GO:0000001", "held_out", True, "GO:0000001 is held out but has training proteins"),
        ("GO:0000003", "term_set", "few", "GO:0000003 is in the wrong set"),
        ("GO:0000001", "term_set", "few", "GO:0000001 is in the wrong set"),
    ],
)
def test_a_set_at_fault_is_refused(sets, ontology, go_id, column, value, said):
    sets.loc[sets["go_id"] == go_id, column] = value
    with pytest.raises(GoferError, match=said):
        checked(sets, ontology.terms)


def test_a_term_below_a_held_out_one_must_be_held_out(sets, ontology):
    sets["held_out"] = sets["go_id"] == "GO:0000001"
    with pytest.raises(GoferError, match="GO:0000003 is below a held-out term"):
        checked(sets, ontology.terms)


def test_listed_few_shot_terms_are_those_of_the_list_and_no_others(sets, ontology):
    sets.loc[sets["go_id"] == "GO:0000001", "term_set"] = "few"
    checked(sets, ontology.terms, few={"GO:0000001"})
    with pytest.raises(GoferError, match="GO:0000001 is in the wrong set"):
        checked(sets, ontology.terms, few={"GO:0000002"})


def labels(**changed):
    row = {
        "protein_id": "P1", "split": "train", "go_ids": ["GO:0000001"], "hops": [0],
        "true_ids": ["GO:0000001", "GO:0000002"],
    }  # fmt: skip
    return pd.DataFrame([{**row, **changed}])


@pytest.fixture
def counted(ontology):
    return ontology.terms.assign(training_count=ontology.terms["go_id"].isin(["GO:0000001", "GO:0000002"]).astype(int))


def test_sound_labels_pass(sets, counted):
    check_labels(labels(), sets, counted)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"true_ids": ["GO:0000001", "GO:0000003"]}, "GO:0000003 is a label of P1, but training may not see it"),
        ({"true_ids": ["GO:0000001", "GO:0003674"]}, "GO:0003674 is a label of P1, but training may not see it"),
        ({"true_ids": ["GO:0000002"]}, "GO:0000001 is a positive of P1, but not true of it"),
        ({"hops": [0, 1]}, "repeat a term or lack their hops"),
        ({"go_ids": ["GO:0000001"] * 2, "hops": [0, 0]}, "repeat a term or lack their hops"),
    ],
)
def test_labels_at_fault_are_refused(sets, counted, changed, said):
    with pytest.raises(GoferError, match=said):
        check_labels(labels(**changed), sets, counted)


def test_the_true_labels_are_those_that_were_counted(counted):
    check_counts({"GO:0000001": 1, "GO:0000002": 1}, counted)
    with pytest.raises(GoferError, match="GO:0000002 is true of 0 training proteins, but counted 1 times"):
        check_counts({"GO:0000001": 1}, counted)


def test_a_protein_is_there_once(sets, counted):
    with pytest.raises(GoferError, match="P1 occurs twice"):
        check_labels(pd.concat([labels(), labels(split="val")]), sets, counted)
