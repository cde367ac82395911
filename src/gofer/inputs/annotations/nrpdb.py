"""The annotation file of nrPDB-GO, as published by DeepFRI and adopted by others.

First come the vocabularies, aspect by aspect: a line `### GO-terms (molecular_function)`, a line of GO ids, a line
`### GO-names (molecular_function)`, a line of names. Then a line `### PDB-chain` that names the columns, and a row per
chain, with the GO ids of an aspect in one column, commas between them. Only terms with 50 to 5,000 chains are in it,
and no root. Source: preprocessing/create_nrPDB_GO_annot.py of github.com/flatironinstitute/DeepFRI.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gofer.errors import InputError, Problems
from gofer.inputs.annotations.annotation_line import GO_ID, Line
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_lines

FIRST_LINE = re.compile(r"###\s*(GO-terms|EC-numbers|PDB-chain)\b")
HEADING = re.compile(r"###\s*GO-(terms|names) \((\w+)\)\s*")
ROWS = "### PDB-chain"
ASPECT_COLUMN = re.compile(r"GO-terms \((\w+)\)\s*")
HELP = "give nrPDB-GO_2019.06.18_annot.tsv as it was published"


@dataclass
class _Vocabularies:
    # The headings read so far: line and terms of each aspect, and the aspects of the columns.
    lines: dict[str, int] = field(default_factory=dict)
    terms: dict[str, frozenset[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)


def is_nrpdb(text: str) -> bool:
    """Whether a file with this first line is an annotation file of nrPDB-GO (or, which is refused, of nrPDB-EC)."""
    return FIRST_LINE.match(text) is not None


def nrpdb_lines(path: Path | str, problems: Problems, limits: Limits = DEFAULT_LIMITS) -> Iterator[Line]:
    """The annotations, chain by chain.

    Args:
        path: The file.
        problems: Takes the faults of single rows, which are left out, and that there is no row.
        limits: What the file may hold.

    Raises:
        InputError: The headings are not those of nrPDB-GO.
        ProblemsError: Too many faults.
    """
    lines, rows = read_lines(path, limits), False
    vocabularies = _read_headings(path, lines)
    for number, raw in lines:
        text = decoded(path, number, raw)
        if not text.strip() or text.startswith("#"):
            continue
        rows = True
        try:
            yield from list(_row(path, number, text.split("\t"), vocabularies))
        except InputError as error:
            problems.add(error)
    if not rows:
        problems.add(InputError("no chain in this file", path=path, help=HELP))


def nrpdb_vocabulary(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> dict[str, int]:
    """The terms of all aspects, sorted, with the line of each.

    Raises:
        InputError: The headings are not those of nrPDB-GO.
    """
    found = _read_headings(path, read_lines(path, limits))
    return {go_id: found.lines[aspect] for aspect in found.terms for go_id in sorted(found.terms[aspect])}


def _read_headings(path: Path | str, lines: Iterator[tuple[int, bytes]]) -> _Vocabularies:
    # Reads up to the line that names the columns. A vocabulary without a term is an empty line.
    found, number = _Vocabularies(), 0
    for number, raw in lines:
        text = decoded(path, number, raw)
        if text.startswith(ROWS):
            found.columns = [_aspect(path, number, name, found) for name in text.rstrip().split("\t")[1:]]
            if not found.columns:
                raise InputError("no column of GO terms", path=path, line=number, help=HELP)
            return found
        heading = HEADING.fullmatch(text)
        if heading is None:
            what = f"{text[:60].strip()!r} where a heading of nrPDB-GO is expected"
            raise InputError(what, path=path, line=number, help=HELP)
        kind, aspect = heading.groups()
        number, raw = next(lines, (number, b""))
        if kind == "terms":
            found.lines[aspect], found.terms[aspect] = number, _terms(path, number, decoded(path, number, raw))
    raise InputError(f"the file ends before a line {ROWS!r}", path=path, line=number or None, help=HELP)


def _terms(path: Path | str, number: int, text: str) -> frozenset[str]:
    named = [word.strip() for word in text.split("\t") if word.strip()]
    for go_id in named:
        if not GO_ID.fullmatch(go_id):
            raise InputError(f"{go_id[:40]!r} is not a GO id", path=path, line=number, help=HELP)
    return frozenset(named)


def _aspect(path: Path | str, number: int, name: str, found: _Vocabularies) -> str:
    column = ASPECT_COLUMN.fullmatch(name)
    if column is None or column.group(1) not in found.terms:
        what = f"the column {name[:60]!r} has no vocabulary above it"
        raise InputError(what, path=path, line=number, help=HELP)
    return column.group(1)


def _row(path: Path | str, number: int, fields: list[str], found: _Vocabularies) -> Iterator[Line]:
    # The annotations of a chain; empty columns at the end may be cut.
    chain, lists = fields[0].strip(), fields[1:]
    if not chain:
        raise InputError("no chain id", path=path, line=number, help="give it as in the FASTA, like 1ABC-A")
    if not lists or len(lists) > len(found.columns):
        what = f"{len(fields)} tab-separated column(s) instead of {len(found.columns) + 1}"
        raise InputError(what, path=path, line=number, help=HELP)
    for aspect, text in zip(found.columns, lists, strict=False):
        for go_id in filter(None, (word.strip() for word in text.split(","))):
            if go_id not in found.terms[aspect]:
                what = f"{go_id[:40]!r} is not among the terms of {aspect} in line {found.lines[aspect]}"
                raise InputError(what, path=path, line=number, help=HELP)
            yield Line(chain, go_id)
