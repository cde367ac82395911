"""What the results of a query are called, into how many jobs it is divided, and whose results are never replaced."""

import hashlib
import json

import pytest

from gofer.config.files import (
    FEWEST_SHARDS,
    PART_BYTES,
    SHARD_BYTES,
    check_query,
    query_name,
    query_parts,
    refuse_other_query,
    residue_shards,
    taxon_settings,
)
from gofer.errors import GoferError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("lab/my.fasta", "my"), ("my.fa.gz", "my"), ("my.faa", "my"), ("proteome.v2.fasta.bz2", "proteome.v2"),
        ("noending", "noending"),
    ],
)  # fmt: skip
def test_a_query_is_called_as_its_file_without_endings(path, name):
    assert query_name(path) == name


@pytest.mark.fault(76)
def test_names_that_become_the_same_plain_characters_stay_different():
    names = {query_name(path) for path in ("東京.fasta", "大阪.fasta", "__.fasta", "set{2}.fasta", "set 2.fasta")}
    assert len(names) == 5
    assert all(name.isascii() and not set(name) & set(" {}") for name in names)


def test_a_large_query_is_divided_by_the_size_of_its_file(tmp_path):
    for size, parts in ((10, 1), (PART_BYTES * 3, 4)):
        (tmp_path / "q.fasta").write_bytes(b"M" * size)
        assert query_parts(tmp_path / "q.fasta") == parts
    (tmp_path / "q.fasta.gz").write_bytes(b"M" * PART_BYTES * 3)
    assert query_parts(tmp_path / "q.fasta.gz") == 7
    assert query_parts(tmp_path / "later.fasta") == 1


def test_the_residues_of_many_proteins_are_in_more_files_unless_a_number_is_given(tmp_path):
    def config(shards):
        return {
            "data": str(tmp_path),
            "proteins": ["a.fasta", "b.fasta"],
            "embeddings": {"residues": {"shards": shards}},
        }

    assert residue_shards(config("auto")) == FEWEST_SHARDS  # there is no file yet
    for name in ("a.fasta", "b.fasta"):
        with open(tmp_path / name, "wb") as file:
            file.truncate(SHARD_BYTES * 3)
    assert residue_shards(config("auto")) == 6
    assert residue_shards(config(2)) == 2


@pytest.mark.fault(76)
def test_results_of_another_file_of_the_same_name_are_not_replaced(tmp_path):
    one, other, copy = tmp_path / "a/q.fasta", tmp_path / "b/q.fasta", tmp_path / "c/q.fasta"
    for path, text in ((one, ">a\nMK\n"), (other, ">b\nMV\n"), (copy, ">a\nMK\n")):
        path.parent.mkdir()
        path.write_text(text)
    folder = tmp_path / "results"
    refuse_other_query(folder, one)
    folder.mkdir()
    summary = {"query": str(one), "file_sha256": hashlib.sha256(one.read_bytes()).hexdigest()}
    (folder / "summary.json").write_text(json.dumps(summary))
    refuse_other_query(folder, copy)
    with pytest.raises(GoferError, match="holds the predictions for .*a/q.fasta, another file than .*b/q.fasta"):
        refuse_other_query(folder, other)
    one.write_text(">a\nMKVL\n")
    refuse_other_query(folder, one)  # the file itself may change


@pytest.mark.fault(88, 89)
@pytest.mark.parametrize(
    ("query", "model", "what"),
    [
        (None, "m.gofer", "there is no query to predict for"), ("set{2}.fasta", "m.gofer", "set{2}.fasta holds braces"),
        ("q.fasta", "m{1}.gofer", "m{1}.gofer holds braces"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_for_is_refused(tmp_path, query, model, what):
    with pytest.raises(GoferError) as refused:
        check_query(query, model, str(tmp_path), wanted=True)
    assert what in str(refused.value)


def test_a_run_without_a_query_is_no_fault(tmp_path):
    check_query(None, "m.gofer", str(tmp_path), wanted=False)


def test_a_taxon_may_be_a_number_and_its_files_are_in_the_data_folder():
    section = {"id": 9606, "lineage": "nodes.dmp", "constraints": "go.obo"}
    found = taxon_settings({"data": "my", "retrieval": {"taxon": section}})
    assert found == {"id": "9606", "lineage": "my/nodes.dmp", "constraints": ["my/go.obo"]}
    none = taxon_settings({"data": "my", "retrieval": {"taxon": dict.fromkeys(section)}})
    assert none == {"id": None, "lineage": None, "constraints": []}
