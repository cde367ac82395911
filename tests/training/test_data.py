"""dataset, stage_data and vocabulary: proteins, labels and terms, joined by id."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training.tiny_world import make_world

from gofer.embeddings.packing import tight_batches
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.mining.vocabulary import Vocabulary, base_rates, term_base_rates
from gofer.training.dataset import (
    ContrastiveEmbCollator,
    ProteinEmbDataset,
    positives_matrix,
)  # fmt: skip
from gofer.training.stage_data import LabelledProteins


def test_positives_are_one_plus_hops_joined_by_id():
    pid2pos = pd.DataFrame(
        {"protein_id": ["P2", "X", "P1"], "go_ids": [["b", "gone"], ["a"], ["a", "b"]], "hops": [[0, 1], [0], [2, 0]]}
    )
    assert positives_matrix(pid2pos, ["P1", "P2", "P3"], ["a", "b"]).toarray().tolist() == [[3, 1], [0, 1], [0, 0]]
    shuffled = pid2pos.iloc[::-1].reset_index(drop=True)
    assert positives_matrix(shuffled, ["P3", "P1"], ["b", "a"]).toarray().tolist() == [[0, 0], [1, 3]]


def test_a_protein_with_an_empty_list_has_no_positive():
    pid2pos = pd.DataFrame({"protein_id": ["P1"], "go_ids": [[]], "hops": [[]]})
    assert positives_matrix(pid2pos, ["P1"], ["a"]).toarray().tolist() == [[0]]


def test_a_data_set_reads_the_residues_of_each_protein(world):
    dataset = ProteinEmbDataset(world.store, world.proteins)
    assert len(dataset) == 24
    for row in (0, 7, 23):
        item = dataset[row]
        assert item.row == row
        assert item.residues_LE.shape == (world.proteins["length"][row], 6)
        np.testing.assert_array_equal(item.residues_LE, world.store[world.proteins["sequence_sha256"][row]])


def test_a_protein_that_is_not_in_the_store_is_named(world):
    strange = pd.DataFrame({"protein_id": ["P-new"], "sequence_sha256": ["0" * 64]})
    with pytest.raises(ArtefactError, match="P-new has no residue embeddings"):
        ProteinEmbDataset(world.store, strange)


def test_a_batch_holds_its_proteins_in_order_with_labels_both_ways(world):
    data = world.data()
    collate = ContrastiveEmbCollator(data.train.hops_NT, data.train.truth_NT, 8, 4)
    batch = collate([data.train.proteins[row] for row in (5, 2)])
    assert batch.rows.tolist() == [5, 2]
    assert batch.layout.lengths == (data.train.proteins.lengths[5], data.train.proteins.lengths[2])
    assert batch.residues_RE.dtype == torch.float32
    np.testing.assert_array_equal(batch.hops_BT.toarray(), data.train.hops_NT.toarray()[[5, 2]])
    np.testing.assert_array_equal(batch.truth_BT.toarray(), data.train.truth_NT.toarray()[[5, 2]])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(1, 100))
def test_batches_for_inference_hold_every_row_once_within_the_limit(lengths, most):
    groups = tight_batches(lengths, most=most)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or sum(lengths[row] for row in group) <= most


@pytest.mark.fault(24)
def test_labelled_proteins_come_in_the_order_of_their_ids_with_any_order_of_the_table(world):
    go_ids = world.data().vocabulary.go_ids
    shuffled = world.pid2pos.sample(frac=1, random_state=2)
    one = LabelledProteins.of_split(world.store, world.proteins, world.pid2pos, "train", go_ids)
    two = LabelledProteins.of_split(world.store, world.proteins[::-1], shuffled, "train", go_ids)
    assert one.proteins.protein_ids == two.proteins.protein_ids == sorted(one.proteins.protein_ids)
    np.testing.assert_array_equal(one.hops_NT.toarray(), two.hops_NT.toarray())


def test_a_protein_without_a_positive_is_not_trained_on_but_judged_by_its_true_terms(world):
    go_ids, fewer = world.data().vocabulary.go_ids, world.pid2pos.copy()
    for protein_id in ("P03", "P20"):  # of the training and of the validation proteins
        for name in ("go_ids", "hops"):
            fewer.at[int(protein_id[1:]), name] = []
    train, val = (
        LabelledProteins.of_split(world.store, world.proteins, fewer, split, go_ids) for split in ("train", "val")
    )
    assert "P03" not in train.proteins.protein_ids
    row = val.proteins.protein_ids.index("P20")
    assert val.hops_NT[[row]].nnz == 0
    assert val.truth_NT[[row]].nnz == len(world.pid2pos["true_ids"][20])


def test_a_split_without_proteins_is_an_error(world):
    with pytest.raises(GoferError, match="no test protein has a label"):
        LabelledProteins.of_split(world.store, world.proteins, world.pid2pos, "test", ["GO:0001"])


def test_the_vocabulary_has_the_terms_seen_in_training_without_roots_and_zero_shot_terms(world):
    vocabulary = world.data().vocabulary
    assert vocabulary.go_ids == ["GO:0001", "GO:0002", "GO:0003", "GO:0004", "GO:1001", "GO:1002", "GO:1003"]
    assert vocabulary.few_T.tolist() == [False, False, True, True, False, False, False]
    assert vocabulary.aspect_T.tolist() == ["MFO"] * 4 + ["BPO"] * 3
    assert vocabulary.text_TG == pytest.approx(world.texts.vectors_TG[[1, 2, 3, 4, 7, 8, 9]])


@pytest.mark.parametrize("reset", [True, False])
def test_the_vocabulary_does_not_depend_on_the_order_of_the_tables(world, reset):
    plain = world.data().vocabulary
    shuffled = world.terms.sample(frac=1, random_state=3).reset_index(drop=True) if reset else world.terms[::-1]
    other = Vocabulary.of_tables(shuffled, world.term_sets[::-1], world.texts, relations=["is_a", "part_of"])
    assert other.go_ids == plain.go_ids
    np.testing.assert_array_equal(other.base_rate_T, plain.base_rate_T)
    np.testing.assert_array_equal(other.few_T, plain.few_T)
    assert other.graph.edges_E2.tolist() == plain.graph.edges_E2.tolist()


def test_base_rates_are_those_among_the_proteins_of_the_aspect(world):
    wanted = base_rates(world.terms["training_count"].to_numpy(), 16, GoGraph.of_terms(world.terms))
    assert term_base_rates(world.terms) == pytest.approx(wanted)
    assert seen_in_training(world.terms).sum() == 7


def test_without_any_seen_term_there_is_no_vocabulary(world):
    with pytest.raises(GoferError, match="no term has a training protein"):
        Vocabulary.of_tables(world.terms.assign(training_count=0), world.term_sets, world.texts, relations=["is_a"])


def test_a_term_without_text_is_named(world):
    extra = world.terms.assign(go_id=world.terms["go_id"].replace("GO:0002", "GO:0999"))
    sets = world.term_sets.assign(go_id=world.term_sets["go_id"].replace("GO:0002", "GO:0999"))
    with pytest.raises(ArtefactError, match="GO:0999"):
        Vocabulary.of_tables(extra, sets, world.texts, relations=["is_a"])


def test_the_tiny_world_is_always_the_same(world, tmp_path):
    again = make_world(tmp_path)
    pd.testing.assert_frame_equal(again.pid2pos, world.pid2pos)
    assert again.texts.vectors_TG.tolist() == world.texts.vectors_TG.tolist()
