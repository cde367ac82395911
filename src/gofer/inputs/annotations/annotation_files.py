"""Annotations of a file: a table, a GAF 2.0–2.2, a GPAD 1.1 or 2.0, or the annotation file of nrPDB-GO.

The header `!gaf-version`, `!gpa-version` or `!gpad-version` gives the format; without one, the first annotation does:
 a GAF has 15 columns or more, a GPAD 10 or more with a GO id in the fourth and an ECO id in the sixth; of
GPADs, 2.0 names the database in the first column, as in `UniProtKB:P12345`. The file of nrPDB-GO begins with `###`. All
else is a table (`annotation_table`): its columns are separated by tabs or, below a header with commas, by commas.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from gofer.errors import GoferError, InputError, Problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations import gaf, gpad
from gofer.inputs.annotations.annotation_line import GO_ID, Line
from gofer.inputs.annotations.annotation_table import (
    Columns,
    columns_without_header,
    header_columns,
    is_scan,
    scan_lines,
    table_lines,
)
from gofer.inputs.annotations.interpro2go import Entries
from gofer.inputs.annotations.nrpdb import is_nrpdb, nrpdb_lines
from gofer.inputs.annotations.uniprot_entries import entry_lines, is_entry
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_lines, refuse_other_formats

Parse = Callable[[list[str]], Line | Iterable[Line]]
VERSION = re.compile(r"!\s*(gaf|gpa|gpad|gpi)-version\s*:?\s*([0-9]+)")
EGGNOG = re.compile(r"#query(_name)?\t")
UNREAD = "columns not read"
FORMATS: dict[tuple[str, str], Parse] = {
    ("gaf", "1"): gaf.gaf_line,
    ("gaf", "2"): gaf.gaf_line,
    ("gpa", "1"): gpad.gpad1_line,
    ("gpa", "2"): gpad.gpad2_line,
    ("gpad", "1"): gpad.gpad1_line,
    ("gpad", "2"): gpad.gpad2_line,
}
KNOWN = "give tab-separated columns protein, aspect, go_id (or protein, go_id), a GAF or a GPAD"


def read_annotation_lines(
    path: Path | str,
    problems: Problems,
    limits: Limits = DEFAULT_LIMITS,
    notes: Accounting | None = None,
    entries: Entries | None = None,
) -> Iterator[Line]:
    """The annotations of a file, plain, gzip or bzip2, in its order.

    Args:
        path: The file.
        problems: Takes the faults of single lines, and that there is no annotation; these lines are left out.
        limits: What the file may hold.
        notes: Takes the columns of a table that are not read, and the InterPro entries that `entries` lacks.
        entries: GO ids of InterPro entries, for results of InterProScan; None reads only their column of GO terms.

    Raises:
        InputError: The file cannot be read, or is something else altogether.
        ProblemsError: Too many faults.
    """
    notes = Accounting() if notes is None else notes
    parse: Parse | None = None
    begun = rows = False
    for number, raw in read_lines(path, limits):
        text = decoded(path, number, raw)
        if not text.strip():
            continue
        if not begun:
            begun = True
            refuse_other_formats(path, number, raw, wanted="annotation")
            if is_nrpdb(text):
                yield from nrpdb_lines(path, problems, limits)
                return
            if is_entry(text):
                yield from entry_lines(path, problems, limits)
                return
        if text.startswith(("!", "#")):
            parse = _told_format(path, number, text, notes) or parse
            continue
        rows = True
        if parse is None:
            parse, is_header = _shown_format(path, number, text, notes)
            if entries is not None and is_scan(text.split("\t")):
                parse = partial(scan_lines, entries=entries, notes=notes)
            if is_header:
                continue
        try:
            made = parse(text.split("\t"))
            lines = [made] if isinstance(made, Line) else list(made)
        except GoferError as error:
            problems.add(InputError(error.what, path=path, line=number, help=error.help))
        else:
            yield from lines
    if not rows:
        problems.add(InputError("no annotation in this file", path=path, help=KNOWN))


def _told_format(path: Path | str, number: int, comment: str, notes: Accounting) -> Parse | None:
    if EGGNOG.match(comment):
        columns = _columns(path, number, comment.split("\t"), header_columns)
        return _table(columns, notes) if columns else None
    header = VERSION.match(comment)
    if header is None:
        return None
    name, version = header.groups()
    if (name, version) not in FORMATS:
        raise InputError(
            f"{comment[1:40].strip()}: no annotation format that is known here", path=path, line=number, help=KNOWN
        )
    return FORMATS[name, version]


def _shown_format(path: Path | str, number: int, text: str, notes: Accounting) -> tuple[Parse, bool]:
    # The format of the first line, and whether this line is the header of a table.
    fields = text.split("\t")
    if columns := _columns(path, number, fields, header_columns):
        return _table(columns, notes), True
    if "," in text and (columns := _columns(path, number, _of_commas(fields), header_columns)):
        whole = _table(columns, notes)
        return lambda fields: whole(_of_commas(fields)), True
    if len(fields) >= gpad.COLUMNS and GO_ID.fullmatch(fields[3].strip()) and fields[5].strip().startswith("ECO:"):
        return gpad.gpad2_line if ":" in fields[0] else gpad.gpad1_line, False
    scanned = is_scan(fields)
    if len(fields) >= gaf.COLUMNS and not scanned:
        return gaf.gaf_line, False
    if columns := _columns(path, number, fields, columns_without_header):
        return _table(columns, notes), False
    raise InputError(
        f"neither an annotation nor a known header: {' '.join(fields)[:80]!r}", path=path, line=number, help=KNOWN
    )


def _columns(
    path: Path | str, number: int, fields: list[str], found: Callable[[list[str]], Columns | None]
) -> Columns | None:
    try:
        return found(fields)
    except GoferError as error:  # true of the whole file
        raise InputError(error.what, path=path, line=number, help=error.help) from error


def _table(columns: Columns, notes: Accounting) -> Parse:
    for name in columns.unread:
        notes.add(UNREAD, name)
    return partial(table_lines, columns=columns)


def _of_commas(fields: list[str]) -> list[str]:
    try:
        return next(csv.reader(["\t".join(fields)], strict=True), [])
    except csv.Error as error:
        raise GoferError(f"not a line of a CSV file ({error})", help="close its quotes, or use tabs") from error
