import bz2
import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import InputError
from gofer.inputs import text_files as compressed
from gofer.inputs.text_files import Limits, read_ids, read_lines


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 64])
def test_lines_do_not_depend_on_where_a_chunk_ends(write, monkeypatch, end, chunk):
    monkeypatch.setattr(compressed, "CHUNK", chunk)
    lines = [b"one", b"", b"three", b"four"]
    for tail in (b"", end):
        assert list(read_lines(write("f", end.join(lines) + tail))) == list(enumerate(lines, start=1))


def test_a_line_without_end_is_refused(write, monkeypatch):
    monkeypatch.setattr(compressed, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(compressed, "CHUNK", 60)
    with pytest.raises(InputError, match="more than 100 bytes"):
        list(read_lines(write("f", "x" * 500)))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        list(read_lines(tmp_path))


def test_a_hash_sign_inside_an_id_is_no_comment(write):
    assert list(read_ids(write("ids", "a#1\n# all\nb # note\n"))) == ["a#1", "b"]


def test_a_file_with_an_extreme_compression_ratio_is_refused_before_its_first_line(write, monkeypatch):
    monkeypatch.setattr(compressed, "ALWAYS_ALLOWED", 1 << 20)
    packed = gzip.compress(b">a\nMKV\n" * 300_000)
    assert 2_100_000 / len(packed) > Limits().unfold_ratio
    path, kept = write("bomb", packed), []
    with pytest.raises(InputError, match="unfolds to more than 200 times its size") as caught:
        kept.extend(read_lines(path))
    assert not kept
    assert "unpack it first" in caught.value.help
    assert len(list(read_lines(path, Limits(unfold_ratio=1000)))) == 600_000


def test_a_larger_one_is_refused_while_it_is_read(write, monkeypatch):
    monkeypatch.setattr(compressed, "ALWAYS_ALLOWED", 1 << 18)
    monkeypatch.setattr(compressed, "CHUNK", 1 << 16)
    packed = gzip.compress(b">a\nMKV\n" * 300_000)
    kept: list[tuple[int, bytes]] = []
    with pytest.raises(InputError, match="unfolds to more than 100 times its size"):
        kept.extend(read_lines(write("bomb", packed), Limits(unfold_ratio=100)))
    assert 0 < len(kept) < 300_000, "it stops before the whole is unfolded"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_of_more_than_its_gib_is_refused(write, pack):
    path = write("large", pack(b"text\n" * 1000))
    with pytest.raises(InputError, match="holds more than 1e-06 GiB") as caught:
        list(read_lines(path, Limits(unfolded_gib=1e-6)))
    assert "split it into several files" in caught.value.help
    assert len(list(read_lines(path, Limits(unfolded_gib=1e-5)))) == 1000


def test_a_text_that_packs_well_is_read(write, monkeypatch):
    monkeypatch.setattr(compressed, "ALWAYS_ALLOWED", 1 << 20)
    text = b"".join(b">%d\n%s\n" % (i, random.Random(i).randbytes(60).hex().encode()) for i in range(20_000))
    assert sum(1 for _ in read_lines(write("text", gzip.compress(text)))) == 40_000


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc"]), max_size=20),
    st.integers(1, 7),
    st.sampled_from([bytes, gzip.compress, bz2.compress]),
)
def test_lines_are_those_of_splitlines(tmp_path_factory, parts, chunk, pack):
    text = b"".join(parts)
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(pack(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressed, "CHUNK", chunk)
        assert [line for _, line in read_lines(path)] == text.splitlines()
