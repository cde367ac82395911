"""The run's proteins by vector: written and read by id, and the nearest that carries a term."""

from dataclasses import replace

import numpy as np
import pytest

from gofer.artefacts import Manifest, read_manifest
from gofer.errors import ArtefactError, GoferError
from gofer.retrieval.protein_vectors import ProteinVectors


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
