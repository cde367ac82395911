"""FASTA files that are not what they should be (FAULTS.md 1–19): one clear error each, or a documented repair."""

import bz2
import gzip
import tracemalloc
from pathlib import Path

import pytest

from gofer.errors import MOST_SHOWN, GoferError, InputError, ProblemsError
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.text_files import Limits

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


@pytest.mark.fault(1, 2, 13)
@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_a_file_without_a_record_is_refused(tmp_path, content):
    assert "no FASTA record" in str(refused(tmp_path, content))


@pytest.mark.fault(3, 5, 6, 7, 8, 9, 12)
@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        ("<!DOCTYPE html><html>404</html>", "looks like HTML", 1),
        ("\n\n<html>", "looks like HTML", 3),
        ('{"error": 404}', "looks like JSON", 1),
        ("\n@read1 length=4\nACGT\n+\nIIII\n", "looks like FASTQ", 2),
        ("@read1\nACGT\n+\nIIII\n", "looks like FASTQ", 1),
        (b"PK\x03\x04rest", "is packed or binary", 1),
        (gzip.compress(gzip.compress(b">a\nMK\n")), "is packed or binary", 1),
        (b"proteins.fasta\0\0\0ustar>a\nMK\n", "is packed or binary", 1),
        ("; a comment\n>a\nMK\n", "residues before the first '>'", 1),
        (f" >a\n{PROTEIN}\n", "residues before the first '>'", 1),
        (f"{PROTEIN}\n>a\n{PROTEIN}\n", "residues before the first '>'", 1),
        (f">a\n{PROTEIN}\n>b\n>c\n{PROTEIN}\n", "without residues (b)", 3),
        (f">a\n{PROTEIN}\n>b\n*\n", "without residues (b)", 3),
        (f"> a\n{PROTEIN}\n", "'>' without an id", 1),
        (f">\n{PROTEIN}\n", "'>' without an id", 1),
        (f">a\n{PROTEIN}\n>\n{PROTEIN}\n", "'>' without an id", 3),
        (f">a\n{PROTEIN}\n>\tb\n{PROTEIN}\n", "'>' without an id", 3),
        (">a\nMK*LA\n", "stop '*' at residue 3", 1),
        (">a\nMK**\n", "stop '*' at residue 3", 1),
        (">a\nMKLA\nMK-LA\n", "gap '-' in column 3 of a: this looks aligned", 3),
        (">a\nM.LA\n", "gap '.'", 2),
        (">a\nM_LA\n", "gap '_'", 2),
        (">a\nMK\nM3K\n", "'3' (U+0033) in column 2 of a", 3),
        (b">a\nM\0K\n", "(U+0000) in column 2", 2),
        (">a\nMKéL\n", "(U+00E9) in column 3", 2),
        ("\ufeff>a\nMK\n", "U+FEFF (byte-order mark) in column 1", 1),
        (">a\nMK>LA\n", "'>' (U+003E) in column 3 of a", 2),
        (b"\xff\xfe>\0a\0", "U+FEFF (byte-order mark) in column 1", 1),
        (b">a\x00b\nMK\n", "U+0000 (NUL) in column 3", 1),
        (b">a caf\xe9\nMK\n", "byte 0xE9 in column 7 is not UTF-8", 1),
        (">a\u200bb\nMK\n", "U+200B, which cannot be seen, in column 3", 1),
        (">a\n" + "ACGT" * 15 + "\n", "nucleotide", 1),
        (">a\nMK\n>b\n" + "acguN" * 90 + "L" * 20 + "\n", "nucleotide", 3),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, content, said, line):
    error = refused(tmp_path, content)
    assert isinstance(error, InputError)
    assert said in error.what
    assert error.line == line
    assert error.help


@pytest.mark.fault(4)
def test_an_id_of_two_sequences_is_refused_with_both_lines(tmp_path):
    error = refused(tmp_path, ">a\nMKL\n>b\nMKV\n>a\nMKK\n")
    assert "line 1" in error.what
    assert error.line == 5


@pytest.mark.fault(4)
def test_ids_twice_with_one_sequence_are_kept_once_counted_and_named(tmp_path):
    records = ">a\nMKL\n>b\nMK\n>a again\nmk\nl\n>b\nM\nK\n"
    table, accounting = read_proteins([fasta(tmp_path, records)])
    assert table["protein_id"].tolist() == ["a", "b"]
    assert table["description"].tolist() == ["", ""]
    assert accounting.count("records dropped", "same id and sequence as an earlier record") == 2
    assert "same id and sequence as an earlier record: a, b" in accounting.table()["reason"].tolist()


def test_an_id_in_two_files_is_found_too(tmp_path):
    one, two = fasta(tmp_path, ">a\nMKL\n", "1.fa"), fasta(tmp_path, ">a\nMKK\n", "2.fa")
    with pytest.raises(InputError, match=r"1\.fa:1 for another sequence"):
        read_proteins([one, two])


@pytest.mark.fault(7)
def test_a_stop_at_the_end_is_taken_off_and_counted(tmp_path):
    table, accounting = read_proteins([fasta(tmp_path, ">a\nMKL*\n>b\nMKV\n*\n")])
    assert table["sequence"].tolist() == ["MKL", "MKV"]
    assert accounting.count("sequences changed", "stop '*' at the end taken off") == 2


@pytest.mark.fault(10)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_reads_similar(tmp_path, end):
    table, _ = read_proteins([fasta(tmp_path, end.join([">a one", "MKL", "AV", "", ">b", "MK"]))])
    assert table["sequence"].tolist() == ["MKLAV", "MK"]
    assert table["description"].tolist() == ["one", ""]


@pytest.mark.fault(11)
def test_lower_case_becomes_upper_case_and_is_counted(tmp_path):
    table, accounting = read_proteins([fasta(tmp_path, ">a\nmkl\n>b\nMkL\n>c\nMKL\n")])
    assert table["sequence"].tolist() == ["MKL"] * 3
    assert accounting.count("sequences changed", "lower case made upper case") == 2


@pytest.mark.fault(11)
def test_rare_letters_stay_and_the_sequences_that_hold_them_are_counted(tmp_path):
    table, accounting = read_proteins([fasta(tmp_path, ">a\nmk bjouxz l\n>b\nMXXXK\n>c\nMK\n>d\nMU\n")])
    assert table["sequence"].tolist() == ["MKBJOUXZL", "MXXXK", "MK", "MU"]
    rare = accounting.table().query("item == 'sequences with a rare letter'")
    assert dict(zip(rare["reason"], rare["count"], strict=True)) == {
        "B (D or N)": 1,
        "J (I or L)": 1,
        "O (pyrrolysine)": 1,
        "U (selenocysteine)": 2,
        "X (any residue)": 2,
        "Z (E or Q)": 1,
    }


@pytest.mark.fault(15)
@pytest.mark.parametrize("sequence", ["M", "X" * 80, "G" * 60, "AG" * 60, "ACGT" * 12, "MKV" * 12_000])
def test_odd_but_real_proteins_are_read(tmp_path, sequence):
    table, _ = read_proteins([fasta(tmp_path, f">a\n{sequence}\n")])
    assert table["length"].tolist() == [len(sequence)]


@pytest.mark.fault(16)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda b: gzip.compress(b[:5]) + gzip.compress(b[5:])])
def test_packed_files_are_recognised_by_content_not_by_name(tmp_path, pack):
    content = f">a\n{PROTEIN}\n".encode()
    packed, plain = fasta(tmp_path, pack(content), "p.fasta"), fasta(tmp_path, content, "p.fasta.gz")
    for path in (packed, plain):
        assert read_proteins([path])[0]["sequence"].tolist() == [PROTEIN]


@pytest.mark.fault(16)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_packed_file_cut_short_is_refused(tmp_path, pack):
    packed = pack("".join(f">p{i}\n{PROTEIN[i % 9 :]}\n" for i in range(999)).encode())
    assert "ends too early" in str(refused(tmp_path, packed[: len(packed) // 2]))


@pytest.mark.fault(16)
def test_a_damaged_gzip_file_is_refused(tmp_path):
    packed = bytearray(gzip.compress("".join(f">p{i}\n{PROTEIN}\n" for i in range(99)).encode()))
    packed[-6] ^= 0xFF
    assert "damaged" in str(refused(tmp_path, bytes(packed)))


def bomb(block: bytes) -> bytes:
    """200 MiB that gzip packs about 1,028 fold."""
    return gzip.compress(block * (10 * 2**20 // len(block))) * 20


def memory_taken(folder: Path, content: bytes) -> tuple[GoferError, int]:
    """The error, and the most bytes that were in use on the way to it."""
    path = fasta(folder, content)
    tracemalloc.start()
    with pytest.raises(GoferError) as caught:
        read_proteins([path])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return caught.value, most


@pytest.mark.fault(17)
@pytest.mark.parametrize("block", [b"A", b"AAAA\n", b"\n", b">a\nM\n", b">", b"\0"])
def test_a_gzip_bomb_ends_in_an_error_before_it_fills_the_memory(tmp_path, block):
    packed = gzip.compress(b">a\n") + bomb(block)
    assert 190_000 < len(packed) < 700_000
    error, most = memory_taken(tmp_path, packed)
    if len(packed) < 300_000:
        assert "unfolds to more than 200 times its size on disk" in str(error)
    assert most < 8 * 2**20


@pytest.mark.parametrize(
    ("start", "block", "said"),
    [
        (b">a\n", b"A", "a has more than 200,000 residues"),
        (b">a\n", b"AAAA\n", "a has more than 200,000 residues"),
        (b">a\n", b"\n", "a takes more than 8,788,608 bytes, and few of them are residues"),
        (b">", b"a", "takes more than 8,788,608 bytes, and few of them are residues"),
    ],
)
def test_a_record_without_end_is_named_before_it_fills_the_memory(tmp_path, start, block, said):
    error, most = memory_taken(tmp_path, start + block * (12 * 2**20 // len(block)))
    assert isinstance(error, InputError)
    assert said in error.what
    assert error.line == 1
    assert most < 48 * 2**20


@pytest.mark.fault(17)
def test_limits_hold(tmp_path):
    long, short = fasta(tmp_path, ">a\n" + "MKVLAWYT\n" * 30), fasta(tmp_path, ">a\nMKV\n", "short.fasta")
    for limits, path in ((Limits(residues=239), long), (Limits(unfolded_gib=1e-9), short)):
        with pytest.raises(InputError, match="more than"):
            read_proteins([path], limits=limits)
    assert read_proteins([long], limits=Limits(residues=240))[0]["length"].tolist() == [240]


def test_a_record_longer_than_any_protein_is_refused(tmp_path):
    assert "more than 200,000 residues" in str(refused(tmp_path, ">a\n" + "MKVLAWYT\n" * 30_000))
    assert "more than 200,000 residues" in str(refused(tmp_path, ">a\n" + "MKVLAWYT" * 30_000))


@pytest.mark.parametrize("rest", [b"junk", bz2.compress(b">b\nMK\n")[:2] + b"x" * 30, b"BZh9" + b"x" * 30])
def test_data_after_a_bzip2_stream_is_not_lost_silently(tmp_path, rest):
    assert "damaged" in str(refused(tmp_path, bz2.compress(b">a\nMK\n") + rest))
    two = bz2.compress(b">a\nMK\n") + bz2.compress(b">b\nMK\n")
    assert len(read_proteins([fasta(tmp_path, two)])[0]) == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_proteins([tmp_path / "absent.fasta"])


def test_at_most_twenty_faults_are_shown_at_once(tmp_path):
    with pytest.raises(ProblemsError) as caught:
        read_proteins([fasta(tmp_path, "".join(f">p{i}\nM{i % 10}K\n" for i in range(50)))])
    assert len(caught.value.problems) == MOST_SHOWN


@pytest.mark.fault(18)
def test_ids_that_differ_in_case_are_two_proteins(tmp_path):
    assert len(read_proteins([fasta(tmp_path, ">a\nMKL\n>A\nMKK\n>../a|b\nMK\n>=x\nMV\n")])[0]) == 4


def test_keep_ids_keeps_only_these_and_names_those_not_found(tmp_path):
    keep = fasta(tmp_path, "# wanted\nb\n\nzz  # not there\n", "keep.txt")
    table, accounting = read_proteins([fasta(tmp_path, ">a\nMKL\n>b\nMKV\n")], keep_ids=keep)
    assert table["protein_id"].tolist() == ["b"]
    assert accounting.count("keep_ids without a protein") == 1
    assert "zz" in accounting.table()["reason"].tolist()
    assert accounting.count("records dropped", "id not in keep_ids") == 1


@pytest.mark.parametrize(
    ("listed", "said"), [("x\ny\n", "none of its 2 ids"), ("# none\n", "no id"), ("a b\n", "more")]
)
def test_a_list_of_ids_of_no_use_is_refused(tmp_path, listed, said):
    with pytest.raises(InputError, match=said):
        read_proteins([fasta(tmp_path, ">a\nMKL\n")], keep_ids=fasta(tmp_path, listed, "keep.txt"))
