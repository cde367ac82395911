"""Proteins from FASTA files, read strictly: a fault is named with its line, never mended in silence.

What is done to a sequence: blanks are taken out, lower case becomes upper case, one stop `*` at the end is taken off
and counted. The letters B, J, O, U, X and Z are kept: ESM's alphabet knows B, O, U, X and Z, and J is read as X there.
An id is the first word of the header; of a UniProt header (`sp|P12345|NAME …`, `tr|…`) it is the accession.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gofer.errors import InputError, Problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.compressed import decoded, read_lines, refuse_other_formats

RESIDUES = b"ACDEFGHIKLMNPQRSTVWYBJOUXZ"
GAPS = b"-._"
MAX_RESIDUES = 200_000  # titin has 35,000, the longest protein known about 46,000
NUCLEOTIDE_RESIDUES = 50
NUCLEOTIDE_SHARE = 0.95
UNIPROT = re.compile(r"(?:sp|tr)\|([^|\s]+)\|")


@dataclass
class _Record:
    path: Path
    line: int
    header: bytes
    parts: list[bytes] = field(default_factory=list)
    length: int = 0


@dataclass(frozen=True)
class FastaProtein:
    """A checked record.

    Attributes:
        path: Its file.
        line: Line of its header.
        protein_id: First word of the header, or a UniProt header's accession.
        sequence: Upper-case residues.
        description: The rest of the header.
    """

    path: Path
    line: int
    protein_id: str
    sequence: str
    description: str


def read_fasta(path: Path | str, problems: Problems, accounting: Accounting) -> Iterator[FastaProtein]:
    """The proteins of one file, plain, gzip or bzip2, in its order; ids may repeat.

    Args:
        path: The file.
        problems: Takes the faults of single records; these records are left out.
        accounting: Takes what was read and changed.

    Raises:
        InputError: The file cannot be read, or is something else altogether.
        ProblemsError: Too many faults.
    """
    for record in _records(Path(path), problems):
        accounting.add("records read")
        protein = _protein(record, problems, accounting)
        if protein is not None:
            yield protein


def _records(path: Path, problems: Problems) -> Iterator[_Record]:
    record, begun, before = None, False, False
    for number, line in read_lines(path):
        line = line.rstrip()
        if line and not begun:
            begun = True
            _check_first(path, number, line)
        if line.startswith(b">"):
            if record:
                yield record
            record = _Record(path, number, line[1:])
        elif line and record is None:
            if not before:
                problems.add(
                    InputError("residues before the first '>'", path=path, line=number, help="begin with a header line")
                )
            before = True
        elif line and record is not None:
            _add_residues(record, number, line, problems)
    if record:
        yield record
    elif not before:
        problems.add(InputError("no FASTA record in this file", path=path, help="give a file with '>' headers"))


def _check_first(path: Path, number: int, line: bytes) -> None:
    refuse_other_formats(path, number, line, wanted="FASTA")
    if line.startswith(b"@"):
        raise InputError("looks like FASTQ, not FASTA", path=path, line=number, help="give protein sequences as FASTA")
    if line.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            "U+FEFF (byte-order mark) in column 1",
            path=path,
            line=number,
            help="save as UTF-8 without a byte-order mark",
        )


def _add_residues(record: _Record, number: int, line: bytes, problems: Problems) -> None:
    residues = line.upper()
    odd = residues.translate(None, RESIDUES + b" \t*")
    if odd:
        problems.add(_odd_residue(record, number, residues, odd[:1]))
        residues = residues.translate(None, odd)
    residues = residues.translate(None, b" \t")
    record.length += len(residues)
    if record.length > MAX_RESIDUES:
        raise InputError(
            f"{_name(record)} has more than {MAX_RESIDUES:,} residues",
            path=record.path,
            line=number,
            help="no protein is that long: is this a genome?",
        )
    # A star inside shows only when more residues follow, so it stays until the record is whole.
    record.parts.append(residues)


def _odd_residue(record: _Record, number: int, line: bytes, odd: bytes) -> InputError:
    column = line.index(odd)
    if odd in GAPS:
        return InputError(
            f"gap {odd.decode()!r} in column {column + 1} of {_name(record)}: this looks aligned",
            path=record.path,
            line=number,
            help="remove the gaps",
        )
    character = line[column:].decode("utf-8", errors="replace")[0]
    shown = f"{character!r} (U+{ord(character):04X})"
    return InputError(
        f"{shown} in column {column + 1} of {_name(record)} is not an amino-acid code",
        path=record.path,
        line=number,
        help="use one-letter amino-acid codes (ACDEFGHIKLMNPQRSTVWY and BJOUXZ)",
    )


def _name(record: _Record) -> str:
    words = record.header.decode("utf-8", errors="replace").split()
    return words[0][:80] if words else "a record without id"


def _protein(record: _Record, problems: Problems, accounting: Accounting) -> FastaProtein | None:
    try:
        protein_id, description = _header(record)
        sequence = b"".join(record.parts)
        if sequence.endswith(b"*"):
            sequence = sequence[:-1]
            accounting.add("sequences changed", "stop '*' at the end taken off")
        _check_sequence(record, protein_id, sequence)
    except InputError as problem:
        problems.add(problem)
        return None
    return FastaProtein(record.path, record.line, protein_id, sequence.decode("ascii"), description)


def _header(record: _Record) -> tuple[str, str]:
    text = decoded(record.path, record.line, record.header)
    if not text.strip() or text[0].isspace():
        raise InputError("'>' without an id", path=record.path, line=record.line, help="write the id right after '>'")
    word, *rest = text.split(maxsplit=1)
    odd = next((sign for sign in text if not sign.isprintable() and sign != "\t"), None)
    if odd:
        raise InputError(
            f"U+{ord(odd):04X} in column {text.index(odd) + 2} of the header",
            path=record.path,
            line=record.line,
            help="remove the control character",
        )
    uniprot = UNIPROT.match(word)
    return (uniprot.group(1) if uniprot else word), (rest[0].strip() if rest else "")


def _check_sequence(record: _Record, protein_id: str, sequence: bytes) -> None:
    def fault(what: str, help: str) -> InputError:
        return InputError(f"{what} ({protein_id})", path=record.path, line=record.line, help=help)

    if not sequence:
        raise fault("a record without residues", "remove the record or give its sequence")
    if b"*" in sequence:
        position = sequence.index(b"*") + 1
        raise fault(
            f"stop '*' at residue {position}, inside the sequence", "give the translated protein up to its stop"
        )
    bases = {base: sequence.count(base) for base in b"ACGTUN"}
    enough = len(sequence) >= NUCLEOTIDE_RESIDUES and sum(bases.values()) > NUCLEOTIDE_SHARE * len(sequence)
    # A stretch of one or two residues is a real, if odd, protein.
    if enough and sum(count > 0 for count in bases.values()) > 2:
        raise fault("looks like a nucleotide sequence", "translate it: gofer reads proteins")
