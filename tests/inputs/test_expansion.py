"""Which true terms are positives: the stated ones always, ancestors by the settings; true_ids stay complete."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.worlds import PROTEINS, RELATIONS, closure, stated_table, worlds

from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import propagate, training_counts
from gofer.inputs.splits.expansion import (
    ExpansionConfig,
    dropped_ancestors,
    expand,
    positives_by_protein,
)
from gofer.inputs.splits.label_checks import check_counts, check_labels
from gofer.inputs.splits.label_tables import LabelCounts

pytestmark = pytest.mark.slow

CONFIG = {
    "expansion": "all", "min_positives": 3, "max_hops": 2, "max_ancestors": 10, "stop_information": 0.0,
    "stop_frequency": 1.0, "drop_through_held_out": False,
}  # fmt: skip
SPLITS = pd.DataFrame({"protein_id": PROTEINS, "split": ["train", "train", "val"]})


def config(**changed) -> ExpansionConfig:
    return ExpansionConfig(**{**CONFIG, **changed})


def labelled(terms, stated, changed=None, *, held_out=frozenset(), stoplist=(), splits=SPLITS):
    """Labels as rule label_terms makes them, and the terms table with its training counts."""
    annotations = propagate(stated, terms, RELATIONS)
    train_NT = label_matrix(
        annotations, splits.query("split == 'train'")["protein_id"].tolist(), terms["go_id"].tolist()
    )
    counts_T = training_counts(train_NT, terms["go_id"].isin(held_out).to_numpy(bool))
    table = terms.assign(training_count=counts_T)
    return expand(annotations, splits, table, held_out, changed or config(), RELATIONS, stoplist=stoplist), table


def accounted(labels):
    counts = LabelCounts()
    counts.add(labels)
    return counts.accounting(SPLITS)


def lists_of(labels):
    return {
        row.protein_id: (dict(zip(row.go_ids, row.hops, strict=True)), set(row.true_ids)) for row in labels.itertuples()
    }


@st.composite
def settled_worlds(draw):
    """A world, terms held out with all below them, a stoplist and settings."""
    terms, stated = draw(worlds())
    ids = terms["go_id"].tolist()
    roots = terms.loc[terms["depth"] == 0, "go_id"].tolist()
    masked = draw(st.sets(st.sampled_from(ids), max_size=2)) - set(roots)
    changed = config(
        expansion=draw(st.sampled_from(["all", "sparse", "none"])), min_positives=draw(st.integers(1, 4)),
        max_hops=draw(st.integers(1, 3)), max_ancestors=draw(st.integers(1, 4)),
        stop_information=draw(st.sampled_from([0.0, 0.5, 1.0, 1.5])),
        stop_frequency=draw(st.sampled_from([1.0, 0.5, 0.0])), drop_through_held_out=draw(st.booleans()),
    )  # fmt: skip
    stoplist = draw(st.sets(st.sampled_from(ids), max_size=3))
    return terms, stated, changed, set(GoGraph.of_terms(terms, RELATIONS).descendants(masked)), stoplist


def by_hand(terms, stated, changed, held_out, stoplist):
    """By protein, ({positive: hops}, truth), with plain sets and loops."""
    full = closure(terms, stated)
    hidden = set(terms.loc[terms["depth"] == 0, "go_id"]) | set(held_out)
    seen = closure(terms, stated[~stated["go_id"].isin(held_out)])
    share = {go_id: sum(go_id in full.get(p, {}) for p in ("P1", "P2")) / 2 for go_id in terms["go_id"]}
    bits = {go_id: -math.log2(part) if part else math.inf for go_id, part in share.items()}
    found = {}
    for protein, hops_of in full.items():
        truth = hops_of.keys() - hidden
        hops = seen.get(protein, {}) if changed.drop_through_held_out else hops_of
        stated_here = {go_id for go_id in truth if hops_of[go_id] == 0}
        added = [
            go_id
            for go_id in sorted(truth & hops.keys() - stated_here, key=lambda t: (hops[t], -bits[t], t))
            if go_id not in stoplist and bits[go_id] >= changed.stop_information
            and share[go_id] <= changed.stop_frequency
        ]  # fmt: skip
        if changed.expansion == "sparse":
            added = [go_id for go_id in added if hops[go_id] <= changed.max_hops][: changed.max_ancestors]
            added = added if len(stated_here) < changed.min_positives else []
        positives = stated_here | (set(added) if changed.expansion != "none" else set())
        if truth:
            found[protein] = ({go_id: hops[go_id] for go_id in positives}, truth)
    return found


@settings(max_examples=60, deadline=None)
@given(settled_worlds())
def test_positives_and_truth_are_those_of_plain_loops_for_any_settings(case):
    terms, stated, changed, held_out, stoplist = case
    labels, table = labelled(terms, stated, changed, held_out=held_out, stoplist=stoplist)
    pid2pos = positives_by_protein(labels)
    assert lists_of(pid2pos) == by_hand(*case)
    assert all(list(row.go_ids) == sorted(row.go_ids) for row in pid2pos.itertuples())
    assert pid2pos["split"].tolist() == ["val" if p == "P3" else "train" for p in pid2pos["protein_id"]]
    check_labels(pid2pos, pd.DataFrame({"go_id": terms["go_id"], "held_out": terms["go_id"].isin(held_out)}), table)
    check_counts(labels.loc[labels["split"] == "train", "go_id"].value_counts().to_dict(), table)


@settings(max_examples=30, deadline=None)
@given(settled_worlds())
def test_what_is_added_keeps_within_the_limits_and_nothing_held_out_is_a_label(case):
    terms, stated, changed, held_out, stoplist = case
    labels, _ = labelled(terms, stated, changed, held_out=held_out, stoplist=stoplist)
    said = set(zip(stated["protein_id"], stated["go_id"], strict=True))
    for protein, (positives, truth) in lists_of(positives_by_protein(labels)).items():
        kept = {go_id for p, go_id in said if p == protein} & truth
        assert kept <= positives.keys() <= truth, "a stated annotation always stays"
        assert not truth & held_out
        added = positives.keys() - kept
        assert not added & stoplist
        if changed.expansion == "none" or (changed.expansion == "sparse" and len(kept) >= changed.min_positives):
            assert not added
        if changed.expansion == "sparse":
            assert len(added) <= changed.max_ancestors
            assert all(1 <= positives[go_id] <= changed.max_hops for go_id in added)


@settings(max_examples=20, deadline=None)
@given(settled_worlds())
def test_every_true_label_is_accounted_for_once(case):
    terms, stated, changed, held_out, stoplist = case
    labels, _ = labelled(terms, stated, changed, held_out=held_out, stoplist=stoplist)
    accounting = accounted(labels)
    for split in ("train", "val"):
        rows = labels[labels["split"] == split]
        said, added, positives = (
            accounting.count(item, split) for item in ("stated positives", "ancestors added", "positives")
        )
        table = accounting.table()
        left_out = table.loc[table["item"] == f"ancestors left out in {split}, true but no positives", "count"].sum()
        assert said + added == positives
        assert positives + left_out == len(rows)


@settings(max_examples=20, deadline=None)
@given(settled_worlds())
def test_by_default_every_true_term_is_a_positive(case):
    terms, stated, _, held_out, _ = case
    labels, _ = labelled(terms, stated, held_out=held_out)
    for positives, truth in lists_of(positives_by_protein(labels)).values():
        assert positives.keys() == truth


@pytest.fixture
def chain():
    """GO:1 to GO:5 below a root, each below the one before; GO:6 below GO:4 too."""
    ids = ["GO:0000000", *(f"GO:000000{i}" for i in range(1, 7))]
    is_a = [[], *([ids[i]] for i in range(5)), [ids[4]]]
    table = pd.DataFrame({"go_id": ids, "aspect": "MFO", "is_a": is_a, "part_of": [[] for _ in ids]})
    return table.assign(alt_ids=[[] for _ in ids], depth=[0, 1, 2, 3, 4, 5, 5])


def positives_of(terms, pairs, changed, **more):
    labels, _ = labelled(terms, stated_table(pairs), changed, **more)
    return {protein: positives for protein, (positives, _) in lists_of(positives_by_protein(labels)).items()}


def test_sparse_adds_near_ancestors_only_to_proteins_with_few_stated_terms(chain):
    pairs = [("P1", "GO:0000005"), ("P2", "GO:0000005"), ("P2", "GO:0000006")]
    found = positives_of(chain, pairs, config(expansion="sparse", min_positives=2))
    assert found == {
        "P1": {"GO:0000003": 2, "GO:0000004": 1, "GO:0000005": 0},
        "P2": dict.fromkeys(["GO:0000005", "GO:0000006"], 0),
    }


def test_sparse_takes_the_nearest_then_the_most_informative_then_by_id(ontology):
    # GO:0000003 has the parents GO:0000001 and GO:0000002, one step away; P2 makes GO:0000001 the less informative.
    pairs = [("P1", "GO:0000003"), ("P2", "GO:0000001")]
    changed = config(expansion="sparse", max_ancestors=1, max_hops=1)
    assert positives_of(ontology.terms, pairs, changed)["P1"] == {"GO:0000002": 1, "GO:0000003": 0}
    assert positives_of(ontology.terms, pairs[:1], changed)["P1"] == {"GO:0000001": 1, "GO:0000003": 0}


def test_held_out_terms_do_not_count_as_stated(chain):
    pairs = [("P1", "GO:0000003"), ("P1", "GO:0000006"), ("P2", "GO:0000003")]
    changed = config(expansion="sparse", min_positives=2, max_hops=1)
    found = positives_of(chain, pairs, changed, held_out={"GO:0000006"})
    assert found["P1"] == {"GO:0000002": 1, "GO:0000003": 0, "GO:0000004": 1}


def test_a_stopped_term_is_no_ancestor_but_stays_where_it_is_stated(chain):
    pairs = [("P1", "GO:0000003"), ("P2", "GO:0000002")]
    found = positives_of(chain, pairs, config(), stoplist={"GO:0000002"})
    assert found == {"P1": {"GO:0000001": 2, "GO:0000003": 0}, "P2": {"GO:0000001": 1, "GO:0000002": 0}}


def test_information_and_frequency_are_those_of_the_training_proteins(chain):
    # Of the two training proteins both have GO:1 (0 bits) and one has GO:2 (1 bit).
    pairs = [("P1", "GO:0000003"), ("P2", "GO:0000001"), ("P3", "GO:0000003")]
    assert "GO:0000002" in positives_of(chain, pairs, config(stop_information=1.0))["P1"]
    assert "GO:0000001" not in positives_of(chain, pairs, config(stop_information=1.0))["P3"]
    assert "GO:0000002" not in positives_of(chain, pairs, config(stop_information=1.001))["P1"]
    assert "GO:0000002" in positives_of(chain, pairs, config(stop_frequency=0.5))["P1"]
    assert "GO:0000001" not in positives_of(chain, pairs, config(stop_frequency=0.5))["P1"]


def test_dropping_removes_and_counts_labels_that_follow_from_held_out_terms_alone(chain):
    pairs = [("P1", "GO:0000005"), ("P1", "GO:0000002"), ("P2", "GO:0000004"), ("P3", "GO:0000005")]
    labels, _ = labelled(chain, stated_table(pairs), config(drop_through_held_out=True), held_out={"GO:0000005"})
    found = lists_of(positives_by_protein(labels))
    everything = {f"GO:000000{i}" for i in range(1, 5)}
    assert found["P1"] == ({"GO:0000001": 1, "GO:0000002": 0}, everything)
    assert found["P2"][0].keys() == everything
    assert found["P3"] == ({}, everything), "nothing else is stated of it, but it can be judged"
    assert dropped_ancestors(labels) == {"GO:0000001": 1, "GO:0000002": 1, "GO:0000003": 2, "GO:0000004": 2}
    accounting = accounted(labels)
    assert accounting.count("terms dropped as positives: follows from held-out terms alone", "GO:0000003") == 2
    assert accounting.count("proteins without a positive that training may see", "val") == 1


def test_keeping_counts_hops_from_held_out_terms_too(chain):
    found = positives_of(chain, [("P1", "GO:0000005"), ("P2", "GO:0000001")], config(), held_out={"GO:0000005"})
    assert found["P1"] == {f"GO:000000{i}": 5 - i for i in range(1, 5)}


def test_the_accounting_has_added_and_left_out_labels_with_the_first_reason(chain):
    pairs = [("P1", "GO:0000005"), ("P2", "GO:0000006"), ("P2", "GO:0000005"), ("P3", "GO:0000004")]
    changed = config(expansion="sparse", min_positives=2, max_hops=3, max_ancestors=1)
    labels, _ = labelled(chain, stated_table(pairs), changed, stoplist={"GO:0000004"})
    accounting = accounted(labels)
    counts = {
        (item, reason): count
        for item, reason, count in accounting.table().itertuples(index=False)
        if "left out in train" in item
    }
    item = "ancestors left out in train, true but no positives"
    assert counts == {
        (item, "protein has min_positives stated terms"): 4,
        (item, "beyond max_hops"): 1,
        (item, "in the stoplist"): 1,
        (item, "beyond max_ancestors"): 1,
    }
    assert (
        accounting.count("ancestors added", "train") == accounting.count("proteins with ancestors added", "train") == 1
    )
    assert accounting.count("terms true but never positive", "train") == 3


def test_training_never_sees_roots_held_out_terms_or_test_proteins(ontology):
    stated = stated_table([("P1", "GO:0000003"), ("P2", "GO:0000001"), ("P3", "GO:0000001"), ("P4", "GO:0003674")])
    splits = pd.DataFrame({"protein_id": ["P1", "P2", "P3", "P4"], "split": ["train", "val", "test", "train"]})
    labels, _ = labelled(ontology.terms, stated, held_out={"GO:0000003"}, splits=splits)
    table = positives_by_protein(labels)
    assert table["protein_id"].tolist() == ["P1", "P2"], "P3 is tested, P4 has nothing but a root"
    assert dict(zip(table["go_ids"][0], table["hops"][0], strict=True)) == {
        "GO:0000001": 1,
        "GO:0000002": 1,
        "GO:0000011": 2,
    }


def test_the_settings_are_those_of_the_config():
    inputs = {
        "labels": {**{k: v for k, v in CONFIG.items() if k != "drop_through_held_out"}, "stoplist": None},
        "term_sets": {"zero_ancestors": "drop"},
    }
    assert ExpansionConfig.from_config(inputs) == config(drop_through_held_out=True)
