"""Faults 14, 15, 20 to 26, 30 and 56: long and odd proteins are under tests/embeddings; here are files and weights.
Downloads are under tests/embeddings/test_weights.py, want of memory under test_memory.py."""

import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from embeddings.proteins import esm2, loaded, no_cache, proteins_of, sequence, write_store

from gofer.artefacts import Manifest, read_table
from gofer.embeddings.residues.embed_shard import Extraction
from gofer.embeddings.residues.esm import load_esm, write_esm2
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence, collect_shards, plan_shards, write_shard
from gofer.errors import ArtefactError, GoferError

PROTEINS = proteins_of([sequence(length, length) for length in (5, 20, 33, 47, 64, 80)])


@pytest.fixture(scope="module")
def encoder():
    return ResidueEncoder.of_model(loaded(esm2()), "last", name="small")


@pytest.fixture(scope="module")
def written(encoder, tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("written"), PROTEINS, encoder)


@pytest.fixture
def manifest(written, tmp_path):
    shutil.copytree(written.parent, tmp_path / "store")
    return tmp_path / "store" / written.name


def read_all(manifest):
    return dict(ESMResidueStore(manifest).by_shard())


@pytest.mark.fault(22)
@pytest.mark.slow
def test_a_flipped_byte_anywhere_in_a_shard_is_noticed_or_harmless(manifest):
    whole = read_all(manifest)
    shard = manifest.with_name("shard-00000.parquet")
    content = shard.read_bytes()
    index = read_table(manifest).query("shard == @shard.name")
    blobs = {i for row in index.itertuples() for i in range(row.offset, row.offset + row.length * 32 * 2)}
    noticed = 0
    for place in np.random.default_rng(0).choice(len(content), 120, replace=False).tolist():
        shard.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        if place in blobs:
            noticed += 1
            with pytest.raises(ArtefactError, match="shard-00000.parquet"):
                read_all(manifest)
        else:
            # A byte that no read needs, e.g. in the shard's list of hashes.
            found = read_all(manifest)
            assert all(np.array_equal(found[sha256], vectors) for sha256, vectors in whole.items())
    assert noticed > 50


@pytest.mark.fault(21)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_a_truncated_shard_is_named_with_what_to_do(manifest, share):
    shard = manifest.with_name("shard-00001.parquet")
    shard.write_bytes(shard.read_bytes()[: int(share * shard.stat().st_size)])
    with pytest.raises(ArtefactError, match=r"shard-00001.parquet cannot be read(?s:.*)delete it and run"):
        read_all(manifest)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_shard_is_not_collected(manifest, share):
    shard = manifest.with_name("shard-00001.parquet")
    shard.write_bytes(shard.read_bytes()[: int(share * shard.stat().st_size)])
    with pytest.raises(ArtefactError, match=r"shard-00001.parquet cannot be read(?s:.*)delete it and run"):
        collect_shards(sorted(manifest.parent.glob("shard-*.parquet")), plan_shards(PROTEINS, 2))


@pytest.mark.fault(23)
def test_a_missing_shard_is_named(manifest):
    manifest.with_name("shard-00001.parquet").unlink()
    with pytest.raises(ArtefactError, match=r"shard-00001.parquet is missing"):
        read_all(manifest)


@pytest.mark.fault(23)
def test_a_shard_from_another_encoder_is_refused(manifest, tmp_path):
    other = ResidueEncoder.of_model(loaded(esm2()), 1, name="small")
    foreign = write_store(tmp_path / "foreign", PROTEINS, other)
    shutil.copy(foreign.with_name("shard-00000.parquet"), manifest.parent)
    with pytest.raises(ArtefactError, match=r"shard-00000.parquet is from small, layer 1(?s:.*)small, layer 2"):
        read_all(manifest)
    with pytest.raises(ArtefactError, match="residue_encoder"):
        collect_shards(sorted(manifest.parent.glob("shard-*.parquet")), plan_shards(PROTEINS, 2))


@pytest.mark.fault(23)
def test_a_shard_of_other_proteins_is_refused(manifest, encoder, tmp_path):
    others = proteins_of([sequence(length, length + 1) for length in (5, 20, 33, 47, 64, 80)])
    foreign = write_store(tmp_path / "foreign", others, encoder)
    shutil.copy(foreign.with_name("shard-00000.parquet"), manifest.parent)
    with pytest.raises(ArtefactError, match=r"shard-00000.parquet is damaged or from another run"):
        read_all(manifest)
    with pytest.raises(ArtefactError, match=r"3 missing, 3 not planned"):
        collect_shards(sorted(manifest.parent.glob("shard-*.parquet")), plan_shards(PROTEINS, 2))


@pytest.mark.fault(23, 24)
def test_two_shards_in_each_others_place_are_refused(manifest):
    first, second = (manifest.with_name(f"shard-0000{i}.parquet") for i in (0, 1))
    first.rename(first.with_suffix(".away"))
    second.rename(first)
    first.with_suffix(".away").rename(second)
    with pytest.raises(ArtefactError, match="shard-0000"):
        read_all(manifest)


def test_a_sequence_that_was_not_embedded_is_named(manifest):
    with pytest.raises(ArtefactError, match="0000000000"):
        ESMResidueStore(manifest)["0" * 64]


def one_row(values, length=4):
    planned = proteins_of(["M" * length])
    sha256 = planned["sequence_sha256"][0]
    return [EmbeddedSequence(sha256, "P0", length, np.asarray(values, np.float32))], planned


@pytest.mark.fault(26)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 70_000.0, -1e9])
def test_a_value_that_float16_cannot_hold_is_refused_with_its_protein(tmp_path, value):
    values = np.ones((4, 3))
    values[2, 1] = value
    rows, planned = one_row(values)
    with pytest.raises(GoferError, match=rf"P0 \(sequence {rows[0].sha256[:12]}\)(?s:.*)residue 3"):
        write_shard(
            tmp_path / "s.parquet", rows, planned, form=ResidueForm(3), manifest=Manifest({"residue_encoder": "x"})
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(25)
@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (4, 2)])
def test_another_number_of_vectors_than_residues_is_refused(tmp_path, shape):
    rows, planned = one_row(np.ones(shape))
    with pytest.raises(GoferError, match="P0(?s:.*)4 residues"):
        write_shard(
            tmp_path / "s.parquet", rows, planned, form=ResidueForm(3), manifest=Manifest({"residue_encoder": "x"})
        )


def test_a_shard_without_a_planned_sequence_is_not_written(tmp_path, encoder):
    sequences = PROTEINS[["sequence_sha256", "length", "protein_id", "sequence"]]
    rows = Extraction(sequences.iloc[:-1], encoder, no_cache(encoder), batch_residues=300, window_overlap=8).rows()
    manifest = Manifest({"residue_encoder": encoder.name})
    with pytest.raises(GoferError, match="planned"):
        write_shard(tmp_path / "s.parquet", rows, sequences, form=ResidueForm(32), manifest=manifest)
    assert list(tmp_path.iterdir()) == []


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.fault(56)
@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_a_checkpoint_that_would_run_code_is_refused_and_does_not_run(tmp_path, save):
    save({"cfg": {"model": Evil(tmp_path / "ran")}, "model": {}}, tmp_path / "esm2_evil.pt")
    with pytest.raises(GoferError, match="more than weights"):
        load_esm(str(tmp_path / "esm2_evil.pt"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["m.pt", "m.safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>404 not found</html>", bytes(200)])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GoferError, match=name):
        load_esm(str(tmp_path / name))


@pytest.mark.parametrize("content", [{"model": {}}, {"cfg": {"model": 3}, "model": {}}, [1, 2], {"args": 3}])
def test_a_checkpoint_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "m.pt")
    with pytest.raises(GoferError, match="not an ESM checkpoint"):
        load_esm(str(tmp_path / "m.pt"))


def test_a_safetensors_file_with_weights_of_another_shape_is_refused(tmp_path):
    model = esm2()
    model.embed_dim = 16
    write_esm2(tmp_path / "m.safetensors", model, Manifest())
    with pytest.raises(GoferError, match=r"m.safetensors is not an ESM-2 model"):
        load_esm(str(tmp_path / "m.safetensors"))


def test_a_checkpoint_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(GoferError, match="nowhere.pt"):
        load_esm(str(tmp_path / "nowhere.pt"))


@pytest.mark.parametrize("name", ["esm2_t7_8M_UR50D", "esm_msa1b_t12_100M_UR50S", "esmfold_v1", "prot_t5", ""])
def test_a_name_that_fair_esm_does_not_have_is_refused(name):
    with pytest.raises(GoferError, match="esm2_t6_8M_UR50D"):
        load_esm(name)


def test_names_are_made_without_torch():
    code = (
        "import sys, gofer.embeddings.encoder_names as n; n.residue_folder('m.pt', 'last');"
        "assert not {'torch', 'numpy', 'pandas', 'pyarrow'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "src"}, cwd=root_of())


def root_of():
    from pathlib import Path

    return Path(__file__).parents[2]
