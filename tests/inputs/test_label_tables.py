"""Labels made batch by batch are those made at once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from inputs.test_expansion import SPLITS, config, labelled, settled_worlds
from inputs.worlds import PROTEINS, RELATIONS, stated_table

from gofer.errors import GoferError
from gofer.inputs.label_matrix import label_matrices, label_matrix
from gofer.inputs.ontology.propagation import propagate, propagated_batches
from gofer.inputs.splits.expansion import positives_by_protein
from gofer.inputs.splits.label_tables import LabelCounts, LabelTable


@settings(max_examples=40, deadline=None)
@given(settled_worlds())
def test_labels_and_their_account_do_not_depend_on_the_batches(case):
    terms, stated, changed, held_out, stoplist = case
    labels, table = labelled(terms, stated, changed, held_out=held_out, stoplist=stoplist)
    sets = pd.DataFrame({"go_id": terms["go_id"], "held_out": terms["go_id"].isin(held_out)})
    made = LabelTable(SPLITS, table, sets, changed, RELATIONS, stoplist=stoplist)
    batches = list(made.batches(propagated_batches(stated, terms, RELATIONS, pairs_at_once=1)))
    assert len(batches) == stated["protein_id"].nunique()
    at_once, counts = positives_by_protein(labels), LabelCounts()
    counts.add(labels)
    assert pa.Table.from_batches(batches).to_pylist() == pa.Table.from_pandas(at_once, batches[0].schema).to_pylist()
    pd.testing.assert_frame_equal(made.counts.accounting(SPLITS).table(), counts.accounting(SPLITS).table())


@settings(max_examples=20, deadline=None)
@given(settled_worlds())
def test_matrices_made_of_batches_are_those_made_at_once(case):
    terms, stated, *_ = case
    sets = [["P3", "P1"], ["P2"], []]
    batches = propagated_batches(stated, terms, RELATIONS, pairs_at_once=1)
    found = label_matrices(batches, sets, terms["go_id"].tolist())
    for ids, matrix in zip(sets, found, strict=True):
        whole = label_matrix(propagate(stated, terms, RELATIONS), ids, terms["go_id"])
        assert np.array_equal(matrix.toarray(), whole.toarray())


def test_known_proteins_have_labels_but_count_for_no_term(ontology):
    stated = pd.DataFrame(
        {"protein_id": ["P1", "P2"], "go_id": "GO:0000001", "evidence": None, "date": None, "source": None}
    )
    splits = pd.DataFrame({"protein_id": PROTEINS, "split": ["train", "known", "val"]})
    _, table = labelled(ontology.terms, stated, splits=splits)
    sets = pd.DataFrame({"go_id": ontology.terms["go_id"], "held_out": False})
    made = LabelTable(splits, table, sets, config(), RELATIONS)
    rows = pa.Table.from_batches(made.batches(propagated_batches(stated, ontology.terms, RELATIONS))).to_pandas()
    assert rows["split"].tolist() == ["train", "known"]
    assert made.counts.accounting(splits).count("stated positives", "known") == 1
    wrong = LabelTable(splits, table.assign(training_count=2), sets, config(), RELATIONS)
    with pytest.raises(GoferError, match="training proteins, but counted 2 times"):
        list(wrong.batches(propagated_batches(stated, ontology.terms, RELATIONS)))


def test_a_protein_in_two_batches_is_refused(ontology):
    stated = stated_table([("P1", "GO:0000001"), ("P1", "GO:0000002")])
    splits = pd.DataFrame({"protein_id": PROTEINS, "split": "val"})
    _, table = labelled(ontology.terms, stated, splits=splits)
    sets = pd.DataFrame({"go_id": ontology.terms["go_id"], "held_out": False})
    (batch,) = propagated_batches(stated, ontology.terms, RELATIONS)
    with pytest.raises(GoferError, match="P1 is not after P1: a protein must be in one batch"):
        list(LabelTable(splits, table, sets, config(), RELATIONS).batches([batch[:1], batch[1:]]))
