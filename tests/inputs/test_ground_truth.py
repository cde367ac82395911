"""The joined ground truth is read back as it was joined."""

import pandas as pd
from evaluation.ontologies import terms_table

from gofer.artefacts import Manifest, write_table
from gofer.inputs.benchmark_subsets import PARTIAL_SPLIT, Judged
from gofer.inputs.ground_truth import LABELS, ground_truth, read_ground_truth
from gofer.inputs.held_out import HeldOut
from gofer.inputs.schemas import typed

ASPECT_OF = {"m": "MFO", "a": "MFO", "b": "MFO", "p": "BPO", "c": "BPO"}
TERMS = terms_table({"m": [], "a": ["m"], "b": ["a"], "p": [], "c": ["p"]}, aspect=ASPECT_OF)
TERM_SETS = pd.DataFrame({"go_id": list("mabpc"), "term_set": ["common", "common", "zero", "common", "few"]})
ANNOTATIONS = pd.DataFrame(
    [(protein, term) for protein, terms in {"V": "mab", "T": "mapc", "R": "ma"}.items() for term in terms],
    columns=["protein_id", "go_id"],
)
SPLITS = pd.DataFrame(
    {
        "protein_id": ["V", "T", "R"],
        "split": ["val", "test", "train"],
        "nearest_identity": [0.4, float("nan"), float("nan")],
    }
)


def joined(tmp_path, judged):
    held_out = HeldOut.of_tables(TERMS, TERM_SETS, ANNOTATIONS, SPLITS, judged=judged)
    labels, terms = ground_truth(held_out, judged, SPLITS)
    files = {"truth_labels": tmp_path / "labels.parquet", "truth_terms": tmp_path / "terms.parquet"}
    write_table(files["truth_labels"], typed(labels, LABELS), Manifest())
    write_table(files["truth_terms"], terms, Manifest())
    return held_out, *read_ground_truth(files, ["is_a", "part_of"])


def pairs(table):
    return sorted(table.itertuples(index=False, name=None))


def test_labels_sets_and_identities_are_those_that_were_joined(tmp_path):
    sets = pd.DataFrame({"protein_set": ["zoo", "ark"], "aspect": ["MFO", "BPO"], "protein_id": ["T", "T"]})
    judged = Judged(terms=pd.DataFrame({"go_id": ["b"]}), proteins=sets)
    before, after, again = joined(tmp_path, judged)
    assert (
        pairs(after.truth)
        == pairs(before.truth)
        == [("T", "a", "test"), ("T", "c", "test"), ("V", "a", "val"), ("V", "b", "val")]
    )
    assert after.term_set.to_dict() == before.term_set.to_dict()
    assert after.identity["V"] == 0.4
    assert again.terms["go_id"].tolist() == ["b"]
    assert {name: list(ids) for name, ids in again.sets("MFO").items()} == {"ark": [], "zoo": ["T"]}


def test_partial_knowledge_is_a_separate_split_without_known_terms(tmp_path):
    knowledge = pd.DataFrame({"protein_id": ["T"], "aspect": ["MFO"], "knowledge": ["partial_knowledge"]})
    judged = Judged(knowledge=knowledge, known=pd.DataFrame({"protein_id": ["T", "T"], "go_id": ["m", "a"]}))
    before, after, again = joined(tmp_path, judged)
    assert pairs(after.truth) == pairs(before.truth)
    assert set(before.truth["split"]) <= {"val", PARTIAL_SPLIT}
    assert pairs(again.known) == [("T", "a"), ("T", "m")]
    assert pairs(again.knowledge) == [("T", "MFO", "partial_knowledge")]
