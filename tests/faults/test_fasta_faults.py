"""FASTA files that are not what they should be (FAULTS.md 1–19): one clear error each, or a documented repair."""

import bz2
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import MOST_SHOWN, GoferError, InputError, ProblemsError
from gofer.inputs.proteins import proteins_digest, read_proteins

PROTEIN = "MKVLAAGIVGLLAQWERTY"


def fasta(folder: Path, content: str | bytes, name: str = "p.fasta") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(folder: Path, content: str | bytes, name: str = "p.fasta") -> GoferError:
    with pytest.raises(GoferError) as caught:
        read_proteins([fasta(folder, content, name)])
    assert str(folder) in str(caught.value), "the message names the file"
    return caught.value


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_a_file_without_a_record_is_refused(tmp_path, content):
    assert "no FASTA record" in str(refused(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        ("<!DOCTYPE html><html>404</html>", "looks like HTML", 1),
        ("\n\n<html>", "looks like HTML", 3),
        ('{"error": 404}', "looks like JSON", 1),
        ("@read1\nACGT\n+\nIIII\n", "looks like FASTQ", 1),
        (b"PK\x03\x04rest", "is packed or binary", 1),
        (f"{PROTEIN}\n>a\n{PROTEIN}\n", "residues before the first '>'", 1),
        (f">a\n{PROTEIN}\n>b\n>c\n{PROTEIN}\n", "without residues (b)", 3),
        (f">a\n{PROTEIN}\n>b\n*\n", "without residues (b)", 3),
        (f"> a\n{PROTEIN}\n", "'>' without an id", 1),
        (f">\n{PROTEIN}\n", "'>' without an id", 1),
        (">a\nMK*LA\n", "stop '*' at residue 3", 1),
        (">a\nMK**\n", "stop '*' at residue 3", 1),
        (">a\nMKLA\nMK-LA\n", "gap '-' in column 3 of a: this looks aligned", 3),
        (">a\nM.LA\n", "gap '.'", 2),
        (">a\nM_LA\n", "gap '_'", 2),
        (">a\nMK\nM3K\n", "'3' (U+0033) in column 2 of a", 3),
        (b">a\nM\0K\n", "(U+0000) in column 2", 2),
        (">a\nMKéL\n", "(U+00E9) in column 3", 2),
        ("\ufeff>a\nMK\n", "U+FEFF (byte-order mark) in column 1", 1),
        (b">a\x00b\nMK\n", "U+0000 (NUL) in column 2", 1),
        (b">a caf\xe9\nMK\n", "not UTF-8", 1),
        (">a\n" + "ACGT" * 15 + "\n", "nucleotide", 1),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, content, said, line):
    error = refused(tmp_path, content)
    assert isinstance(error, InputError)
    assert said in error.what
    assert error.line == line
    assert error.help


def test_an_id_of_two_sequences_is_refused_with_both_lines(tmp_path):
    error = refused(tmp_path, ">a\nMKL\n>b\nMKV\n>a\nMKK\n")
    assert "line 1" in error.what
    assert error.line == 5


def test_an_id_twice_with_one_sequence_is_kept_once_and_counted(tmp_path):
    table, accounting = read_proteins([fasta(tmp_path, ">a\nMKL\n>a again\nmk\nl\n")])
    assert table["protein_id"].tolist() == ["a"]
    assert accounting.count("records dropped", "same id and sequence as an earlier record") == 1


def test_an_id_in_two_files_is_found_too(tmp_path):
    one, two = fasta(tmp_path, ">a\nMKL\n", "1.fa"), fasta(tmp_path, ">a\nMKK\n", "2.fa")
    with pytest.raises(InputError, match=r"1\.fa:1 for another sequence"):
        read_proteins([one, two])


def test_a_stop_at_the_end_is_taken_off_and_counted(tmp_path):
    table, accounting = read_proteins([fasta(tmp_path, ">a\nMKL*\n>b\nMKV\n*\n")])
    assert table["sequence"].tolist() == ["MKL", "MKV"]
    assert accounting.count("sequences changed", "stop '*' at the end taken off") == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_reads_alike(tmp_path, end):
    table, _ = read_proteins([fasta(tmp_path, end.join([">a one", "MKL", "AV", "", ">b", "MK"]))])
    assert table["sequence"].tolist() == ["MKLAV", "MK"]
    assert table["description"].tolist() == ["one", ""]


def test_lower_case_becomes_upper_case_and_rare_letters_stay(tmp_path):
    table, _ = read_proteins([fasta(tmp_path, ">a\nmk bjouxz l\n")])
    assert table["sequence"].tolist() == ["MKBJOUXZL"]


@pytest.mark.parametrize("sequence", ["M", "X" * 80, "G" * 60, "MKV" * 12_000])
def test_odd_but_real_proteins_are_read(tmp_path, sequence):
    table, _ = read_proteins([fasta(tmp_path, f">a\n{sequence}\n")])
    assert table["length"].tolist() == [len(sequence)]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda b: gzip.compress(b[:5]) + gzip.compress(b[5:])])
def test_packed_files_are_told_by_content_not_by_name(tmp_path, pack):
    table, _ = read_proteins([fasta(tmp_path, pack(f">a\n{PROTEIN}\n".encode()), "p.fasta")])
    assert table["sequence"].tolist() == [PROTEIN]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_packed_file_cut_short_is_refused(tmp_path, pack):
    packed = pack("".join(f">p{i}\n{PROTEIN[i % 9 :]}\n" for i in range(999)).encode())
    assert "ends too early" in str(refused(tmp_path, packed[: len(packed) // 2]))


def test_a_damaged_gzip_file_is_refused(tmp_path):
    packed = bytearray(gzip.compress("".join(f">p{i}\n{PROTEIN}\n" for i in range(99)).encode()))
    packed[-6] ^= 0xFF
    assert "damaged" in str(refused(tmp_path, bytes(packed)))


@pytest.mark.parametrize("block", [b"\0" * (1 << 20), b">a\n" + b"MKV\n" * (1 << 18)])
def test_a_gzip_bomb_is_refused_before_it_unfolds(tmp_path, block):
    bomb = gzip.compress(block * 200)
    assert len(bomb) < 2_000_000
    assert str(refused(tmp_path, bomb)).count("help:") == 1


def test_a_record_longer_than_any_protein_is_refused(tmp_path):
    assert "more than 200,000 residues" in str(refused(tmp_path, ">a\n" + "MKVLAWYT\n" * 30_000))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_proteins([tmp_path / "absent.fasta"])


def test_at_most_twenty_faults_are_shown_at_once(tmp_path):
    with pytest.raises(ProblemsError) as caught:
        read_proteins([fasta(tmp_path, "".join(f">p{i}\nM{i % 10}K\n" for i in range(50)))])
    assert len(caught.value.problems) == MOST_SHOWN


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"[!-=?-~][!-~]{0,299}", fullmatch=True).filter(lambda s: not s.startswith(("sp|", "tr|"))))
def test_any_printable_id_is_kept_as_it_is(tmp_path_factory, protein_id):
    path = fasta(tmp_path_factory.mktemp("ids"), f">{protein_id} text\nMKL\n")
    assert read_proteins([path])[0]["protein_id"].tolist() == [protein_id]


def test_ids_that_differ_in_case_are_two_proteins(tmp_path):
    assert len(read_proteins([fasta(tmp_path, ">a\nMKL\n>A\nMKK\n>../a|b\nMK\n>=x\nMV\n")])[0]) == 4


def test_uniprot_headers_give_the_accession(tmp_path):
    table, _ = read_proteins([fasta(tmp_path, ">sp|P12345|AATM_RABIT Aspartate OS=Oryctolagus\nMKL\n>tr|Q1|X\nMK\n")])
    assert table["protein_id"].tolist() == ["P12345", "Q1"]
    assert table["description"].tolist() == ["Aspartate OS=Oryctolagus", ""]


def test_keep_ids_keeps_only_these_and_names_those_not_found(tmp_path):
    keep = fasta(tmp_path, "# wanted\nb\n\nzz  # not there\n", "keep.txt")
    table, accounting = read_proteins([fasta(tmp_path, ">a\nMKL\n>b\nMKV\n")], keep_ids=keep)
    assert table["protein_id"].tolist() == ["b"]
    assert accounting.count("keep_ids without a protein", "zz") == 1
    assert accounting.count("records dropped", "id not in keep_ids") == 1


@pytest.mark.parametrize(
    ("listed", "said"), [("x\ny\n", "none of its 2 ids"), ("# none\n", "no id"), ("a b\n", "more")]
)
def test_a_list_of_ids_of_no_use_is_refused(tmp_path, listed, said):
    with pytest.raises(InputError, match=said):
        read_proteins([fasta(tmp_path, ">a\nMKL\n")], keep_ids=fasta(tmp_path, listed, "keep.txt"))


def test_the_digest_does_not_depend_on_the_order(tmp_path):
    one, _ = read_proteins([fasta(tmp_path, ">a\nMKL\n>b\nMKV\n")])
    two, _ = read_proteins([fasta(tmp_path, ">b\nMKV\n>a x\nMKL\n")])
    other, _ = read_proteins([fasta(tmp_path, ">b\nMKV\n>a\nMKI\n")])
    assert proteins_digest(one) == proteins_digest(two) != proteins_digest(other)
