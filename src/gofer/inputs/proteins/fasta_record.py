"""Checks one FASTA record: gives the protein, or its fault and the line."""

import re
from pathlib import Path
from typing import NamedTuple

from gofer.errors import InputError
from gofer.inputs.text_files import Limits, decoded

COMMON = b"ACDEFGHIKLMNPQRSTVWY"
RARE = {"B": "D or N", "J": "I or L", "O": "pyrrolysine", "U": "selenocysteine", "X": "any residue", "Z": "E or Q"}
BLANKS = b" \t"
GAPS = b"-._"
BASES = b"ACGTUN"
NUCLEOTIDE_RESIDUES = 50
NUCLEOTIDE_OTHERS = 20  # fewer than one residue in so many is no base: more than 95 % are
STOP = ("sequences changed", "stop '*' at the end taken off")
LOWER_CASE = ("sequences changed", "lower case made upper case")
UNIPROT = re.compile(r"(?:sp|tr)\|([^|]+)\|([^|]*)")


class FastaProtein(NamedTuple):
    """A checked record; a tuple, because hundreds of thousands are made.

    Attributes:
        line: Line of its header.
        protein_id: First word of the header, or a UniProt header's accession.
        aliases: Other names that the header states: a UniProt header's entry name.
        sequence: Upper-case residues.
        description: The rest of the header.
        notes: (item, reason) to be counted: changes, and rare letters.
    """

    line: int
    protein_id: str
    aliases: tuple[str, ...]
    sequence: str
    description: str
    notes: tuple[tuple[str, str], ...] = ()


def checked_protein(path: Path, line: int, record: bytes, limits: Limits) -> FastaProtein:
    """The protein of a record.

    Args:
        path: Its file.
        line: Line of its header.
        record: Its text after the `>`, lines ended by LF.
        limits: How long a protein may be.

    Raises:
        InputError: The first fault of the record.
    """
    header, _, body = record.partition(b"\n")
    protein_id, aliases, description = _header(path, line, header)
    residues, notes = _residues(path, line, protein_id, body)
    check_length(path, line, protein_id, len(residues), limits)
    if _is_nucleotide(residues):
        raise InputError(
            f"looks like a nucleotide sequence ({protein_id})",
            path=path,
            line=line,
            help="translate it: gofer reads proteins",
        )
    return FastaProtein(line, protein_id, aliases, residues.decode("ascii"), description, notes)


def check_length(path: Path, line: int, name: str, residues: int, limits: Limits) -> None:
    """Refuse a sequence of more residues than the limits allow."""
    if residues > limits.residues:
        raise InputError(
            f"{name} has more than {limits.residues:,} residues",
            path=path,
            line=line,
            help="no protein is that long: is this a genome? Take this record out of the file",
        )


def _header(path: Path, line: int, header: bytes) -> tuple[str, tuple[str, ...], str]:
    text = decoded(path, line, b">" + header)[1:]
    if not text or text[0].isspace():
        raise InputError("'>' without an id", path=path, line=line, help="write the id right after '>'")
    word, *rest = text.split(maxsplit=1)
    odd = next((sign for sign in word if not sign.isprintable() or sign == '"'), None)
    if odd:
        unseen = f"U+{ord(odd):04X}, which cannot be seen, in column {text.index(odd) + 2} of the header"
        raise InputError(
            f"the id {word} holds a quote, which no CAFA file may hold" if odd == '"' else unseen,
            path=path,
            line=line,
            help="give the protein another id" if odd == '"' else "remove the character",
        )
    # Ctrl-A parts the headers of NCBI's nr; such a sign, or a no-break space, does no harm in a description.
    description = "".join(s if s.isprintable() or s == "\t" else " " for s in rest[0]).strip() if rest else ""
    if uniprot := UNIPROT.match(word):
        accession, name = uniprot.groups()
        return accession, (name,) if name else (), description
    return word, (), description


def _residues(path: Path, line: int, protein_id: str, body: bytes) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The residues, and what to count of them."""
    notes = []
    given = body.translate(None, BLANKS + b"\n")
    residues = given.upper()
    if residues != given:
        notes.append(LOWER_CASE)
    if residues.endswith(b"*"):
        residues = residues[:-1]
        notes.append(STOP)
    if not residues.isalpha():
        raise _fault(path, line, protein_id, body, residues)
    rare = residues.translate(None, COMMON).decode("ascii")
    notes += [("sequences with a rare letter", f"{letter} ({RARE[letter]})") for letter in sorted(set(rare))]
    return residues, tuple(notes)


def _fault(path: Path, line: int, protein_id: str, body: bytes, residues: bytes) -> InputError:
    """What is wrong with residues that are not only letters: the first thing, and where it is."""
    if not residues:
        return InputError(
            f"a record without residues ({protein_id})",
            path=path,
            line=line,
            help="remove the record or give its sequence",
        )
    letters = COMMON + "".join(RARE).encode()
    for number, text in enumerate(body.split(b"\n"), start=line + 1):
        if odd := text.upper().translate(None, letters + BLANKS + b"*"):
            return _odd_residue(path, number, protein_id, text, odd[:1])
    return InputError(
        f"stop '*' at residue {residues.index(b'*') + 1}, inside the sequence ({protein_id})",
        path=path,
        line=line,
        help="give the translated protein up to its stop",
    )


def _odd_residue(path: Path, line: int, protein_id: str, text: bytes, odd: bytes) -> InputError:
    column = text.index(odd)
    if odd in GAPS:
        what, help = (
            f"gap {odd.decode()!r} in column {column + 1} of {protein_id}: this looks aligned",
            "remove the gaps",
        )
    else:
        sign = text[column:].decode("utf-8", errors="replace")[0]
        what = f"{sign!r} (U+{ord(sign):04X}) in column {column + 1} of {protein_id} is not an amino-acid code"
        help = "use one-letter amino-acid codes (ACDEFGHIKLMNPQRSTVWY and BJOUXZ)"
    return InputError(what, path=path, line=line, help=help)


def _is_nucleotide(residues: bytes) -> bool:
    others = len(residues.translate(None, BASES))
    enough = len(residues) >= NUCLEOTIDE_RESIDUES and NUCLEOTIDE_OTHERS * others < len(residues)
    # A stretch of one or two residues is a real, if odd, protein.
    return enough and sum(base in residues for base in BASES) > 2
