"""Proteins from FASTA files, read strictly: a fault is reported with its line, never repaired silently.

Changes to a sequence, which are counted: lower case becomes upper case, and one stop `*` at the end is removed. Line
ends, blanks and tabs are removed. Letters other than the twenty are kept, and counted too:

| letter | meaning | ESM reads it as |
|---|---|---|
| B | D or N | B |
| J | I or L | X |
| O | pyrrolysine | O |
| U | selenocysteine | U |
| X | any residue | X |
| Z | E or Q | Z |

An id is the first word of the header, also of an NCBI one; of a UniProt header (`sp|P12345|AATM_RABIT …`,
`tr|…`) it is the accession, an isoform's with its number (`P12345-2`), and the entry name is an alias.
"""

import re
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from gofer.errors import InputError, Problems
from gofer.inputs.proteins.fasta_record import (
    BASES,
    BLANKS,
    COMMON,
    NUCLEOTIDE_OTHERS,
    FastaProtein,
    check_length,
    checked_protein,
)
from gofer.inputs.text_files import DEFAULT_LIMITS, MAX_LINE_BYTES, Limits, read_blocks, refuse_other_formats

BASE, OTHER, ODD = 0, 1, 2  # kinds of letters: a nucleotide's, another of the twenty, none of the twenty
KINDS = bytes((BASE if letter in BASES else OTHER) if letter in COMMON else ODD for letter in range(256))
# A record up to the next one. Its parts are empty where it is not of printable ASCII, with an id without a quote and
# lines of residues.
RECORD = re.compile(
    r"((?:(?:sp|tr)\|([!#-{}~]+)\|([!#-{}~]*)(?:\|[!#-~]*)?|([!#-~]+))(?: ([ -~]*))?\n([^>]*)|(?s:.*?))\n>",
)
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_fasta(path: Path | str, problems: Problems, limits: Limits = DEFAULT_LIMITS) -> Iterator[FastaProtein]:
    """The proteins of one file, plain, gzip or bzip2, in its order; ids may repeat.

    About a MiB of the file, or its longest record, is in memory at a time.

    Args:
        path: The file.
        problems: Takes the first fault of each faulty record; these records are left out.
        limits: What the file may hold at most.

    Raises:
        InputError: The file cannot be read, or is something else altogether.
        ProblemsError: Too many faults.
    """
    path = Path(path)
    line, rest, begun = 1, b"", False
    for block in read_blocks(path, limits):
        if not begun:
            text = block.lstrip(BLANKS + b"\n")
            start = block.rfind(b"\n", 0, len(block) - len(text)) + 1
            line += block.count(b"\n", 0, start)
            if not text:
                continue
            _check_first(path, line, block[start:])
            begun, block = True, block[start + 1 :]
        rest += block
        end = rest.rfind(b"\n>") + 2
        if end > 1:
            line = yield from _proteins(path, line, rest[:end], problems, limits)
            rest = rest[end:]
        if len(rest) > limits.residues:
            _check_unfinished(path, line, rest, limits)
    if not begun:
        raise InputError("no FASTA record in this file", path=path, help="give a file with '>' headers")
    yield from _proteins(path, line, rest + b"\n>", problems, limits)


def _check_first(path: Path, line: int, text: bytes) -> None:
    if text.startswith(b">"):
        return
    refuse_other_formats(path, line, text, wanted="FASTA")
    if text.startswith(BYTE_ORDER_MARKS):
        what, help = "U+FEFF (byte-order mark) in column 1", "save as UTF-8 without a byte-order mark"
    elif text.startswith(b"@"):
        what, help = "looks like FASTQ, not FASTA", "give protein sequences as FASTA"
    elif b"\0" in text.partition(b"\n")[0]:
        what, help = "is packed or binary, not FASTA", "give a FASTA file (plain, gz, bz2)"
    else:
        what, help = "residues before the first '>'", "begin with a header line"
    raise InputError(what, path=path, line=line, help=help)


def _check_unfinished(path: Path, line: int, record: bytes, limits: Limits) -> None:
    header, _, body = record.partition(b"\n")
    check_length(path, line, _name(header), len(body.translate(None, BLANKS + b"\n*")), limits)
    most = MAX_LINE_BYTES + 2 * limits.residues
    if len(record) > most:
        raise InputError(
            f"{_name(header)} takes more than {most:,} bytes, and few of them are residues",
            path=path,
            line=line,
            help="shorten its header, take the blanks out of its sequence, or give another file",
        )


def _proteins(
    path: Path, line: int, text: bytes, problems: Problems, limits: Limits
) -> Generator[FastaProtein, None, int]:
    """The proteins of whole records, up to the `>` of the next; returns the line of that one."""
    records = RECORD.findall(text.decode("utf-8", "surrogateescape"))
    sequences = [record[-1].replace("\n", "") for record in records]
    plain = _plain(sequences, limits)
    for (record, accession, name, word, description, body), sequence, is_plain in zip(
        records, sequences, plain, strict=True
    ):
        if is_plain:
            aliases = (name,) if name else ()
            yield FastaProtein(line, accession or word, aliases, sequence, description.strip())
            line += 2 + len(body) - len(sequence)
        else:
            try:
                yield checked_protein(path, line, record.encode("utf-8", "surrogateescape"), limits)
            except InputError as problem:
                problems.add(problem)
            line += 1 + record.count("\n")
    return line


def _plain(sequences: list[str], limits: Limits) -> list[bool]:
    """Which sequences are beyond doubt, so that `checked_protein` would take them as they are.

    They hold the twenty letters alone, and too many of them that no nucleotide sequence has.
    """
    lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
    # One extra base at the end, which changes nothing, gives an empty last sequence a start.
    letters = "".join([*sequences, "A"]).encode("ascii", "replace").translate(KINDS)
    kinds, starts = np.frombuffer(letters, np.uint8), lengths.cumsum() - lengths
    others = np.add.reduceat(kinds, starts, dtype=np.uint32)
    plain = np.maximum.reduceat(kinds, starts) == OTHER
    plain &= (lengths > 0) & (lengths <= limits.residues) & (NUCLEOTIDE_OTHERS * others >= lengths)
    return plain.tolist()


def _name(header: bytes) -> str:
    word = header[:80].decode("utf-8", errors="replace").partition(" ")[0]
    return word if word.isprintable() and word else "a record"
