"""stated_terms, own_evidence: what is stated of a protein counts as often as it was true, and only for that protein."""

import json

import numpy as np
import pandas as pd
import pytest

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import fmax
from gofer.retrieval.own_evidence import ANY, AspectTrust, OwnEvidence
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
    assert OwnEvidence.from_json(json.loads(json.dumps(own.to_json()))) == own
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
