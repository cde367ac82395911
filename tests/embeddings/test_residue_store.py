import pickle

import numpy as np
import pandas as pd
import pytest
from embeddings.proteins import embedded, esm2, loaded, proteins_of, sequence, write_store
from torch.utils.data import DataLoader

from gofer.artefacts import read_manifest
from gofer.embeddings.residue_encoder import ResidueEncoder
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.embeddings.shards import plan_shards

SEQUENCES = ["M", "A" * 60, sequence(37), sequence(200), sequence(12), sequence(37)]


@pytest.fixture(scope="module")
def encoder():
    return ResidueEncoder.of_model(loaded(esm2(), most_residues=90), "last", name="small")


@pytest.fixture(scope="module")
def store(encoder, tmp_path_factory):
    return ESMResidueStore(write_store(tmp_path_factory.mktemp("store"), proteins_of(SEQUENCES), encoder))


def test_every_sequence_comes_back_as_the_encoder_gave_it_in_float16(store, encoder):
    for sha256, one, expected in zip(
        proteins_of(SEQUENCES)["sequence_sha256"], SEQUENCES, embedded(encoder, SEQUENCES), strict=True
    ):
        assert store[sha256].dtype == np.float16
        assert store.lengths[sha256] == len(one) == len(store[sha256])
        np.testing.assert_allclose(store[sha256], expected, atol=1e-2)


def test_a_sequence_of_two_proteins_is_kept_once(store):
    assert len(store) == 5
    assert sum(1 for _ in store.by_shard()) == 5


def test_the_store_knows_its_encoder_and_width(store, encoder):
    assert (store.width, store.encoder) == (32, encoder.name)


def test_going_through_the_shards_gives_what_random_reads_give(store):
    for sha256, residues_LE in store.by_shard():
        np.testing.assert_array_equal(residues_LE, store[sha256])


def test_the_order_of_the_proteins_changes_nothing(store, encoder, tmp_path):
    shuffled = proteins_of(SEQUENCES).sample(frac=1, random_state=3)
    other = ESMResidueStore(write_store(tmp_path, shuffled, encoder))
    assert dict(other.lengths) == dict(store.lengths)
    for sha256 in store.lengths:
        np.testing.assert_array_equal(other[sha256], store[sha256])


def test_workers_of_a_data_loader_read_the_same(store):
    shas = list(store.lengths)
    copy = pickle.loads(pickle.dumps(store))
    loader = DataLoader(Rows(copy, shas), batch_size=None, num_workers=2)
    for sha256, residues_LE in zip(shas, loader, strict=True):
        np.testing.assert_array_equal(np.asarray(residues_LE), store[sha256])


class Rows:
    def __init__(self, store, shas):
        self.store, self.shas = store, shas

    def __len__(self):
        return len(self.shas)

    def __getitem__(self, row):
        if row >= len(self.shas):
            raise IndexError(row)
        return self.store[self.shas[row]].copy()


@pytest.mark.parametrize("shards", [1, 4, 9])
def test_shards_without_a_sequence_do_no_harm(encoder, tmp_path, shards):
    path = write_store(tmp_path, proteins_of(SEQUENCES), encoder, shards)
    assert len(list(ESMResidueStore(path).by_shard())) == 5
    assert len(list(tmp_path.glob("shard-*.parquet"))) == shards


def test_a_run_without_any_protein_has_an_empty_store(encoder, tmp_path):
    path = write_store(tmp_path, proteins_of(SEQUENCES).iloc[:0], encoder)
    assert len(ESMResidueStore(path)) == 0
    assert read_manifest(path).made_by["width"] == 32


def test_shards_have_about_as_many_residues_each():
    lengths = np.clip(np.random.default_rng(0).lognormal(5.7, 0.6, 500).astype(int), 30, 2000)
    proteins = pd.DataFrame({"sequence_sha256": [f"{i:064x}" for i in range(500)], "length": lengths})
    residues = plan_shards(proteins, 7).groupby("shard")["length"].sum()
    assert len(residues) == 7
    assert residues.max() - residues.min() < 0.01 * residues.mean()


def test_the_plan_does_not_depend_on_the_order_of_the_proteins():
    proteins = proteins_of(SEQUENCES)
    shuffled = proteins.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(plan_shards(proteins, 3), plan_shards(shuffled, 3))
