import hashlib
import logging
import multiprocessing
import os
import shutil

import numpy as np
import pytest

from gofer.artefacts import Manifest
from gofer.embeddings.texts import text_cache
from gofer.embeddings.texts.go_lookup import write_unit_vectors
from gofer.embeddings.texts.text_cache import TextCache

WIDTH = 8


def vector(text):
    """A unit vector that tells its text."""
    numbers = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)).normal(size=WIDTH)
    return (numbers / np.linalg.norm(numbers)).astype(np.float32)


def texts(*numbers):
    return [f"text {number}" for number in numbers]


def add(cache, names):
    cache.add(names, np.stack([vector(name) for name in names]))


def assert_holds(cache, names):
    found = cache.read(names)
    assert sorted(found) == sorted(names)
    for name in names:
        np.testing.assert_array_equal(found[name], vector(name))


def files(cache):
    return sorted(path.name for path in cache.folder.glob("*.parquet"))


@pytest.fixture
def cache(tmp_path):
    return TextCache(tmp_path / "cache", "encoder one")


def test_what_was_added_is_found_again_by_another_run(cache, tmp_path):
    add(cache, texts(1, 2, 3))
    later = TextCache(tmp_path / "cache", "encoder one")
    assert_holds(later, texts(1, 2, 3))
    assert sorted(later.read(texts(3, 4, 1))) == texts(1, 3)


def test_nothing_is_found_and_no_folder_made_before_something_is_added(cache):
    assert cache.read(texts(1)) == {}
    cache.add([], np.empty((0, WIDTH), np.float32))
    assert not cache.folder.exists()


def test_another_encoder_shares_nothing(cache, tmp_path):
    add(cache, texts(1))
    assert TextCache(tmp_path / "cache", "encoder two").read(texts(1)) == {}


def test_a_file_moved_in_from_another_encoder_is_not_believed(cache, tmp_path, caplog):
    other = TextCache(tmp_path / "cache", "encoder two")
    add(other, texts(1))
    cache.folder.mkdir()
    shutil.copy(other.folder / files(other)[0], cache.folder)
    with caplog.at_level(logging.WARNING):
        assert cache.read(texts(1)) == {}
    assert "was made with text_vectors encoder two, but this run with text_vectors encoder one" in caplog.text


def test_the_same_texts_are_one_file_in_any_order_and_however_often_they_are_added(cache):
    add(cache, texts(1, 2))
    before = {name: (cache.folder / name).read_bytes() for name in files(cache)}
    add(cache, texts(2, 1))
    assert {name: (cache.folder / name).read_bytes() for name in files(cache)} == before


def test_many_small_files_become_one_with_all_that_was_in_them(cache):
    everything = texts(*range(40))
    for start in range(0, 40, 4):
        add(cache, [*everything[start : start + 4], "in every file"])
        assert len(files(cache)) <= text_cache.MOST_SMALL
    assert_holds(TextCache(cache.folder.parent, "encoder one"), [*everything, "in every file"])


def test_large_files_are_left_alone(cache, monkeypatch):
    add(cache, texts(*range(100)))
    large = files(cache)
    monkeypatch.setattr(text_cache, "SMALL_BYTES", (cache.folder / large[0]).stat().st_size)
    for number in range(100, 120):
        add(cache, texts(number))
    assert set(large) < set(files(cache))
    assert len(files(cache)) <= 1 + text_cache.MOST_SMALL
    assert_holds(cache, texts(*range(120)))


@pytest.mark.parametrize("damage", ["a bit", "cut short", "empty", "no parquet"])
def test_a_damaged_file_is_set_aside_with_a_warning_and_the_others_are_used(cache, caplog, damage):
    add(cache, texts(1, 2))
    path = cache.folder / files(cache)[0]
    add(cache, texts(3))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 16
    path.write_bytes({"a bit": content, "cut short": content[:-9], "empty": b"", "no parquet": b"<html>"}[damage])
    with caplog.at_level(logging.WARNING):
        assert list(cache.read(texts(1, 2, 3))) == texts(3)
    assert f"{path} cannot be read" in caplog.text
    assert "its texts are embedded again" in caplog.text
    assert path.with_suffix(".damaged").exists()
    add(cache, texts(1, 2))
    assert_holds(cache, texts(1, 2, 3))


def test_a_damaged_file_does_not_stop_a_merge(cache, caplog):
    add(cache, texts(0))
    (cache.folder / files(cache)[0]).write_bytes(b"damaged")
    for number in range(1, 9):
        add(cache, texts(number))
    assert len(files(cache)) == 1
    assert_holds(cache, texts(*range(1, 9)))


def test_vectors_that_are_not_of_unit_length_are_not_believed(cache, monkeypatch):
    monkeypatch.setattr("gofer.embeddings.texts.go_lookup._problem", lambda ids, vectors_TG: "")
    key = text_cache._key("text 1")
    write_unit_vectors(
        cache.folder / "x.parquet", text_cache.KEY, [key], np.full((1, 2), 7, np.float32), cache.manifest
    )
    monkeypatch.undo()
    assert cache.read(texts(1)) == {}


def test_files_that_others_put_there_are_no_trouble(cache):
    add(cache, texts(1))
    (cache.folder / "notes.txt").write_text("mine")
    (cache.folder / ".x.parquet.abc.part").write_bytes(b"half")
    assert_holds(cache, texts(1))


def test_the_folder_can_be_deleted_at_any_time(cache):
    add(cache, texts(1))
    shutil.rmtree(cache.folder)
    assert cache.read(texts(1)) == {}
    add(cache, texts(2))
    assert_holds(cache, texts(2))


def test_without_write_access_the_work_continues_with_one_warning(tmp_path, caplog):
    (tmp_path / "cache").write_text("a file")
    cache = TextCache(tmp_path / "cache", "encoder one")
    with caplog.at_level(logging.WARNING):
        assert cache.read(texts(1)) == {}
        add(cache, texts(1))
        add(cache, texts(2))
    assert caplog.text.count("vectors are not kept there") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_that_can_only_be_read_is_read(cache):
    add(cache, texts(1))
    cache.folder.chmod(0o555)
    try:
        add(cache, texts(2))
        assert_holds(cache, texts(1))
    finally:
        cache.folder.chmod(0o755)


def test_a_file_merged_while_it_is_read_is_found_in_the_merged_one(cache, monkeypatch):
    for number in range(3):
        add(cache, texts(number))
    read, merged = text_cache.read_unit_vectors, []

    def merging(path, key, *, expected):
        if not merged:
            merged.append(path)
            cache._merge(cache._files())
        return read(path, key, expected=expected)

    monkeypatch.setattr(text_cache, "read_unit_vectors", merging)
    assert_holds(cache, texts(0, 1, 2))


def worker(folder, first):
    cache = TextCache(folder, "encoder one")
    for number in range(first, first + 30, 2):
        names = [*texts(number, number + 1), "shared"]
        add(cache, names)
        assert_holds(cache, names)


def test_two_concurrent_processes_lose_nothing(cache):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=worker, args=(cache.folder.parent, first)) for first in (0, 15, 30)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(120)
    assert [process.exitcode for process in workers] == [0, 0, 0]
    assert_holds(cache, [*texts(*range(60)), "shared"])
    assert not list(cache.folder.glob("*.damaged"))


def test_the_manifest_of_a_cache_names_its_encoder(cache):
    assert cache.manifest == Manifest({"text_vectors": "encoder one"})
