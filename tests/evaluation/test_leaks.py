"""The evaluation stops if training has seen what is evaluated."""

import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.errors import GoferError
from gofer.evaluation.leaks import ANCESTORS, REFUSED, REPORTED, leak_checks
from gofer.tables import LEAKS

# root ← seen ← masked; root ← other
PARENTS = {"root": [], "seen": ["root"], "masked": ["seen"], "other": ["root"]}


def tables(**changed):
    """Two training proteins, T1 with the masked term alone and T2 without; V and E are held out."""
    stated = [("T1", "masked", 0), ("T2", "other", 0), ("T2", "seen", 0), ("V", "other", 0), ("E", "masked", 0)]
    above = [("T1", "seen", 1), ("T1", "root", 2), ("T2", "root", 1), ("V", "root", 1), ("E", "seen", 1)]
    default = {
        "proteins": pd.DataFrame({"protein_id": ["T1", "T2", "V", "E"], "sequence_sha256": list("abcd")}),
        "splits": pd.DataFrame(
            {
                "protein_id": ["T1", "T2", "V", "E"],
                "split": ["train", "train", "val", "test"],
                "nearest_train": [None, None, "T1", "T2"],
                "nearest_identity": [None, None, 0.25, 0.29],
            }
        ).astype({"nearest_identity": float}),
        "terms": terms_table(PARENTS, training_count=[2, 2, 0, 1]),
        "term_sets": pd.DataFrame(
            {
                "go_id": list(PARENTS),
                "term_set": ["common", "few", "zero", "few"],
                "held_out": [False, False, True, False],
            }
        ),
        "pid2pos": pd.DataFrame(
            {
                "protein_id": ["T1", "T2", "V"],
                "split": ["train", "train", "val"],
                "go_ids": [["seen"], ["other", "seen"], ["other"]],
                "true_ids": [["seen"], ["other", "seen"], ["other"]],
            }
        ),
        "annotations": pd.DataFrame(stated + above, columns=["protein_id", "go_id", "hops"]),
        "relations": ["is_a", "part_of"],
        "promised": 0.3,
        "zero_ancestors": "keep",
    }
    return {**default, **changed}


def found(**changed):
    table = leak_checks(**tables(**changed))
    assert table.columns.tolist() == LEAKS
    return table.set_index("check")


def test_without_a_leak_every_check_reports_among_how_many_it_found_none():
    checks = found()
    strict = checks[checks["handling"] == REFUSED]
    assert (strict["found"] == 0).all()
    assert strict.loc["test proteins with the sequence of a training protein", "of"] == 1
    assert strict.loc["test proteins with a training protein at 30 % identity or more", "of"] == 1
    assert strict.loc["zero-shot terms with a training protein", "of"] == 1
    assert strict.loc["labels of training proteins that are zero-shot terms", "of"] == 3


@pytest.mark.fault(39, 69)
@pytest.mark.parametrize("split", ["val", "test"])
def test_a_held_out_protein_with_the_sequence_of_a_training_protein_stops_the_evaluation(split):
    proteins = tables()["proteins"].assign(sequence_sha256=list("abbd") if split == "val" else list("abca"))
    with pytest.raises(GoferError, match=rf"\({split}\) has the sequence of the training protein T"):
        found(proteins=proteins)


@pytest.mark.fault(39)
def test_a_protein_more_similar_than_promised_stops_the_evaluation_and_is_counted_without_a_promise():
    splits = tables()["splits"].assign(nearest_identity=[None, None, 0.2, 0.31]).astype({"nearest_identity": float})
    with pytest.raises(GoferError, match=r"E \(test\) is 31% identical to the training protein T2"):
        found(splits=splits)
    row = found(splits=splits, promised=None).loc["test proteins with a training protein at 30 % identity or more"]
    assert row.tolist() == [1, 1, REPORTED]


@pytest.mark.fault(39)
@pytest.mark.parametrize("column", ["go_ids", "true_ids"])
def test_a_zero_shot_term_that_training_knows_ends_the_evaluation(column):
    pid2pos = tables()["pid2pos"]
    pid2pos[column] = [["seen", "masked"], ["other"], ["other"]]
    with pytest.raises(GoferError, match="zero-shot term masked is a label of a training protein"):
        found(pid2pos=pid2pos)


def test_a_zero_shot_term_with_training_proteins_ends_the_evaluation():
    with pytest.raises(GoferError, match="zero-shot term masked is counted"):
        found(terms=terms_table(PARENTS, training_count=[2, 2, 1, 1]))


def test_ancestors_of_held_out_terms_are_counted_if_kept_and_refused_if_they_should_be_dropped():
    row = found().loc[ANCESTORS]
    assert row.tolist() == [1, 1, REPORTED]  # T1 has "seen" through "masked" alone; T2 has it independently
    with pytest.raises(GoferError, match="seen is a positive of T1 through held-out terms alone"):
        found(zero_ancestors="drop")
    pid2pos = tables()["pid2pos"]
    pid2pos["go_ids"] = [[], ["other", "seen"], ["other"]]
    assert found(pid2pos=pid2pos, zero_ancestors="drop").loc[ANCESTORS].tolist() == [0, 0, REFUSED]


def test_without_a_held_out_term_nothing_follows_from_one():
    term_sets = tables()["term_sets"].assign(held_out=False)
    assert found(term_sets=term_sets).loc[ANCESTORS].tolist() == [0, 0, REPORTED]
