import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from embeddings.proteins import Rows, embedded, esm2, loaded, proteins_of, sequence, write_store
from torch.utils.data import DataLoader

from gofer.artefacts import read_manifest, read_table
from gofer.embeddings.residues import residue_store
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import plan_shards

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


def test_int8_halves_the_files_and_no_number_is_off_by_more_than_a_200th_of_its_residues_largest(encoder, tmp_path):
    sequences = [sequence(900, seed) for seed in range(10)]
    paths = {}
    for form in (encoder, replace(encoder, name=f"{encoder.name}, int8", store="int8")):
        (tmp_path / form.store).mkdir()
        paths[form.store] = write_store(tmp_path / form.store, proteins_of(sequences), form)
    whole, half = (ESMResidueStore(paths[name]) for name in ("float16", "int8"))
    for sha256, residues_LE in half.by_shard():
        exact_LE = whole[sha256].astype(np.float32)
        assert residues_LE.dtype == np.float16
        assert np.all(np.abs(residues_LE - exact_LE) <= np.abs(exact_LE).max(axis=1, keepdims=True) / 200)
    sizes = [sum(path.stat().st_size for path in (tmp_path / name).glob("shard*")) for name in ("float16", "int8")]
    assert sizes[1] < 0.6 * sizes[0]  # 36 bytes a residue instead of 64


def test_a_residue_of_zeros_stays_zeros_in_int8():
    assert not ResidueForm(4, "int8").as_stored(np.zeros((3, 4), np.float32)).any()


def test_a_sequence_of_two_proteins_is_kept_once(store):
    assert len(store) == 5
    assert sum(1 for _ in store.by_shard()) == 5


def test_the_store_knows_its_encoder_and_width(store, encoder):
    assert (store.width, store.encoder) == (32, encoder.name)


def test_reading_shard_by_shard_gives_the_same_as_random_reads(store):
    rows = list(store.by_shard())
    assert len(rows) == len(store.lengths)
    for sha256, residues_LE in rows:
        np.testing.assert_array_equal(residues_LE, store[sha256])


@pytest.mark.fault(24)
def test_the_order_of_the_proteins_changes_nothing(store, encoder, tmp_path):
    shuffled = proteins_of(SEQUENCES).sample(frac=1, random_state=3)
    other = ESMResidueStore(write_store(tmp_path, shuffled, encoder))
    assert dict(other.lengths) == dict(store.lengths)
    for sha256 in store.lengths:
        np.testing.assert_array_equal(other[sha256], store[sha256])


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_data_loader_read_the_same(store, start):
    shas = list(store.lengths)
    assert len(store[shas[0]]) > 0  # its shards are open when the workers start
    loader = DataLoader(Rows(store, shas), batch_size=None, num_workers=2, multiprocessing_context=start)
    for sha256, residues_LE in zip(shas, loader, strict=True):
        np.testing.assert_array_equal(np.asarray(residues_LE), store[sha256])


def test_a_pickled_store_takes_no_shard_along(store):
    shas = list(store.lengths)
    before = len(pickle.dumps(store))
    copy = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(copy[shas[0]], store[shas[0]])
    assert len(pickle.dumps(copy)) == before


def test_more_shards_than_may_be_open_are_read(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(residue_store, "MOST_OPEN", 2)
    store = ESMResidueStore(write_store(tmp_path, proteins_of(SEQUENCES), encoder, shards=5))
    first = {sha256: store[sha256] for sha256 in store.lengths}
    for sha256, residues_LE in first.items():
        np.testing.assert_array_equal(store[sha256], residues_LE)
    assert len(store._open) <= 2


def test_vectors_cannot_be_written_to(store):
    with pytest.raises(ValueError, match="read-only"):
        store[next(iter(store.lengths))][0] = 0


def test_memory_does_not_grow_with_what_is_read(encoder, tmp_path):
    store = ESMResidueStore(write_store(tmp_path, proteins_of([sequence(900, seed) for seed in range(40)]), encoder))
    tracemalloc.start()
    read = sum(residues_LE.nbytes for _, residues_LE in store.by_shard())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 40 * 900 * 32 * 2
    assert peak < 0.1 * read


def test_the_manifest_says_at_which_byte_each_blob_begins(encoder, tmp_path):
    manifest = write_store(tmp_path, proteins_of(SEQUENCES), encoder)
    rows = read_table(manifest)
    assert len(rows)
    for row in rows.itertuples():
        blob = pq.ParquetFile(tmp_path / row.shard).read_row_group(row.row)["residues"][0].as_py()
        assert (tmp_path / row.shard).read_bytes()[row.offset : row.offset + len(blob)] == blob
        assert len(blob) == 2 * row.length * encoder.width


def test_the_example_without_the_workflow_runs_as_written():
    example = [line.strip()[4:] for line in residue_store.__doc__.splitlines() if ">>>" in line]
    names: dict = {}
    exec("\n".join(example[-3:]), names)
    assert {position: vectors.shape for position, vectors in names["vectors"].items()} == {0: (10, 96)}


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
