import gzip
import random

import pytest

from gofer.errors import InputError
from gofer.inputs import compressed
from gofer.inputs.compressed import read_ids, read_lines


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


def test_a_file_that_unfolds_out_of_all_proportion_is_refused(write, monkeypatch):
    monkeypatch.setattr(compressed, "BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(compressed, "CHUNK", 1 << 16)
    packed = gzip.compress(b">a\nMKV\n" * 300_000)
    assert 2_100_000 / len(packed) > compressed.BOMB_RATIO
    kept: list[tuple[int, bytes]] = []
    with pytest.raises(InputError, match="unfolds to more than 200 times its size"):
        kept.extend(read_lines(write("bomb", packed)))
    assert len(kept) < 600_000, "it stops before the whole is unfolded"


def test_a_text_that_packs_well_is_read(write, monkeypatch):
    monkeypatch.setattr(compressed, "BOMB_BYTES", 1 << 20)
    text = b"".join(b">%d\n%s\n" % (i, random.Random(i).randbytes(60).hex().encode()) for i in range(20_000))
    assert sum(1 for _ in read_lines(write("text", gzip.compress(text)))) == 40_000
