"""Proteins of a run: batch by batch, each id once, the same bytes each time, and no id that names a file."""

import hashlib
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.artefacts import Manifest, read_manifest, read_table, write_batches
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence, collect_shards, plan_shards, write_index, write_shard
from gofer.errors import ArtefactError, InputError
from gofer.inputs.proteins import protein_table as proteins
from gofer.inputs.proteins.protein_table import ProteinReader, read_proteins
from gofer.inputs.schemas import PROTEINS

RECORDS = ">sp|P1|ONE_HUMAN first\nMKL\n>b\nmkv*\n>=c|../x\nMXW\n"
WORDS = st.one_of(
    st.from_regex(r"[!#-=?-~][!#-~]{0,299}", fullmatch=True),
    st.sampled_from(
        ["/etc/passwd", "../../up", "..", ".", "a/b", "-rf", "=1+1", "+1", "@x", "a|b", "Aa", "aA", "x" * 300]
    ),
).filter(lambda word: not word.startswith(("sp|", "tr|")))


def written(reader, path):
    write_batches(path, PROTEINS, reader.batches(), reader.manifest)
    return path


def test_the_table_has_its_columns_and_the_header_s_other_name_as_alias(write):
    table, _ = read_proteins([write("p.fasta", RECORDS)])
    assert table.columns.tolist() == PROTEINS.names
    assert table["protein_id"].tolist() == ["P1", "b", "=c|../x"]
    assert table["sequence"].tolist() == ["MKL", "MKV", "MXW"]
    assert table["length"].tolist() == [3, 3, 3]
    assert table["description"].tolist() == ["first", "", ""]
    assert [list(aliases) for aliases in table["aliases"]] == [["ONE_HUMAN"], [], []]
    assert table["sequence_sha256"][0] == hashlib.sha256(b"MKL").hexdigest()


@pytest.mark.parametrize("size", [1, 4, 1 << 22])
def test_batches_of_any_size_make_one_table(write, tmp_path, monkeypatch, size):
    path = write("p.fasta", RECORDS)
    whole, _ = read_proteins([path])
    monkeypatch.setattr(proteins, "BATCH_BYTES", size)
    table = written(ProteinReader([path]), tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(read_table(table), whole)
    assert pq.ParquetFile(table).num_row_groups == (3 if size == 1 else 2 if size == 4 else 1)


def test_the_same_proteins_are_the_same_bytes_and_carry_their_digest(write, tmp_path):
    path = write("p.fasta", RECORDS)
    one, two = (written(ProteinReader([path]), tmp_path / name).read_bytes() for name in ("1.parquet", "2.parquet"))
    assert one == two
    pairs = sorted([("P1", "MKL"), ("b", "MKV"), ("=c|../x", "MXW")])
    lines = "".join(f"{name}\t{hashlib.sha256(residues.encode()).hexdigest()}\n" for name, residues in pairs)
    assert read_manifest(tmp_path / "1.parquet").release == {
        "proteins_sha256": hashlib.sha256(lines.encode()).hexdigest()
    }


def test_a_changed_byte_of_the_rows_is_refused(write, tmp_path):
    path = written(ProteinReader([write("p.fasta", RECORDS)]), tmp_path / "p.parquet")
    whole = path.read_bytes()
    for place in range(4, whole.index(b"gofer_sha256") // 2, 11):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArtefactError, match="cannot be read"):
            read_table(path)


def test_a_fault_leaves_no_table(write, tmp_path):
    with pytest.raises(InputError):
        written(ProteinReader([write("p.fasta", RECORDS + ">z\nM3\n")]), tmp_path / "out" / "p.parquet")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_digest_does_not_depend_on_order_or_description(write):
    def digest(text):
        reader = ProteinReader([write("p.fasta", text)])
        assert sum(len(batch) for batch in reader.batches()) == 2
        return reader.manifest().release["proteins_sha256"]

    assert digest(">a\nMKL\n>b\nMKV\n") == digest(">b\nMKV\n>a x\nMKL\n") != digest(">b\nMKV\n>a\nMKI\n")


def test_memory_does_not_grow_with_the_sequences(write, tmp_path, monkeypatch):
    monkeypatch.setattr(proteins, "BATCH_BYTES", 1 << 18)
    rng = np.random.default_rng(1)
    residues = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", np.uint8)[rng.integers(0, 20, 12 << 20)].tobytes()
    path = write(
        "p.fasta", b"".join(b">P%d\n%s\n" % (i, residues[i : i + 10_000]) for i in range(0, len(residues), 10_000))
    )
    reader = ProteinReader([path])
    tracemalloc.start()
    written(reader, tmp_path / "p.parquet")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.accounting.count("proteins kept") == 1259
    assert most < 6 << 20


@pytest.mark.fault(18)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WORDS, st.text(" ab<", max_size=5)), min_size=1, max_size=8, unique_by=lambda pair: pair[0]))
def test_ids_come_through_unchanged_and_name_no_file(tmp_path_factory, headers):
    folder = tmp_path_factory.mktemp("ids")
    sequences = ["MKW" + "L" * number for number in range(len(headers))]
    records = zip(headers, sequences, strict=True)
    text = "".join(f">{word} {rest}\n{sequence}\n" for (word, rest), sequence in records)
    (folder / "p.fasta").write_text(text)
    table = read_table(written(ProteinReader([folder / "p.fasta"]), folder / "p.parquet"))
    assert table["protein_id"].tolist() == [word for word, _ in headers]
    plan = plan_shards(table, 1)
    rows = [
        EmbeddedSequence(row.sequence_sha256, row.protein_id, row.length, np.zeros((row.length, 2), np.float32))
        for row in table.itertuples()
    ]
    shard = folder / "shard-00000.parquet"
    write_shard(shard, rows, table, form=ResidueForm(2), manifest=Manifest({"residue_encoder": "zeros"}))
    write_index(folder / "manifest.parquet", *collect_shards([shard], plan))
    store = ESMResidueStore(folder / "manifest.parquet")
    assert [len(store[sha256]) for sha256 in table["sequence_sha256"]] == table["length"].tolist()
    names = {"p.fasta", "p.parquet", "shard-00000.parquet", "manifest.parquet"}
    assert {path.name for path in folder.rglob("*")} == names


def test_real_proteins_keep_the_digest_by_which_their_artefacts_are_known(shared_data):
    folder = shared_data / "swissprot"
    reader = ProteinReader([folder / "swissprot_2020.fasta"], keep_ids=folder / "ids_clean.txt")
    assert sum(len(batch) for batch in reader.batches()) == 3226
    digest = reader.manifest().release["proteins_sha256"]
    assert digest == "02b40f3baf93fd7b68d6ef39e0ff9e096e363ba0d12a15b16b7da0152e5b359b"


def test_proteins_to_leave_out_go_with_all_of_their_sequence(tmp_path):
    (tmp_path / "p.fasta").write_text(">A\nMKWL\n>B\nMKWV\n>C\nMKWL\n>D\nMKWI\n")
    (tmp_path / "out.txt").write_text("C\nB\nnowhere\n")
    table, accounting = read_proteins([tmp_path / "p.fasta"], leave_out_ids=tmp_path / "out.txt")
    assert table["protein_id"].tolist() == ["D"]
    assert accounting.count("records dropped", "id in leave_out_ids") == 2
    assert accounting.count("records dropped", "sequence of a protein of leave_out_ids") == 1
    assert accounting.count("leave_out_ids without a protein") == 1


def test_a_list_to_leave_out_that_names_no_protein_is_refused(tmp_path):
    (tmp_path / "p.fasta").write_text(">A\nMKWL\n")
    (tmp_path / "out.txt").write_text("nowhere\n")
    with pytest.raises(InputError, match=r"out.txt: none of its 1 ids, e.g. nowhere, is a protein of the FASTA"):
        read_proteins([tmp_path / "p.fasta"], leave_out_ids=tmp_path / "out.txt")
