"""Prior knowledge (split_dates, benchmark_subsets, subset_metrics): known terms are not to be predicted."""

import gzip

import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.errors import GoferError
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.metric_rows import measure
from gofer.evaluation.subset_metrics import measure_subsets
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.benchmark_subsets import PARTIAL_SPLIT, Judged, knowledge_before
from gofer.inputs.held_out import HeldOut
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.inputs.splits.split_dates import first_days, known_in_time
from gofer.metrics.bootstrap import Bootstrap

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
    found = {(row.protein_id, row.aspect): row.knowledge for row in judged.knowledge.itertuples()}
    assert found == {
        ("NEW", "MFO"): "no_knowledge",
        ("LIM", "MFO"): "limited_knowledge",
        ("PAR", "MFO"): "partial_knowledge",
        ("PAR", "BPO"): "limited_knowledge",
    }


def test_a_day_after_which_nothing_is_new_is_refused(terms):
    stated = pd.DataFrame(STATED, columns=["protein_id", "go_id", "date"]).assign(evidence="IDA", source="x")
    splits = pd.DataFrame({"protein_id": sorted(stated["protein_id"].unique()), "split": "test"})
    with pytest.raises(GoferError, match="no term of a test protein is new since 2030-01-01"):
        knowledge_before(propagate(stated, terms, RELATIONS), splits, terms, RELATIONS, "2030-01-01")


def test_known_terms_and_aspects_without_anything_new_are_no_part_of_the_truth(world):
    held_out, _ = world
    truth = {
        split: set(zip(rows["protein_id"], rows["go_id"], strict=True))
        for split, rows in held_out.truth.groupby("split")
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


def test_a_known_term_is_neither_found_nor_wrong_in_partial_knowledge(world):
    held_out, judged = world
    bootstrap = Bootstrap(resamples=10, seed=1)
    # Of PAR nothing but what was known: not one new term is found, and the known ones are no help.
    known = pd.DataFrame({"protein_id": ["PAR", "PAR"], "go_id": ["ion", "bind"], "score": [0.9, 0.9]})
    assert figure(measure_subsets("m", Predicted(known), held_out, judged, bootstrap), PARTIAL_SPLIT) == [0.0, 1]
    # The new term together with the known ones: no error, since these do not count as wrong.
    found = pd.concat([known, pd.DataFrame({"protein_id": ["PAR"], "go_id": ["heme"], "score": [0.8]})])
    assert figure(measure_subsets("m", Predicted(found), held_out, judged, bootstrap), PARTIAL_SPLIT) == [1.0, 1]


def test_in_a_judged_split_the_main_test_stays_whole_and_the_three_kinds_are_the_same(terms):
    stated = pd.DataFrame(STATED, columns=["protein_id", "go_id", "date"]).assign(evidence="IDA", source="x")
    annotations = propagate(stated, terms, RELATIONS)
    ids = sorted(stated["protein_id"].unique())
    splits = pd.DataFrame({"protein_id": ids, "split": "test"})
    judged = Judged(
        **dict(zip(("knowledge", "known"), knowledge_before(annotations, splits, terms, RELATIONS, DAY), strict=True))
    )
    sets, right = terms[["go_id"]].assign(term_set="common"), [("PAR", "heme", 0.8), ("NEW", "ion", 0.8)]
    scores = pd.DataFrame(right, columns=["protein_id", "go_id", "score"])
    bootstrap, tables = Bootstrap(resamples=10, seed=1), []
    for separate in (judged, None):
        held_out = HeldOut.of_tables(terms, sets, annotations, splits, RELATIONS, separate)
        tables.append(measure_subsets("m", Predicted(scores), held_out, judged, bootstrap))
        whole = measure("m", Predicted(scores), held_out, {}, bootstrap)
        proteins = figure(whole[whole["term_set"] == "all"], "test")[1]
        assert proteins == (2 if separate is judged else 6)
    pd.testing.assert_frame_equal(*(table.drop(columns="draws", errors="ignore") for table in tables))


def test_no_and_limited_knowledge_are_disjoint_and_together_the_test_of_the_main_table(world):
    held_out, judged = world
    right = pd.DataFrame({"protein_id": ["NEW", "PAR"], "go_id": ["ion", "divide"], "score": [0.9, 0.9]})
    bootstrap = Bootstrap(resamples=10, seed=1)
    subsets = measure_subsets("m", Predicted(right), held_out, judged, bootstrap)
    assert figure(subsets, "test_no_knowledge") == [1.0, 1]
    assert figure(subsets, "test_limited_knowledge") == [0.0, 1]
    assert figure(subsets, "test_limited_knowledge", aspect="BPO") == [1.0, 1]
    whole = measure("m", Predicted(right), held_out, {}, bootstrap)
    whole = whole[whole["term_set"] == "all"]
    assert figure(whole, "test")[1] == 2
    assert figure(whole, "test", "coverage")[0] == 0.5


def test_on_a_real_gaf_knowledge_and_truth_are_those_of_a_plain_recount(shared_data):
    gaf = shared_data / "gaf" / "gene_association.sgd.gz"
    go = read_ontology(shared_data / "go" / "go-basic_2014-07-06.obo.gz")
    with gzip.open(gaf, "rt", encoding="utf-8") as file:
        ids = sorted({line.split("\t")[1] for line in file if not line.startswith("!")})
    proteins = pd.DataFrame({"protein_id": ids, "sequence": ids, "sequence_sha256": ids})  # no two are equal
    codes = AnnotationRules(frozenset("EXP IDA IPI IMP IGI IEP TAS IC".split()), 0.1, RELATIONS)
    stated, _ = read_annotations([gaf], ProteinNames.of_table(proteins), go.terms, go.obsolete, codes)
    roots, days = (
        set(go.terms.loc[go.terms["depth"] == 0, "go_id"]),
        {"val_from": "2009-01-01", "test_from": "2010-01-01"},
    )
    seen = known_in_time(stated, proteins, roots, Accounting(), **days, later="test")
    annotations = propagate(seen, go.terms, RELATIONS)
    first = first_days(seen, proteins, roots, again_from=days["test_from"])
    config = SplitConfig("date", "kmers", 0.3, 0.15, 0.15, 1, *days.values())
    splits, _ = make_splits(proteins, set(first.index), config, days=first)
    knowledge, known = knowledge_before(annotations, splits, go.terms, RELATIONS, days["test_from"])
    judged = Judged(knowledge=knowledge, known=known)
    term_sets = go.terms[["go_id"]].assign(term_set="common")
    truth = HeldOut.of_tables(go.terms, term_sets, annotations, splits, RELATIONS, judged).truth
    asked, pairs = recounted(stated, splits, go, roots, days["test_from"])
    assert {(row.protein_id, row.aspect): row.knowledge for row in knowledge.itertuples()} == asked
    assert {tuple(row) for row in truth[truth["split"] != "val"].itertuples(index=False)} == pairs
    assert min(pd.Series(asked).value_counts()) > 300


def recounted(stated, splits, go, roots, day):
    """Knowledge by protein and aspect, and protein, term and split of the truth, one protein after the other."""
    aspect = dict(zip(go.terms["go_id"], go.terms["aspect"], strict=True))
    graph = GoGraph.of_terms(go.terms, RELATIONS)
    above = {go_id: graph.ancestors([go_id]) for go_id in stated["go_id"].unique()}
    asked, pairs = {}, set()
    tested = splits.loc[splits["split"] == "test", "protein_id"]
    telling = stated[stated["protein_id"].isin(tested) & ~stated["go_id"].isin(roots)]
    for name, rows in telling.groupby("protein_id"):
        old = rows.loc[rows["date"] < day, "go_id"]
        before = {term for stated_term in old for term in above[stated_term]}
        now = {term for stated_term in rows["go_id"] for term in above[stated_term]} - roots
        for here in {aspect[term] for term in now - before}:
            partial = here in {aspect[term] for term in old}
            asked[name, here] = "partial_knowledge" if partial else "limited_knowledge" if len(old) else "no_knowledge"
            new = {term for term in now if aspect[term] == here and not (partial and term in before)}
            pairs |= {(name, term, PARTIAL_SPLIT if partial else "test") for term in new}
    return asked, pairs
