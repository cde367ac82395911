import logging
import multiprocessing
import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from embeddings.proteins import esm2, loaded, proteins_of, sequence, write_rows, write_store

from gofer.embeddings.residues import residue_cache
from gofer.embeddings.residues.residue_cache import ResidueCache
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_store import ESMResidueStore

OLD = [sequence(length, length) for length in range(30, 75)]
NEW = [sequence(length, 1000 + length) for length in (12, 44, 60, 91, 150)]


class Counting:
    """A forward pass that remembers what it was given."""

    def __init__(self, forward):
        self.forward, self.seen = forward, []

    def __call__(self, sequences):
        self.seen += sequences
        return self.forward(sequences)


def encoder_of(seed=0, layer="last"):
    model = esm2()
    if seed:
        model.layers[0].fc1.weight.data += 0.01 * seed
    whole = ResidueEncoder.of_model(loaded(model, most_residues=90), layer, name="small")
    return ResidueEncoder(whole.name, whole.width, 90, Counting(whole.forward), whole.footprint)


@pytest.fixture
def encoder():
    return encoder_of()


@pytest.fixture
def cache(tmp_path, encoder):
    return cache_of(tmp_path, encoder)


def cache_of(tmp_path, encoder, overlap=8):
    return ResidueCache(tmp_path / "cache", encoder=encoder.name, form=encoder.form, window_overlap=overlap)


def shards_in(cache):
    return sorted(path.name for path in cache.folder.glob("*.parquet") if path.name != "manifest.parquet")


def hashes(sequences):
    return set(proteins_of(sequences)["sequence_sha256"])


def test_a_second_run_with_some_new_proteins_embeds_only_these(tmp_path, encoder, cache, caplog):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    assert sorted(encoder.forward.seen) == sorted(OLD)
    encoder.forward.seen.clear()
    caplog.set_level("INFO", "gofer")
    second = write_store(tmp_path / "two", proteins_of(OLD[5:] + NEW), encoder, shards=3, cache=cache)
    # Of the protein of 150 residues, two windows, and of the one of 91 as well.
    assert len(encoder.forward.seen) == 3 + 2 + 2
    assert sum(int(m.split()[0]) for m in caplog.messages if "were in the cache" in m) == 40
    alone = write_store(tmp_path / "alone", proteins_of(OLD[5:] + NEW), encoder, shards=3)
    assert_equal(second, alone)


def assert_equal(one, other):
    ours, theirs = (dict(ESMResidueStore(path).by_shard()) for path in (one, other))
    assert list(ours) == list(theirs)
    for sha256, residues_LE in ours.items():
        np.testing.assert_allclose(residues_LE.astype(float), theirs[sha256].astype(float), rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("store", ["float16", "int8"])
def test_a_shard_wholly_from_the_cache_has_the_bytes_of_the_first(tmp_path, store):
    encoder = replace(encoder_of(), store=store)
    cache = cache_of(tmp_path, encoder)
    one = write_store(tmp_path / "one", proteins_of(OLD + NEW), encoder, cache=cache)
    encoder.forward.seen.clear()
    two = write_store(tmp_path / "two", proteins_of(OLD + NEW), encoder, cache=cache)
    assert encoder.forward.seen == []
    for name in ("shard-00000.parquet", "shard-00001.parquet", "manifest.parquet"):
        assert (two.parent / name).read_bytes() == (one.parent / name).read_bytes()


def test_where_each_sequence_came_from_is_accounted_for(tmp_path, encoder, cache):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=1, cache=cache)
    rows = proteins_of(OLD + NEW)[["sequence_sha256", "length", "protein_id", "sequence"]]
    found = write_rows(tmp_path / "two.parquet", rows, encoder, cache).accounting()
    assert found.count("sequences", "in the cache") == 45
    assert found.count("sequences", "embedded") == 5
    assert found.count("sequences embedded", "in windows, longer than 90 residues") == 2


def test_a_shard_takes_no_extra_space_in_the_cache(tmp_path, encoder, cache):
    manifest = write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=1, cache=cache)
    [name] = shards_in(cache)
    assert (cache.folder / name).samefile(manifest.with_name("shard-00000.parquet"))


@pytest.mark.parametrize("error", [OSError(18, "Invalid cross-device link"), PermissionError(1, "no links here")])
def test_on_another_disk_it_is_copied(tmp_path, encoder, cache, monkeypatch, error):
    def refuse(*given):
        raise error

    monkeypatch.setattr(os, "link", refuse)
    manifest = write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=1, cache=cache)
    [name] = shards_in(cache)
    assert (cache.folder / name).read_bytes() == manifest.with_name("shard-00000.parquet").read_bytes()
    assert cache.known(hashes(OLD)) == hashes(OLD)


def test_files_whose_sequences_are_all_in_newer_ones_are_removed(tmp_path, encoder, cache):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=4, cache=cache)
    older = set(shards_in(cache))
    write_store(tmp_path / "two", proteins_of(OLD + NEW), encoder, shards=2, cache=cache)
    assert len(shards_in(cache)) == 2
    assert not older & set(shards_in(cache))
    assert cache.known(hashes(OLD + NEW)) == hashes(OLD + NEW)


def test_files_of_other_runs_stay(tmp_path, encoder, cache):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    write_store(tmp_path / "query", proteins_of(NEW), encoder, cache=cache)
    shutil.rmtree(tmp_path / "one")
    assert cache.known(hashes(OLD + NEW)) == hashes(OLD + NEW)
    assert len(shards_in(cache)) == 4


def test_other_encoders_and_overlaps_are_never_mixed(tmp_path, encoder, cache):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    others = [encoder_of(seed=1), encoder_of(layer=1)]
    for other in others:
        assert cache_of(tmp_path, other).known(hashes(OLD)) == set()
    assert cache_of(tmp_path, encoder, overlap=9).known(hashes(OLD)) == set()
    assert len({cache_of(tmp_path, one).folder for one in [encoder, *others]}) == 3


def test_a_file_of_another_encoder_among_ours_is_set_aside(tmp_path, encoder, cache, caplog):
    other = encoder_of(layer=1)
    foreign = write_store(tmp_path / "foreign", proteins_of(NEW), other, shards=1)
    cache.folder.mkdir(parents=True)
    shutil.copy(foreign.with_name("shard-00000.parquet"), cache.folder / "foreign.parquet")
    write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=1, cache=cache)
    assert cache.known(hashes(NEW)) == set()
    assert (cache.folder / "foreign.parquet.damaged").exists()
    assert "foreign.parquet is from another encoder, small, layer 1" in caplog.text


def test_a_manifest_of_another_encoder_is_not_used(tmp_path, encoder, cache):
    other = cache_of(tmp_path, encoder_of(layer=1))
    write_store(tmp_path / "foreign", proteins_of(OLD), encoder_of(layer=1), cache=other)
    shutil.copytree(other.folder, cache.folder)
    assert cache.known(hashes(OLD)) == set()


def flip(path, share):
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.unlink()  # the run's shard is the same file
    path.write_bytes(content)


@pytest.mark.fault(22)
def test_a_damaged_file_is_set_aside_and_its_sequences_are_embedded_again(tmp_path, encoder, cache, caplog):
    one = write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    name = shards_in(cache)[0]
    flip(cache.folder / name, 0.5)
    encoder.forward.seen.clear()
    two = write_store(tmp_path / "two", proteins_of(OLD), encoder, cache=cache)
    assert 15 < len(encoder.forward.seen) < 30
    assert_equal(one, two)
    [warning] = {record.getMessage() for record in caplog.records if record.levelno == logging.WARNING}
    assert f"{name} is damaged" in warning
    assert (cache.folder / f"{name}.damaged").exists()
    encoder.forward.seen.clear()
    write_store(tmp_path / "three", proteins_of(OLD), encoder, cache=cache)
    assert encoder.forward.seen == []


@pytest.mark.parametrize("left", [0, 0.3])
def test_a_file_cut_short_is_set_aside(tmp_path, encoder, cache, left):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, shards=1, cache=cache)
    [name] = shards_in(cache)
    content = (cache.folder / name).read_bytes()
    (cache.folder / name).unlink()
    (cache.folder / name).write_bytes(content[: int(left * len(content))])
    assert cache.known(hashes(OLD)) == set()
    assert shards_in(cache) == []


def test_only_the_sequences_of_a_deleted_file_are_embedded_again(tmp_path, encoder, cache):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    (cache.folder / shards_in(cache)[0]).unlink()
    assert 0 < len(cache.known(hashes(OLD))) < len(OLD)


def test_a_file_deleted_while_a_job_copies_from_it_is_embedded_again(tmp_path, encoder, cache):
    one = write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    rows = proteins_of(OLD)[["sequence_sha256", "length", "protein_id", "sequence"]]
    real = cache.known

    def known_and_gone(shas):
        found = real(shas)
        shutil.rmtree(cache.folder)
        cache._store._open.clear()
        return found

    cache.known = known_and_gone
    encoder.forward.seen.clear()
    write_rows(tmp_path / "two.parquet", rows, encoder, cache)
    assert sorted(encoder.forward.seen) == sorted(OLD)
    assert one.exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PAR1")])
def test_a_lost_or_damaged_list_is_made_again(tmp_path, encoder, cache, damage):
    write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    damage(cache.folder / "manifest.parquet")
    assert cache.known(hashes(OLD)) == hashes(OLD)
    damage(cache.folder / "manifest.parquet")
    write_store(tmp_path / "two", proteins_of(NEW), encoder, cache=cache)
    assert cache.known(hashes(OLD + NEW)) == hashes(OLD + NEW)


def test_deleting_the_cache_is_safe(tmp_path, encoder, cache):
    one = write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    shutil.rmtree(tmp_path / "cache")
    assert len(dict(ESMResidueStore(one).by_shard())) == len(OLD)
    assert_equal(one, write_store(tmp_path / "two", proteins_of(OLD), encoder, cache=cache))


def test_a_cache_without_write_access_stops_no_job(tmp_path, encoder, caplog):
    (tmp_path / "cache").write_text("a file")
    blocked = cache_of(tmp_path, encoder)
    path = write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=blocked)
    assert len(ESMResidueStore(path)) == len(OLD)
    assert "was not put into the cache" in caplog.text


@pytest.mark.fault(28)
def test_concurrent_jobs_lose_nothing(tmp_path, encoder):
    parts = [OLD[i::6] for i in range(6)]

    def job(number):
        write_store(tmp_path / f"run{number}", proteins_of(parts[number]), encoder, 1, cache_of(tmp_path, encoder))

    threads = [threading.Thread(target=job, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache_of(tmp_path, encoder).known(hashes(OLD)) == hashes(OLD)


def add_and_be_killed(when, tmp_path, encoder, cache):
    torch.set_num_threads(1)  # a fork has no threads of its parent's pool, and would wait for them for ever

    def kill(*given, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    def half(source, part):
        Path(part).write_bytes(Path(source).read_bytes()[:5000])
        kill()

    def no_links(*given):
        raise OSError(18, "another disk")

    if when == "while copying":
        os.link, shutil.copyfile = no_links, half
    elif when == "before the list":
        residue_cache.write_index = kill
    else:
        real = Path.unlink
        Path.unlink = lambda path, **named: kill() if path.suffix == ".parquet" else real(path, **named)
    rows = proteins_of(OLD)[["sequence_sha256", "length", "protein_id", "sequence"]]
    write_rows(tmp_path / "killed.parquet", rows, encoder, cache)


@pytest.mark.fault(20)
@pytest.mark.kill
@pytest.mark.parametrize("when", ["while copying", "before the list", "before the removal"])
def test_a_kill_while_the_cache_is_added_to_leaves_no_bad_file(tmp_path, encoder, cache, when):
    write_store(tmp_path / "one", proteins_of(OLD[:20]), encoder, cache=cache)
    job = multiprocessing.get_context("fork").Process(target=add_and_be_killed, args=(when, tmp_path, encoder, cache))
    job.start()
    job.join()
    assert job.exitcode == -signal.SIGKILL
    assert cache.known(hashes(OLD)) >= hashes(OLD[:20])
    two = write_store(tmp_path / "two", proteins_of(OLD + NEW), encoder, cache=cache)
    assert cache.known(hashes(OLD + NEW)) == hashes(OLD + NEW)
    assert_equal(two, write_store(tmp_path / "alone", proteins_of(OLD + NEW), encoder))
    assert {path.suffix for path in cache.folder.iterdir()} == {"", ".parquet"}


def test_a_failed_shard_never_enters_the_cache(tmp_path, encoder, cache, monkeypatch):
    def fail(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("gofer.embeddings.residues.shards.zlib.crc32", fail)
    with pytest.raises(KeyboardInterrupt):
        write_store(tmp_path / "one", proteins_of(OLD), encoder, cache=cache)
    assert not cache.folder.exists()


def test_vectors_are_those_of_the_version_that_the_cache_is_named_after():
    # Where these change by more than float32 rounds, raise residue_cache.VERSION: cached vectors are then made anew.
    [vectors_LE] = ResidueEncoder.load("untrained_t2_d32_h4", "last", device="cpu").forward(["MKTAYIAKQR"])
    assert residue_cache.VERSION == 1
    np.testing.assert_allclose(vectors_LE[[0, 4, 9], :3], PINNED, atol=1e-4)


PINNED = [[0.500896, 0.883191, 0.493541], [-1.4664, 0.75545, -0.69723], [2.444993, -1.950619, 1.4083]]


def test_write_shard_gives_the_same_bytes_for_the_same_rows(tmp_path, encoder):
    rows = proteins_of(OLD)[["sequence_sha256", "length", "protein_id", "sequence"]]
    write_rows(tmp_path / "a.parquet", rows, encoder)
    write_rows(tmp_path / "b.parquet", rows, encoder)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
