"""Lines of annotation files: a tab-separated table, or GAF 2.0–2.2, told apart by their content.

Table: `protein, aspect, go_id` or `protein, go_id`, with or without a header; the aspect is not read, since the
ontology knows it. GAF: http://geneontology.org/docs/go-annotation-file-gaf-format-2.2/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gofer.errors import InputError, collected_problems
from gofer.inputs.compressed import DEFAULT_LIMITS, Limits, decoded, read_lines, refuse_other_formats

GAF_COLUMNS = 15  # of 17: the last two may be absent
GO_ID = re.compile(r"GO:\d{7}")
PROTEIN_HEADERS = {"protein", "protein_id"}
TERM_HEADERS = {"go_id", "term"}


@dataclass(frozen=True, slots=True)
class Line:
    """One annotation as it stands in the file.

    Attributes:
        number: Line number from 1.
        protein_id: The protein; of a GAF the DB object id (column 2).
        symbol: Of a GAF the DB object symbol (column 3), else empty.
        go_id: The term.
        negated: Whether it says that the protein does NOT have the term.
        evidence: Evidence code, None in a table.
        date: Year-month-day, None in a table or where the GAF's is no date.
        source: Who assigned it, None in a table.
    """

    number: int
    protein_id: str
    symbol: str
    go_id: str
    negated: bool = False
    evidence: str | None = None
    date: str | None = None
    source: str | None = None


def read_annotation_lines(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Line]:
    """The annotations of a file, plain, gzip or bzip2, in its order.

    Raises:
        InputError: No annotation, too few columns, no GO id.
        ProblemsError: Several such lines.
    """
    path, rows, first = Path(path), 0, True
    columns = (0, -1)
    is_gaf: bool | None = None
    with collected_problems() as problems:
        for number, raw in read_lines(path, limits):
            text = decoded(path, number, raw)
            if first and text.strip():
                refuse_other_formats(path, number, raw, wanted="annotation")
            if not text.strip() or text.startswith(("!", "#")):
                is_gaf = is_gaf or text.startswith("!gaf-version") or None
                first = first and not text.strip()
                continue
            fields = text.split("\t")
            is_gaf = len(fields) >= GAF_COLUMNS if is_gaf is None else is_gaf
            first = False
            if not rows and not is_gaf and (found := _header(path, number, fields)):
                columns = found
                rows += 1
                continue
            rows += 1
            line = _gaf_line(path, number, fields) if is_gaf else _table_line(path, number, fields, columns)
            if isinstance(line, InputError):
                problems.add(line)
            else:
                yield line
        if not rows:
            problems.add(
                InputError("no annotation in this file", path=path, help="give protein, aspect, go_id or a GAF")
            )


def _header(path: Path, number: int, fields: list[str]) -> tuple[int, int] | None:
    if any(GO_ID.fullmatch(field.strip()) for field in fields):
        return None
    names = [field.strip().lower() for field in fields]
    protein = [i for i, name in enumerate(names) if name in PROTEIN_HEADERS]
    term = [i for i, name in enumerate(names) if name in TERM_HEADERS]
    if len(protein) == len(term) == 1:
        return protein[0], term[0]
    raise InputError(
        f"neither an annotation nor a known header: {' '.join(fields)[:80]!r}",
        path=path,
        line=number,
        help="give tab-separated columns protein, aspect, go_id (or protein, go_id), or a GAF",
    )


def _table_line(path: Path, number: int, fields: list[str], columns: tuple[int, int]) -> Line | InputError:
    if len(fields) < 2 or len(fields) <= max(columns):
        return InputError(
            f"{len(fields)} tab-separated column(s)", path=path, line=number, help="give protein, aspect, go_id"
        )
    protein_id, go_id = (fields[column].strip() for column in columns)
    return _bad_ids(path, number, protein_id, go_id) or Line(number, protein_id, "", go_id)


def _gaf_line(path: Path, number: int, fields: list[str]) -> Line | InputError:
    if len(fields) < GAF_COLUMNS:
        return InputError(
            f"{len(fields)} tab-separated columns, a GAF has at least {GAF_COLUMNS}",
            path=path,
            line=number,
            help="is the line broken? give a GAF 2.0, 2.1 or 2.2",
        )
    _, protein_id, symbol, qualifier, go_id, _, evidence = (field.strip() for field in fields[:7])
    date = fields[13].strip()
    return _bad_ids(path, number, protein_id, go_id) or Line(
        number,
        protein_id,
        symbol,
        go_id,
        negated="NOT" in qualifier.upper().split("|"),
        evidence=evidence,
        date=f"{date[:4]}-{date[4:6]}-{date[6:]}" if re.fullmatch(r"\d{8}", date) else None,
        source=fields[14].strip() or None,
    )


def _bad_ids(path: Path, number: int, protein_id: str, go_id: str) -> InputError | None:
    if not protein_id:
        return InputError("no protein id", path=path, line=number, help="give the id as it stands in the FASTA")
    if not GO_ID.fullmatch(go_id):
        return InputError(f"{go_id[:40]!r} is not a GO id", path=path, line=number, help="write it like GO:0005524")
    return None
