"""The reader gives back what was written, and its messages do not depend on the blocks of the file."""

import bz2
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import InputError, Problems
from gofer.inputs import text_files as compressed
from gofer.inputs.proteins import fasta
from gofer.inputs.proteins.fasta import read_fasta
from gofer.inputs.proteins.fasta_record import checked_protein
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits

IDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters='"'), min_size=1, max_size=300
)
UNIPROT = ("sp|", "tr|")
PACKINGS = [bytes, gzip.compress, bz2.compress, lambda text: gzip.compress(text[:9]) + gzip.compress(text[9:])]


@st.composite
def files(draw):
    """Bytes of a FASTA file, and the (line, id, sequence, description) of its records."""
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines, records = [""] * draw(st.integers(0, 2)), []
    for _ in range(draw(st.integers(1, 6))):
        protein_id = draw(IDS.filter(lambda name: not name.startswith(UNIPROT)))
        words = draw(st.lists(st.text("ab é>|=/<", max_size=9).map(str.strip).filter(bool), max_size=2))
        sequence = draw(st.text("ACDEFGHIKLMNPQRSTVWYX", min_size=1, max_size=90)) + "W" * 10
        width, blank = draw(st.integers(1, 100)), draw(st.integers(0, 2))
        records.append((len(lines) + 1, protein_id, sequence, " ".join(words)))
        lines.append(">" + " ".join([protein_id, *words]) + " " * blank)
        lines += [sequence[i : i + width] for i in range(0, len(sequence), width)] + [""] * blank
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return draw(st.sampled_from(PACKINGS))(text.encode()), records


def read(path, content, *, chunk=1 << 18, limits=DEFAULT_LIMITS):
    """The proteins of `content`, read in blocks of `chunk` bytes, and what was said of the others."""
    path.write_bytes(content)
    problems = Kept()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressed, "CHUNK", chunk)
        try:
            proteins = list(read_fasta(path, problems, limits))
        except InputError as error:
            return [], [str(error)]
    return proteins, [str(problem) for problem in problems.found]


class Kept(Problems):
    """Keeps problems without end."""

    def __init__(self):
        self.found = []

    def add(self, problem):
        self.found.append(problem)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fasta") / "p.fasta"


@settings(max_examples=150, deadline=None)
@given(files(), st.integers(1, 200))
def test_written_records_are_read_with_any_lines_line_ends_packing_and_blocks(path, file, chunk):
    content, records = file
    proteins, problems = read(path, content, chunk=chunk)
    assert not problems
    assert [(p.line, p.protein_id, p.sequence, p.description) for p in proteins] == records


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [">", "\n", "\r", "a", "sp|P1|N", " ", "\t", "MK", "LLWD" * 15, "ACGT" * 13, "X", "*", "é", "-"]
        ),
        max_size=40,
    ),
    st.integers(1, 30),
)
def test_blocks_and_the_quick_path_give_the_same_records_and_messages(path, parts, chunk):
    content = ">" + "".join(parts)
    whole = read(path, content.encode())
    assert read(path, content.encode(), chunk=chunk) == whole
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fasta, "_plain", lambda sequences, _: [False] * len(sequences))
        assert read(path, content.encode()) == whole


@settings(max_examples=300, deadline=None)
@given(st.text("ACGTUNLWX*- \n", max_size=120))
def test_the_quick_path_reads_a_record_as_the_careful_one_does(path, body):
    proteins, problems = read(path, f">a\n{body}\n".encode())
    try:
        expected = [checked_protein(path, 1, f"a\n{body}\n".encode(), DEFAULT_LIMITS)], []
    except InputError as error:
        expected = [], [str(error)]
    assert (proteins, problems) == expected


@pytest.mark.parametrize(
    ("header", "protein_id", "aliases"),
    [
        ("sp|P12345|AATM_RABIT Aspartate", "P12345", ("AATM_RABIT",)),
        ("tr|A0A009IHW8|A0A009IHW8_ACIB9", "A0A009IHW8", ("A0A009IHW8_ACIB9",)),
        ("sp|P12345-2|AATM_RABIT Isoform 2 of Aspartate", "P12345-2", ("AATM_RABIT",)),
        ("sp|P12345|", "P12345", ()),
        ("sp|P12345|AATM_RABIT|chain A", "P12345", ("AATM_RABIT",)),
        ("sp||AATM_RABIT", "sp||AATM_RABIT", ()),
        ("sp|P12345", "sp|P12345", ()),
        ("SP|P12345|AATM_RABIT", "SP|P12345|AATM_RABIT", ()),
        ("UniRef90_A0A009IHW8 Cluster: x", "UniRef90_A0A009IHW8", ()),
        ("gi|129295|sp|P01013|OVAX_CHICK GENE X", "gi|129295|sp|P01013|OVAX_CHICK", ()),
        ("ref|NP_000509.1| hemoglobin", "ref|NP_000509.1|", ()),
        ("5LA7-A nrPDB", "5LA7-A", ()),
        ("a\ttab", "a", ()),
    ],
)
@pytest.mark.parametrize("residues", ["MKWL", "mkwl"])
def test_ids_and_aliases_follow_the_header(path, header, protein_id, aliases, residues):
    proteins, problems = read(path, f">{header}\n{residues}\n".encode())
    assert not problems
    assert [(p.protein_id, p.aliases) for p in proteins] == [(protein_id, aliases)]


def test_the_first_fault_of_each_record_is_reported_with_its_line(path):
    content = b">a\nM3K\nM4K\n\n>b\nMK\n> \nMK\n>c\nMK\nM-K\n"
    proteins, problems = read(path, content)
    assert [p.line for p in proteins] == [5]
    assert [problem.split("fasta:")[1].split(": ")[0] for problem in problems] == ["2", "7", "11"]


@pytest.mark.parametrize("residues", [59, 60])
def test_the_longest_protein_believed_is_the_limit(path, residues):
    proteins, problems = read(path, b">a\n" + b"MKWLMKWLMK\n" * 6, limits=Limits(residues=residues))
    assert len(proteins) == (residues == 60)
    assert ("a has more than 59 residues" in "".join(problems)) == (residues == 59)
