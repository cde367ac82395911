import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.inputs.labels import (
    information_accretion,
    label_matrix,
    positives,
    propagate,
    training_counts,
)
from gofer.inputs.ontology import depths

RELATIONS = ["is_a", "part_of"]


def stated_table(pairs) -> pd.DataFrame:
    table = pd.DataFrame(sorted(set(pairs)), columns=["protein_id", "go_id"])
    return table.assign(evidence="IDA", date=None, source=None)


@st.composite
def worlds(draw):
    """A DAG whose parents stand before their children, in two aspects, and some annotations."""
    n = draw(st.integers(2, 12))
    ids = [f"GO:{i:07d}" for i in range(n)]
    aspect = ["MFO" if i % 2 == 0 else "BPO" for i in range(n)]
    is_a, part_of = [[], []], [[], []]
    for i in range(2, n):
        own = [ids[j] for j in range(i) if aspect[j] == aspect[i]]
        is_a.append(sorted(draw(st.sets(st.sampled_from(own), min_size=1, max_size=3))))
        part_of.append(sorted(draw(st.sets(st.sampled_from(ids[:i]), max_size=2))))
    terms = pd.DataFrame({"go_id": ids, "aspect": aspect, "is_a": is_a[:n], "part_of": part_of[:n]})
    terms["depth"] = depths(terms)
    pairs = draw(st.lists(st.tuples(st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(ids)), min_size=1, max_size=8))
    return terms, stated_table(pairs)


def ways_up(terms: pd.DataFrame, go_id: str) -> dict[str, int]:
    """All ancestors with hops, found the slow way."""
    rows = terms.set_index("go_id")
    best = {go_id: 0}
    for _ in range(len(terms)):
        for here, hops in list(best.items()):
            for parent in [*rows.loc[here, "is_a"], *rows.loc[here, "part_of"]]:
                best[parent] = min(best.get(parent, 99), hops + 1)
    return best


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_propagation_reaches_every_ancestor_by_the_shortest_way(world):
    terms, stated = world
    expected: dict[tuple[str, str], int] = {}
    for protein, go_id in zip(stated["protein_id"], stated["go_id"], strict=True):
        for ancestor, hops in ways_up(terms, go_id).items():
            expected[protein, ancestor] = min(hops, expected.get((protein, ancestor), 99))
    table = propagate(stated, terms, RELATIONS)
    found = dict(zip(zip(table["protein_id"], table["go_id"], strict=True), table["hops"], strict=True))
    assert found == expected
    assert list(found) == sorted(found)


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_propagating_twice_changes_nothing(world):
    terms, stated = world
    once = propagate(stated, terms, RELATIONS)
    again = propagate(once[["protein_id", "go_id", "evidence", "date", "source"]], terms, RELATIONS)
    assert set(zip(again["protein_id"], again["go_id"], strict=True)) == set(
        zip(once["protein_id"], once["go_id"], strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_only_stated_rows_keep_their_evidence(world):
    terms, stated = world
    table = propagate(stated, terms, RELATIONS)
    assert ((table["hops"] == 0) == table["evidence"].notna()).all()
    assert int((table["hops"] == 0).sum()) == len(stated)


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_a_term_has_never_more_proteins_than_its_parent(world):
    terms, stated = world
    labels_NT = label_matrix(propagate(stated, terms, RELATIONS), ["P1", "P2", "P3"], terms["go_id"].tolist())
    count = dict(zip(terms["go_id"], labels_NT.sum(axis=0).tolist(), strict=True))
    for go_id, is_a, part_of in zip(terms["go_id"], terms["is_a"], terms["part_of"], strict=True):
        assert all(count[go_id] <= count[parent] for parent in [*is_a, *part_of])


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_information_accretion_is_the_definition_counted_by_hand(world):
    terms, stated = world
    annotations = propagate(stated, terms, RELATIONS)
    labels_NT = label_matrix(annotations, ["P1", "P2", "P3"], terms["go_id"].tolist())
    accretion_T = information_accretion(labels_NT, terms, RELATIONS)
    has = annotations.groupby("protein_id")["go_id"].agg(set).to_dict()
    aspect = dict(zip(terms["go_id"], terms["aspect"], strict=True))
    for row, accretion in zip(terms.to_dict("records"), accretion_T, strict=True):
        parents = {p for p in [*row["is_a"], *row["part_of"]] if aspect[p] == row["aspect"]}
        with_parents = sum(parents <= own for own in has.values())
        count = sum(row["go_id"] in own for own in has.values())
        share = count / with_parents if count else 1 / (with_parents + 1)
        assert accretion == pytest.approx(-np.log2(share) if parents else 0.0)
    assert np.isfinite(accretion_T).all()
    assert (accretion_T >= 0).all()


def test_held_out_terms_count_no_training_protein(ontology):
    annotations = propagate(stated_table([("P1", "GO:0000003"), ("P2", "GO:0000001")]), ontology.terms, RELATIONS)
    labels_NT = label_matrix(annotations, ["P1", "P2"], ontology.terms["go_id"].tolist())
    held_out_T = (ontology.terms["go_id"] == "GO:0000003").to_numpy()
    counts = dict(zip(ontology.terms["go_id"], training_counts(labels_NT, held_out_T).tolist(), strict=True))
    assert counts["GO:0000003"] == 0
    assert counts["GO:0000001"] == counts["GO:0003674"] == 2
    assert counts["GO:0008150"] == 1, "part_of leads into the other aspect"


def test_training_never_sees_roots_held_out_terms_or_test_proteins(ontology):
    stated = stated_table([("P1", "GO:0000003"), ("P2", "GO:0000001"), ("P3", "GO:0000001"), ("P4", "GO:0003674")])
    splits = pd.DataFrame({"protein_id": ["P1", "P2", "P3", "P4"], "split": ["train", "val", "test", "train"]})
    annotations = propagate(stated, ontology.terms, RELATIONS)
    table = positives(annotations, splits, ontology.terms, {"GO:0000003"})
    assert table["protein_id"].tolist() == ["P1", "P2"], "P3 is tested, P4 has nothing but a root"
    assert dict(zip(table["go_ids"][0], table["hops"][0], strict=True)) == {
        "GO:0000001": 1,
        "GO:0000002": 1,
        "GO:0000011": 2,
    }
