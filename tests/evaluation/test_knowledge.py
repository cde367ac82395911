"""No, limited and partial knowledge: what was stated before a day is not asked for, in the aspect where it was."""

import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.evaluation.apart import measure_apart
from gofer.evaluation.intervals import Bootstrap
from gofer.evaluation.judged import PARTIAL_SPLIT, Judged
from gofer.evaluation.knowledge import knowledge_before
from gofer.evaluation.measures import measure
from gofer.evaluation.truth import HeldOut, Predicted
from gofer.inputs.labels import propagate

DAY = "2020-01-01"
RELATIONS = ("is_a", "part_of")
PARENTS = {"mf": [], "bind": ["mf"], "ion": ["bind"], "heme": ["bind"], "bp": [], "grow": ["bp"], "divide": ["grow"]}
STATED = [
    ("NEW", "ion", "2020-05-01"),  # nothing was known
    ("LIM", "grow", "2015-01-01"), ("LIM", "ion", "2020-05-01"),  # another aspect was
    ("PAR", "ion", "2015-01-01"), ("PAR", "heme", "2020-05-01"),  # this one was: binding and ion binding are known
    ("PAR", "divide", "2020-05-01"),  # of which nothing was, in this aspect
    ("TWIN", "ion", "2015-01-01"),  # tested for its sequence: there is nothing new to ask
    ("OLD", "ion", "2015-01-01"), ("VAL", "ion", "2019-06-01"),
]  # fmt: skip


@pytest.fixture
def terms():
    table = terms_table(PARENTS, information_accretion=[0, 1, 1, 1, 0, 1, 1], training_count=[9] * 7)
    aspects = ["MFO"] * 4 + ["BPO"] * 3
    return table.assign(aspect=aspects, depth=[0, 1, 2, 2, 0, 1, 2])


@pytest.fixture
def world(terms):
    stated = pd.DataFrame(STATED, columns=["protein_id", "go_id", "date"]).assign(evidence="IDA", source="x")
    annotations = propagate(stated, terms, RELATIONS)
    split = {"OLD": "train", "VAL": "val"}
    ids = sorted(stated["protein_id"].unique())
    splits = pd.DataFrame({"protein_id": ids, "split": [split.get(name, "test") for name in ids]})
    knowledge, known = knowledge_before(annotations, splits, terms, RELATIONS, DAY)
    judged = Judged(knowledge=knowledge, known=known)
    term_sets = terms[["go_id"]].assign(term_set="common")
    return HeldOut.of_tables(terms, term_sets, annotations, splits, RELATIONS, judged), judged


def test_each_aspect_of_each_protein_has_the_knowledge_that_was_there(world):
    _, judged = world
    told = {(row.protein_id, row.aspect): row.knowledge for row in judged.knowledge.itertuples()}
    assert told == {
        ("NEW", "MFO"): "no_knowledge",
        ("LIM", "MFO"): "limited_knowledge",
        ("PAR", "MFO"): "partial_knowledge",
        ("PAR", "BPO"): "limited_knowledge",
    }


def test_known_terms_and_aspects_without_anything_new_are_no_part_of_the_truth(world):
    held_out, _ = world
    truth = {
        split: set(zip(own["protein_id"], own["go_id"], strict=True)) for split, own in held_out.truth.groupby("split")
    }
    assert truth[PARTIAL_SPLIT] == {("PAR", "heme")}
    assert truth["test"] == {
        ("NEW", "bind"), ("NEW", "ion"), ("LIM", "bind"), ("LIM", "ion"), ("PAR", "grow"), ("PAR", "divide"),
    }  # fmt: skip
    assert truth["val"] == {("VAL", "bind"), ("VAL", "ion")}


def figure(table, split, metric="fmax", aspect="MFO"):
    row = table[(table["split"] == split) & (table["metric"] == metric) & (table["aspect"] == aspect)]
    assert len(row) == 1
    return row[["value", "n"]].iloc[0].tolist()


def test_a_known_term_is_neither_found_nor_wrong_where_something_of_its_aspect_was_known(world):
    held_out, judged = world
    bootstrap = Bootstrap(resamples=10, seed=1)
    # Of PAR nothing but what was known: not one new term is found, and the known ones are no help.
    known = pd.DataFrame({"protein_id": ["PAR", "PAR"], "go_id": ["ion", "bind"], "score": [0.9, 0.9]})
    assert figure(measure_apart("m", Predicted(known), held_out, judged, bootstrap), PARTIAL_SPLIT) == [0.0, 1]
    # The new term beside the known ones: all right, since these do not count as wrong.
    found = pd.concat([known, pd.DataFrame({"protein_id": ["PAR"], "go_id": ["heme"], "score": [0.8]})])
    assert figure(measure_apart("m", Predicted(found), held_out, judged, bootstrap), PARTIAL_SPLIT) == [1.0, 1]


def test_no_and_limited_knowledge_are_apart_and_together_the_test_of_the_main_table(world):
    held_out, judged = world
    right = pd.DataFrame({"protein_id": ["NEW", "PAR"], "go_id": ["ion", "divide"], "score": [0.9, 0.9]})
    bootstrap = Bootstrap(resamples=10, seed=1)
    apart = measure_apart("m", Predicted(right), held_out, judged, bootstrap)
    assert figure(apart, "test_no_knowledge") == [1.0, 1]
    assert figure(apart, "test_limited_knowledge") == [0.0, 1]
    assert figure(apart, "test_limited_knowledge", aspect="BPO") == [1.0, 1]
    whole = measure("m", Predicted(right), held_out, {}, bootstrap)
    whole = whole[whole["term_set"] == "all"]
    assert figure(whole, "test")[1] == 2
    assert figure(whole, "test", "coverage")[0] == 0.5
