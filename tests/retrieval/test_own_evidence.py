"""stated_terms, own_evidence: what is stated of a protein counts as often as it was true, and only for that protein."""

import json

import numpy as np
import pandas as pd
import pytest

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import fmax
from gofer.retrieval.co_annotation import CoAnnotation
from gofer.retrieval.own_evidence import ANY, RAISED, AspectTrust, OwnEvidence
from gofer.retrieval.stated_terms import StatedTerms

TERMS, PROTEINS = 30, 400
IDS = [f"P{number:03d}" for number in range(PROTEINS)]
TABLE = pd.DataFrame(
    {
        "go_id": ["root", *(f"GO:{term}" for term in range(1, TERMS))],
        "aspect": "MFO",
        "depth": [0] + [1] * (TERMS - 1),
        "is_a": [[], *([["root"] if term < 10 else [f"GO:{term - 9}"] for term in range(1, TERMS)])],
        "information_accretion": 1.0,
    }
)
COLUMNS = np.arange(1, TERMS)
RELATIONS = ["is_a"]


def stated_of(rows):
    table = pd.DataFrame(rows, columns=["protein_id", "go_id", "evidence"])
    return StatedTerms.of_table(table, TABLE, RELATIONS)


def world(right, wrong, codes, seed=0):
    """Scores that know little, truth, and statements of every second protein: so often stated if true, and if not."""
    rng = np.random.default_rng(seed)
    truth_BT = rng.random((PROTEINS, TERMS)) < 0.15
    truth_BT[:, 0] = True
    truth_BT = hierarchy_consistent(truth_BT.astype(float), GoGraph.of_terms(TABLE, RELATIONS)) > 0
    scores_BT = np.clip(0.3 * truth_BT + 0.5 * rng.random(truth_BT.shape), 0.01, 1).astype(np.float32)
    said_BT = rng.random(truth_BT.shape) < np.where(truth_BT, right, wrong)
    pairs = [(b, t) for b, t in zip(*np.nonzero(said_BT), strict=True) if b % 2 == 0 and t > 0]
    rows = [(IDS[b], f"GO:{t}", codes[t % len(codes)]) for b, t in pairs]
    return scores_BT[:, 1:], truth_BT[:, 1:], stated_of(rows).of_proteins(IDS)


def fitted(scores_BC, truth_BC, stated):
    terms = TABLE.iloc[1:].reset_index(drop=True)
    return OwnEvidence.fit(scores_BC, truth_BC, stated.columns(COLUMNS), terms, RELATIONS)


def test_true_statements_raise_what_the_scores_are_worth_and_other_proteins_keep_their_bytes():
    scores_BC, truth_BC, stated = world(0.5, 0.01, ["IEA"])
    own = fitted(scores_BC, truth_BC, stated)
    new, true_of_new, stated_of_new = world(0.5, 0.01, ["IEA"], seed=1)
    after_BC = own.apply(new, stated_of_new, TABLE, COLUMNS)
    assert fmax(after_BC, true_of_new) > fmax(new, true_of_new) + 0.02
    np.testing.assert_array_equal(after_BC[1::2], new[1::2])
    assert (after_BC > 0).all()
    assert (after_BC <= 1).all()
    said_BC = stated_of_new.groups["electronic"].toarray()[:, 1:]
    assert after_BC[said_BC].mean() == pytest.approx(true_of_new[said_BC].mean(), abs=0.03)
    not_said_BC = ~said_BC & said_BC.any(axis=1)[:, None]
    assert after_BC[not_said_BC].mean() == pytest.approx(true_of_new[not_said_BC].mean(), abs=0.03)


def test_statements_that_are_mere_chance_change_nothing():
    scores_BC, truth_BC, stated = world(0.1, 0.1, ["IEA"])
    own = fitted(scores_BC, truth_BC, stated)
    after_BC = own.apply(scores_BC, stated, TABLE, COLUMNS)
    assert fmax(after_BC, truth_BC) == pytest.approx(fmax(scores_BC, truth_BC), abs=0.02)


def telling_world(seed):
    """Statements of GO:1, which are true, and of GO:2, which say that GO:3 is true."""
    rng = np.random.default_rng(seed)
    said_B2 = rng.random((PROTEINS, 2)) < 0.5
    truth_BC = rng.random((PROTEINS, TERMS - 1)) < 0.05
    truth_BC[:, 9:] = False
    truth_BC[:, 0] |= said_B2[:, 0]  # statements have some worth by themselves
    truth_BC[:, 2] = rng.random(PROTEINS) < np.where(said_B2[:, 1], 0.9, 0.02)
    scores_BC = np.where(np.arange(TERMS - 1) < 9, 0.1, 0.01) * np.ones(truth_BC.shape, np.float32)
    rows = [(IDS[b], f"GO:{t + 1}", "IEA") for b, t in zip(*np.nonzero(said_B2), strict=True)]
    return scores_BC, truth_BC, stated_of([*rows, ("no other", "GO:1", "IEA")]).of_proteins(IDS)


def test_what_is_stated_in_other_places_raises_and_lowers_terms_that_are_not_and_the_row_says_so():
    own = fitted(*telling_world(0))
    scores_BC, truth_BC, stated = telling_world(1)
    after_BC = own.apply(scores_BC, stated, TABLE, COLUMNS)
    said_BT = stated.any.toarray()
    some_B = said_BT.any(axis=1)
    assert fmax(after_BC[some_B], truth_BC[some_B]) > fmax(scores_BC[some_B], truth_BC[some_B]) + 0.1
    assert after_BC[said_BT[:, 2], 2].mean() == pytest.approx(0.9, abs=0.07)
    assert after_BC[said_BT[:, 1] & ~said_BT[:, 2], 2].mean() < 0.15
    np.testing.assert_array_equal(after_BC[~some_B], scores_BC[~some_B])
    row, go_ids = int(np.flatnonzero(said_BT[:, 2] & ~said_BT[:, 1])[0]), pd.Index(TABLE["go_id"])
    assert own.notes(stated, row, go_ids, np.array([2, 3, 8])) == [
        "stated by IEA annotation of this protein", RAISED, ""
    ]  # fmt: skip
    none = int(np.flatnonzero(~some_B)[0])
    assert own.notes(stated, none, go_ids, np.array([2, 3])) == ["", ""]


def test_what_is_stated_together_counts_only_where_it_helps_and_older_files_have_none_of_it():
    rng = np.random.default_rng(0)
    scores_BC, truth_BC, stated = world(0.5, 0.01, ["IEA"])
    rows = [(protein_id, f"GO:{rng.integers(10, 12)}", "IEA") for protein_id in IDS]
    assert CoAnnotation.fit(stated_of(rows).any[:20], TABLE["go_id"].tolist(), scores_BC, truth_BC, COLUMNS) is None
    content = OwnEvidence({"MFO": AspectTrust(0.5, {ANY: 0.9}, {ANY: {}})}).to_json()
    assert "together" not in content["MFO"]
    assert OwnEvidence.from_json(content).aspects["MFO"].together is None
    content = fitted(*telling_world(0)).to_json()
    content["MFO"]["together"]["right_RC"] = content["MFO"]["together"]["left_SR"]
    with pytest.raises(ArtefactError, match="no trust in own annotations"):
        OwnEvidence.from_json(content)


def test_terms_that_a_newer_release_lacks_count_as_not_stated():
    own = fitted(*telling_world(0)).aspects["MFO"].together
    _, _, stated = telling_world(1)
    go_ids = pd.Index(TABLE["go_id"])
    other = pd.Index(["new" if go_id == "GO:2" else go_id for go_id in go_ids])
    some = stated.any[np.flatnonzero(stated.any.sum(axis=1))]
    without = some.toarray()
    without[:, 2] = False
    np.testing.assert_allclose(own.changes(some, other), own.changes(type(some)(without), go_ids), atol=1e-6)


def test_groups_of_evidence_have_their_own_shares_where_they_are_large_and_else_that_of_all():
    scores_BC, truth_BC, stated = world(0.5, 0.05, ["IEA", "IEA", "IEA", "IBA"])
    shares = fitted(scores_BC, truth_BC, stated).aspects["MFO"].shares
    assert set(shares) == {ANY, "electronic"}
    said_BC = stated.groups["electronic"].toarray()[:, 1:]
    assert shares["electronic"] == pytest.approx(truth_BC[said_BC].mean(), abs=1e-3)
    trust = AspectTrust(0.5, {ANY: 0.25, "electronic": 0.75}, {ANY: {"b": 0.5}, "electronic": {"a": 1.0}})
    groups = {"electronic": np.array([[True, True, False]]), "curated": np.array([[False, True, True]])}
    np.testing.assert_array_equal(trust.own(groups, ["a", "b", "c"]), np.float32([[1.0, 0.75, 0.25]]))


def test_trust_comes_back_from_a_file_and_what_is_none_is_refused():
    own = fitted(*world(0.5, 0.01, ["IEA"]))
    read = OwnEvidence.from_json(json.loads(json.dumps(own.to_json())))
    assert read.to_json() == own.to_json()
    assert OwnEvidence.from_json(None) is None
    with pytest.raises(ArtefactError, match="no trust in own annotations"):
        OwnEvidence.from_json({"MFO": {"weight": 0.5}})


def test_a_statement_says_its_term_and_all_above_and_from_which_evidence():
    stated = stated_of([("P2", "GO:20", "IEA"), ("P2", "GO:11", "IDA|IEA"), ("P1", "GO:3", np.nan)])
    three = stated.of_proteins(["P1", "none", "P2"])
    terms_K = np.array([20, 11, 2, 3])
    assert three.notes(0, terms_K) == ["", "", "", "stated by annotation of this protein"]
    assert three.notes(1, terms_K) == ["", "", "", ""]
    assert three.notes(2, terms_K) == [
        "stated by IEA annotation of this protein",
        "known by experiment, stated by IDA, IEA annotation of this protein",
        "known by experiment, implied by IDA, IEA annotation of this protein",
        "",
    ]
    assert three.groups["electronic"].toarray().nonzero()[1].tolist() == [2, 11, 20]  # GO:11 and GO:2 are above GO:20
