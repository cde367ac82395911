import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.worlds import PROTEINS, RELATIONS, closure, stated_table, worlds

from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import information_accretion, propagate, training_counts


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_propagation_is_the_closure_by_the_shortest_way(world):
    terms, stated = world
    table = propagate(stated, terms, RELATIONS)
    found = dict(zip(zip(table["protein_id"], table["go_id"], strict=True), table["hops"], strict=True))
    assert found == {
        (p, go_id): hops for p, terms_of in closure(terms, stated).items() for go_id, hops in terms_of.items()
    }
    assert list(found) == sorted(found)


@settings(max_examples=30, deadline=None)
@given(worlds(), st.data())
def test_more_annotations_never_remove_a_term_or_increase_its_hops(world, data):
    terms, stated = world
    extra = data.draw(
        st.lists(st.tuples(st.sampled_from(PROTEINS), st.sampled_from(terms["go_id"].tolist())), max_size=4)
    )
    pairs = [*zip(stated["protein_id"], stated["go_id"], strict=True), *extra]
    fewer, more = (
        propagate(table, terms, RELATIONS).set_index(["protein_id", "go_id"])["hops"]
        for table in (stated, stated_table(pairs))
    )
    assert fewer.index.isin(more.index).all()
    assert (more.loc[fewer.index] <= fewer).all()


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
        with_parents = sum(parents <= terms_of for terms_of in has.values())
        count = sum(row["go_id"] in terms_of for terms_of in has.values())
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
