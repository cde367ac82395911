"""Files are written completely or not at all, and checked when they are read."""

import json
import os
import stat
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gofer.artefacts import (
    MANIFEST_KEY,
    Manifest,
    agreed,
    agreed_files,
    atomic,
    read_batches,
    read_groups,
    read_json,
    read_manifest,
    read_table,
    sha256_of,
    with_manifest,
    write_batches,
    write_json,
    write_table,
    write_text,
)  # fmt: skip
from gofer.errors import ArtefactError, GoferError

MANIFEST = Manifest({"go_release": "r1", "proteins_sha256": "p"}, {"settings": {"a": [1, 2.5]}, "count": 3})
TABLE = pd.DataFrame(
    {"protein_id": ["P1", "a b/ü", None], "score": [0.1, float("nan"), 1.0], "go_ids": [["GO:1"], [], ["GO:2", "GO:3"]]}
)
FACTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4)


@pytest.fixture
def parquet(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE, MANIFEST)
    return tmp_path / "t.parquet"


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "f.txt"
    write_text(path, "old")
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), atomic(path) as part:  # noqa: PT012 - what is tested is the block
            part.write_text("half")
            raise error
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(20)
def test_what_a_killed_process_left_of_a_file_goes_and_what_is_being_written_stays(tmp_path):
    path = tmp_path / "f [1].txt"
    code = "import os, sys; from gofer.artefacts import atomic\n"
    code += "with atomic(sys.argv[1]) as part: part.write_text('x'); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 9
    (left,) = tmp_path.iterdir()
    assert left.read_text() == "x"
    with atomic(path) as part:
        assert list(tmp_path.iterdir()) == [part]
        part.write_text("first")
        write_text(path, "second")
        assert sorted(tmp_path.iterdir()) == sorted([part, path])
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(75)
def test_a_new_file_appears_whole_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "a b" / "ü" / "f.txt"
    with atomic(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent
    assert path.read_text() == "half"


@pytest.mark.fault(75)
def test_files_have_the_permissions_that_the_user_asked_for(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "f.txt", "x")
        assert stat.S_IMODE((tmp_path / "f.txt").stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_a_table_comes_back_as_it_was(parquet):
    table = read_table(parquet)
    assert table["protein_id"].tolist()[:2] == ["P1", "a b/ü"]
    assert pd.isna(table["protein_id"][2])
    np.testing.assert_array_equal(table["score"], TABLE["score"])
    assert [list(row) for row in table["go_ids"]] == TABLE["go_ids"].tolist()
    assert read_manifest(parquet) == MANIFEST
    assert read_table(parquet, ["score"]).columns.tolist() == ["score"]


def test_an_empty_table_comes_back_with_its_columns(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE.iloc[:0], MANIFEST)
    assert read_table(tmp_path / "t.parquet").columns.tolist() == TABLE.columns.tolist()


def test_the_same_table_is_always_the_same_bytes(parquet, tmp_path):
    write_table(tmp_path / "again.parquet", TABLE, MANIFEST)
    assert sha256_of(tmp_path / "again.parquet") == sha256_of(parquet)


def test_other_tools_can_read_the_table_too(parquet):
    assert pq.read_table(parquet).to_pandas()["score"][0] == 0.1


def test_a_missing_column_is_named(parquet):
    with pytest.raises(ArtefactError, match="it has no column absent"):
        read_table(parquet, ["score", "absent"])


def test_folders_named_like_a_key_add_no_column(tmp_path):
    write_table(tmp_path / "run=demo" / "t.parquet", TABLE, MANIFEST)
    assert read_table(tmp_path / "run=demo" / "t.parquet").columns.tolist() == TABLE.columns.tolist()


@pytest.mark.fault(22)
def test_a_flipped_bit_anywhere_in_a_table_is_refused_or_changes_nothing(parquet):
    whole, rng = parquet.read_bytes(), np.random.default_rng(1)
    refused = 0
    for place in range(0, len(whole), 3):
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(0, 8))
        parquet.write_bytes(content)
        try:
            table = read_table(parquet)
        except ArtefactError:
            refused += 1
        else:  # the name of the digest itself: then it is not found, and the rest is as it was
            assert b"gofer_sha256" in whole[place - 24 : place + 25]
            assert str(table.to_dict()) == str(read_table_of(whole, parquet).to_dict())
    assert refused > 0.98 * len(whole) / 3


def read_table_of(content, path):
    path.write_bytes(content)
    return read_table(path)


@pytest.mark.parametrize("keep", [0, 3, 0.5, -1])
def test_a_truncated_table_is_refused_and_says_what_to_do(parquet, keep):
    whole = parquet.read_bytes()
    parquet.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ArtefactError) as caught:
        read_table(parquet)
    assert str(parquet) in str(caught.value)
    assert "delete it and run snakemake again" in caught.value.help
    with pytest.raises(ArtefactError):
        read_manifest(parquet)


@pytest.mark.parametrize("read", [read_table, read_json, read_manifest])
@pytest.mark.parametrize("name", ["no.parquet", "no.json", "no.safetensors", "no.tsv"])
def test_a_missing_file_is_an_error_that_says_so(tmp_path, read, name):
    with pytest.raises(ArtefactError, match="is missing"):
        read(tmp_path / name)


def test_a_table_of_page_checksums_alone_is_read_as_before(tmp_path):
    pq.write_table(with_manifest(pa.table({"a": [1, 2]}), MANIFEST), tmp_path / "s.parquet", write_page_checksum=True)
    assert read_table(tmp_path / "s.parquet")["a"].tolist() == [1, 2]
    assert read_manifest(tmp_path / "s.parquet") == MANIFEST


def test_json_comes_back_without_its_manifest(tmp_path):
    write_json(tmp_path / "f.json", {"a": [1, None], "b": "ü"}, MANIFEST)
    assert read_json(tmp_path / "f.json") == {"a": [1, None], "b": "ü"}
    assert read_manifest(tmp_path / "f.json") == MANIFEST


@pytest.mark.parametrize("content", ["", "nonsense", "[1]", "3", "null", '{"a": '])
def test_json_that_is_none_of_ours_is_refused(tmp_path, content):
    (tmp_path / "f.json").write_text(content)
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_json(tmp_path / "f.json")
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_manifest(tmp_path / "f.json")


@pytest.mark.parametrize("manifest", [None, "x", {}, {"release": 1, "made_by": {}}, {"release": {}}, [1]])
def test_a_manifest_that_is_none_is_refused(tmp_path, manifest):
    (tmp_path / "f.json").write_text(json.dumps({MANIFEST_KEY: manifest}))
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_manifest(tmp_path / "f.json")


@pytest.mark.parametrize("content", [b"", b"123", b"\xff" * 30, b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_safetensors_file_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_manifest(tmp_path / "m.safetensors")


def test_other_files_have_their_manifest_next_to_them(tmp_path):
    write_json(tmp_path / "p.tsv.json", {}, MANIFEST)
    assert read_manifest(tmp_path / "p.tsv") == MANIFEST


@given(FACTS, FACTS)
def test_a_manifest_survives_json(release, made_by):
    manifest = Manifest(release, made_by)
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert "\n" not in manifest.to_json()


def test_facts_are_added_to_copies():
    more = MANIFEST.with_release(text_encoder="t").with_facts(seed=1)
    assert more.release["text_encoder"] == "t"
    assert more.made_by["seed"] == 1
    assert "text_encoder" not in MANIFEST.release
    assert more.only("text_encoder", "none").release == {"text_encoder": "t"}


def test_manifests_that_agree_are_joined():
    joined = agreed({"a": Manifest({"x": "1"}), "b": Manifest({"y": "2"}), "c": Manifest({"x": "1", "z": "3"})})
    assert joined == Manifest({"x": "1", "y": "2", "z": "3"})


def test_manifests_that_disagree_are_refused_and_both_sides_are_named(tmp_path):
    for name, release in (("terms", "r1"), ("proteins", None), ("texts", "r2")):
        manifest = Manifest({"go_release": release} if release else {"proteins_sha256": "p"})
        write_table(tmp_path / f"{name}.parquet", TABLE, manifest)
    paths = [tmp_path / f"{name}.parquet" for name in ("terms", "proteins", "texts")]
    assert agreed_files(*paths[:2]).release == {"go_release": "r1", "proteins_sha256": "p"}
    with pytest.raises(ArtefactError) as caught:
        agreed_files(*paths)
    assert str(caught.value).startswith(
        f"{paths[2]} was made with go_release r2, but {paths[0]} with go_release r1\nhelp: rerun the older"
    )


@pytest.mark.fault(27)
def test_a_full_disk_is_reported_with_the_free_space(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    write_text(tmp_path / "f.txt", "old")
    monkeypatch.setattr("gofer.artefacts.os.fsync", full)
    with pytest.raises(GoferError, match=r"f.txt cannot be written: No space left on device \([\d,]+ MB are free"):
        write_text(tmp_path / "f.txt", "new")
    assert (tmp_path / "f.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_written_in_batches_is_the_same_table_and_its_manifest_may_have_facts_about_the_rows(tmp_path):
    whole, seen = pa.Table.from_pandas(TABLE, preserve_index=False), []

    def batches():
        for row in range(len(TABLE)):
            seen.append(row)
            yield whole.slice(row, 1)

    path = tmp_path / "t.parquet"
    write_batches(path, whole.schema, batches(), lambda: MANIFEST.with_facts(rows=len(seen)))
    pd.testing.assert_frame_equal(read_table(path), pd.read_parquet(path))
    assert pq.ParquetFile(path).num_row_groups == len(TABLE) == read_manifest(path).made_by["rows"]
    assert str(read_table(path).to_dict()) == str(whole.to_pandas().to_dict())


def test_a_batch_that_fails_leaves_the_old_table_and_nothing_else(tmp_path):
    path, whole = tmp_path / "t.parquet", pa.Table.from_pandas(TABLE, preserve_index=False)
    write_table(path, TABLE, MANIFEST)
    before = sha256_of(path)

    def batches():
        yield whole
        raise ValueError

    with pytest.raises(ValueError, match="^$"):
        write_batches(path, whole.schema, batches(), lambda: MANIFEST)
    assert sha256_of(path) == before
    assert list(tmp_path.iterdir()) == [path]


def in_two_groups(path):
    table = pa.table({"id": ["a", "b", "c", "d"], "n": [1, 2, 1, 3], "list": [["x"], [], None, ["y", "z"]]})
    write_batches(path, table.schema, [table[:3], table[3:]], lambda: MANIFEST)
    return table.to_pandas()


def test_only_the_rows_asked_for_are_read(tmp_path):
    table = in_two_groups(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet", ["id", "list"], where={"n": [1, 3]})
    pd.testing.assert_frame_equal(found, table.loc[[0, 2, 3], ["id", "list"]].reset_index(drop=True))
    assert read_table(tmp_path / "t.parquet", where={"n": [1], "id": ["c", "d"]})["id"].tolist() == ["c"]
    nothing = read_table(tmp_path / "t.parquet", where={"id": pd.Series([], dtype="str")})
    pd.testing.assert_frame_equal(nothing, table[:0])
    with pytest.raises(ArtefactError, match="no column nowhere"):
        read_table(tmp_path / "t.parquet", where={"nowhere": [1]})


def test_batches_are_read_as_they_were_written(tmp_path):
    in_two_groups(tmp_path / "t.parquet")
    assert [batch["id"].to_pylist() for batch in read_groups(tmp_path / "t.parquet")] == [["a", "b", "c"], ["d"]]
    assert pa.Table.from_batches(read_batches(tmp_path / "t.parquet", ["n"])).to_pydict() == {"n": [1, 2, 1, 3]}


def test_a_damaged_file_is_refused_batch_by_batch_too(tmp_path):
    in_two_groups(tmp_path / "t.parquet")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[len(content) // 3] ^= 1
    (tmp_path / "t.parquet").write_bytes(content)
    for read in (read_groups, lambda path: read_batches(path, ["id"])):
        with pytest.raises(ArtefactError, match="cannot be read"):
            list(read(tmp_path / "t.parquet"))


def test_a_large_batch_stays_one_batch(tmp_path):
    table = pa.table({"n": np.zeros((1 << 20) + 1, np.int8)})  # parquet's own groups end at 1 << 20 rows
    write_batches(tmp_path / "t.parquet", table.schema, [table], lambda: MANIFEST)
    assert [len(batch) for batch in read_groups(tmp_path / "t.parquet")] == [len(table)]
