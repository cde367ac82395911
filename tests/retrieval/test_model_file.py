"""The model file: what was written comes back; damaged and foreign files and other versions are refused in one line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from gofer.errors import ArtefactError
from gofer.retrieval import model_file
from gofer.retrieval.model_file import ModelFile, write_model_file

ARRAYS = {
    "towers/weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "encoder/half": np.linspace(0, 1, 5).astype(np.float16),
    "bank/rows": np.array([3, 1], np.int64),
    "bank/none": np.zeros((0, 4), np.float32),
    "flag": np.array([True, False]),
}
DOCUMENTS = {"card.json": {"name": "tiny", "é": [1, 2.5, None]}}
TEXTS = {"bank/names.txt": ["one", "", "drei ü"], "nothing.txt": []}


@pytest.fixture(params=[False, True], ids=["mapped", "small"])
def path(tmp_path, request):
    write_model_file(tmp_path / "tiny.gofer", ARRAYS, DOCUMENTS, TEXTS, small=request.param)
    return tmp_path / "tiny.gofer"


def rewritten(path, change):
    """The file with another header, which `change` is given as a dictionary."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def test_what_was_written_comes_back_read_only(path):
    file = ModelFile.open(path)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.array(name), array)
        assert file.array(name).dtype == array.dtype
        assert not file.array(name).flags.writeable
    assert file.document("card.json") == DOCUMENTS["card.json"]
    assert file.texts("bank/names.txt") == TEXTS["bank/names.txt"]
    assert file.texts("nothing.txt") == []
    assert set(file.group("bank")) == {"rows", "none"}
    assert set(file.verify()) == {*ARRAYS, *DOCUMENTS, *TEXTS}


def test_any_reader_of_safetensors_opens_it(tmp_path):
    path = tmp_path / "tiny.gofer"
    write_model_file(path, ARRAYS, DOCUMENTS, TEXTS)
    np.testing.assert_array_equal(load_file(path)["towers/weight"], ARRAYS["towers/weight"])


def test_the_same_content_is_the_same_bytes_and_other_content_has_another_digest(path, tmp_path):
    again, small = tmp_path / "again.gofer", bool(next(iter(ModelFile.open(path).parts.values())).packed)
    write_model_file(again, dict(reversed(ARRAYS.items())), DOCUMENTS, TEXTS, small=small)
    assert again.read_bytes() == path.read_bytes()
    write_model_file(again, {**ARRAYS, "flag": np.array([True, True])}, DOCUMENTS, TEXTS)
    assert ModelFile.open(again).digest != ModelFile.open(path).digest


def test_a_text_of_two_lines_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="more than one line"):
        write_model_file(tmp_path / "x.gofer", {}, {}, {"names.txt": ["a\nb"]})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_found(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("flip") / "tiny.gofer"
    write_model_file(path, ARRAYS, DOCUMENTS, TEXTS, small=data.draw(st.booleans()))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    before = bytes(content)
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    length = int.from_bytes(before[:8], "little")
    blank = before[8 : 8 + length].rstrip()
    if 8 + len(blank) <= place < 8 + length and content[place : place + 1].isspace():
        return  # the blanks that fill the header up
    with pytest.raises(ArtefactError):
        list(ModelFile.open(path).verify())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_cut_short_is_refused_when_it_is_opened(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "tiny.gofer"
    write_model_file(path, ARRAYS, DOCUMENTS, TEXTS)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(ArtefactError, match="tiny.gofer is (damaged|not a gofer model)"):
        ModelFile.open(path)


def test_bytes_at_the_end_are_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ArtefactError, match=r"too long, .* bytes instead of"):
        ModelFile.open(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"), (b"<!DOCTYPE html><html>", "a web page"), (b"PK\x03\x04" + b"\0" * 40, "a zip archive"),
        (b">sp|P1\nMKV\n", "FASTA"), ((2).to_bytes(8, "little") + b"[]", "a file of something else"),
        ((2).to_bytes(8, "little") + b"{}", "a safetensors file of something else"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "a file of something else"),
        ((60_000).to_bytes(8, "little") + b"[" * 60_000, "a file of something else"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_named(tmp_path, content, kind):
    (tmp_path / "x.gofer").write_bytes(content)
    with pytest.raises(ArtefactError, match=f"x.gofer is not a gofer model, but {kind}"):
        ModelFile.open(tmp_path / "x.gofer")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtefactError, match="no such file"):
        ModelFile.open(tmp_path / "x.gofer")


@pytest.mark.parametrize(("version", "help"), [("3", "update gofer"), ("1", "make it again"), (None, "make it again")])
def test_another_version_is_refused_naming_both_sides(path, version, help):
    rewritten(path, lambda header: header["__metadata__"].update(version=version))
    with pytest.raises(ArtefactError, match=f"is of model format {version}, and this gofer reads format 2") as refused:
        ModelFile.open(path)
    assert help in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"data_offsets": [0, 10**15]}, {"data_offsets": [-8, 16]}, {"shape": [10**9, 10**9]}, {"shape": [-2, -3]},
        {"dtype": "O"}, {"data_offsets": "x"}, {"shape": None},
    ],
)  # fmt: skip
def test_offsets_shapes_and_types_are_checked_even_where_the_checksum_is_right(path, change):
    def forged(header):
        facts = header.pop("__metadata__")
        header["towers/weight"].update(change)
        facts.pop("sha256")
        header["__metadata__"] = {**facts, "sha256": model_file._digest(header, facts)}

    rewritten(path, forged)
    with pytest.raises(ArtefactError, match="is damaged"):
        ModelFile.open(path)


def test_an_absent_part_is_named(path):
    with pytest.raises(ArtefactError, match="it has no part towers/bias"):
        ModelFile.open(path).array("towers/bias")


def test_a_compressed_part_that_claims_to_be_another_array_is_refused(tmp_path):
    path = tmp_path / "tiny.gofer"
    write_model_file(path, ARRAYS, DOCUMENTS, TEXTS, small=True)
    before = path.read_bytes()
    for shape in ([1 << 40], [3], [2, 4]):

        def forged(header, shape=shape):
            facts = header.pop("__metadata__")
            facts.pop("sha256")
            packed = json.loads(facts["packed"])
            packed["towers/weight"][1] = shape
            facts["packed"] = json.dumps(packed)
            header["__metadata__"] = {**facts, "sha256": model_file._digest(header, facts)}

        rewritten(path, forged)
        with pytest.raises(ArtefactError, match="is damaged"):
            ModelFile.open(path).array("towers/weight")
        path.write_bytes(before)
