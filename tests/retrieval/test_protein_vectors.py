"""The run's proteins by vector: written and read by id, and the nearest that carries a term."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.artefacts import Manifest, read_manifest
from gofer.errors import ArtefactError, GoferError
from gofer.retrieval.protein_vectors import NearestAnnotated, ProteinVectors
from gofer.retrieval.query import known_sequences


def vectors_of(n, seed=0, split="train"):
    vectors_ND = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return ProteinVectors([f"P{i}" for i in range(n)], np.array([split] * n), vectors_ND, 2 * vectors_ND[:, :3])


def test_vectors_come_back_as_they_were(tmp_path):
    vectors = replace(vectors_of(2), protein_ids=["a b", "-c"], splits=np.array(["train", "test"]))
    vectors.write(tmp_path / "v.parquet", Manifest({"go_release": "r"}))
    again = ProteinVectors.read(tmp_path / "v.parquet")
    assert again.protein_ids == vectors.protein_ids
    assert again.splits.tolist() == ["train", "test"]
    np.testing.assert_array_equal(again.vectors_ND, vectors.vectors_ND)
    np.testing.assert_array_equal(again.summaries_NS, vectors.summaries_NS)
    assert read_manifest(tmp_path / "v.parquet").release == {"go_release": "r"}


def test_splits_are_chosen_with_their_ids_and_rows():
    vectors = ProteinVectors(["a", "b", "c"], np.array(["val", "train", "test"]), np.eye(3), 5 * np.eye(3))
    chosen = vectors.of_splits("val", "test")
    assert chosen.protein_ids == ["a", "c"]
    assert chosen.vectors_ND.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert chosen.summaries_NS.tolist() == [[5, 0, 0], [0, 0, 5]]
    described = chosen.described({"a": "MA", "b": "MB", "c": "MC"}, slice(1, 2))
    assert (described.sequences, described.vectors_BD.tolist(), described.summaries_BS.tolist()) == (
        ["MC"],
        [[0, 0, 1]],
        [[0, 0, 5]],
    )
    assert vectors.of_splits("unused").protein_ids == []


def test_known_are_the_training_proteins_or_all_annotated_ones():
    splits = np.array(["val", "train", "test", "unused"])
    vectors = ProteinVectors(["a", "b", "c", "d"], splits, np.eye(4), np.eye(4))
    assert vectors.known("train").protein_ids == ["b"]
    assert vectors.known("all").protein_ids == ["a", "b", "c"]


@pytest.mark.parametrize("which", ["vectors_ND", "summaries_NS"])
def test_a_vector_that_is_not_finite_is_not_written(tmp_path, which):
    vectors = vectors_of(3)
    getattr(vectors, which)[1, 1] = np.nan
    with pytest.raises(GoferError, match="not finite"):
        vectors.write(tmp_path / "v.parquet", Manifest())
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused(tmp_path):
    vectors_of(9).write(tmp_path / "v.parquet", Manifest())
    content = bytearray((tmp_path / "v.parquet").read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "v.parquet").write_bytes(content)
    with pytest.raises(ArtefactError):
        ProteinVectors.read(tmp_path / "v.parquet")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 1000))
def test_the_nearest_carrier_is_that_of_a_plain_search(n_proteins, n_terms, seed):
    rng = np.random.default_rng(seed)
    train, go_ids = vectors_of(n_proteins, seed), [f"GO:{i}" for i in range(n_terms)]
    carries = rng.random((n_proteins, n_terms)) < 0.4
    pairs = [
        (protein, go_ids[t])
        for protein, row in zip(train.protein_ids, carries, strict=True)
        for t in np.flatnonzero(row)
    ]
    pairs += [("of another split", go_id) for go_id in go_ids]
    annotations = pd.DataFrame(pairs, columns=["protein_id", "go_id"]).sample(frac=1, random_state=seed)
    seen = rng.random(n_terms) < 0.8
    terms = pd.DataFrame({"go_id": go_ids, "training_count": seen.astype(int), "depth": 1})
    z_D, columns = rng.normal(size=4).astype(np.float32), rng.permutation(n_terms)
    similarity_N = np.where(rng.random(n_proteins) < 0.3, rng.integers(1, 3, n_proteins) / 2, 0).astype(np.float32)
    nearest = NearestAnnotated.of_tables(train, dict.fromkeys(train.protein_ids, "M"), annotations, terms)
    for column, protein_id in zip(columns, nearest.of_protein(z_D, similarity_N, columns), strict=True):
        annotated = np.flatnonzero(carries[:, column] & seen[column])
        best = max(annotated, key=lambda row: (similarity_N[row], train.vectors_ND[row] @ z_D), default=None)
        assert protein_id == ("" if best is None else train.protein_ids[best])


def test_proteins_with_a_sequence_of_the_run_are_reported_in_pairs():
    query = pd.DataFrame({"protein_id": ["Q1", "Q2", "Q3"], "sequence_sha256": ["a", "b", "a"]})
    known = pd.DataFrame({"protein_id": ["P1", "P2", "P3"], "sequence_sha256": ["a", "c", "a"]})
    assert sorted(known_sequences(query, known)) == [("Q1", "P1"), ("Q1", "P3"), ("Q3", "P1"), ("Q3", "P3")]
    assert list(known_sequences(query, known.iloc[:0])) == []
