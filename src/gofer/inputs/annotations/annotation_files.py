"""Annotations of a file: a tab-separated table, a GAF 2.0–2.2, a GPAD 1.1 or 2.0, or the annotation file of nrPDB-GO.

The header `!gaf-version`, `!gpa-version` or `!gpad-version` gives the format; without one, the first annotation does:
 a GAF has 15 columns or more, a GPAD 10 or more with a GO id in the fourth and an ECO id in the sixth; of
GPADs, 2.0 names the database in the first column, as in `UniProtKB:P12345`. The file of nrPDB-GO begins with `###`. All
else is a table.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from gofer.errors import GoferError, InputError, Problems
from gofer.inputs.annotations import gaf, gpad
from gofer.inputs.annotations.annotation_line import GO_ID, Line
from gofer.inputs.annotations.annotation_table import columns_without_header, header_columns, table_line
from gofer.inputs.annotations.nrpdb import is_nrpdb, nrpdb_lines
from gofer.inputs.annotations.uniprot_entries import entry_lines, is_entry
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_lines, refuse_other_formats

Parse = Callable[[list[str]], Line]
VERSION = re.compile(r"!\s*(g[a-z]+)-version\s*:?\s*([0-9]+)")
FORMATS: dict[tuple[str, str], Parse] = {
    ("gaf", "1"): gaf.gaf_line,
    ("gaf", "2"): gaf.gaf_line,
    ("gpa", "1"): gpad.gpad1_line,
    ("gpa", "2"): gpad.gpad2_line,
    ("gpad", "1"): gpad.gpad1_line,
    ("gpad", "2"): gpad.gpad2_line,
}
KNOWN = "give tab-separated columns protein, aspect, go_id (or protein, go_id), a GAF or a GPAD"


def read_annotation_lines(path: Path | str, problems: Problems, limits: Limits = DEFAULT_LIMITS) -> Iterator[Line]:
    """The annotations of a file, plain, gzip or bzip2, in its order.

    Args:
        path: The file.
        problems: Takes the faults of single lines, and that there is no annotation; these lines are left out.
        limits: What the file may hold.

    Raises:
        InputError: The file cannot be read, or is something else altogether.
        ProblemsError: Too many faults.
    """
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
            parse = _told_format(path, number, text) or parse
            continue
        rows, fields = True, text.split("\t")
        if parse is None:
            parse, is_header = _shown_format(path, number, fields)
            if is_header:
                continue
        try:
            line = parse(fields)
        except GoferError as error:
            problems.add(InputError(error.what, path=path, line=number, help=error.help))
        else:
            yield line
    if not rows:
        problems.add(InputError("no annotation in this file", path=path, help=KNOWN))


def _told_format(path: Path | str, number: int, comment: str) -> Parse | None:
    header = VERSION.match(comment)
    if header is None:
        return None
    name, version = header.groups()
    if (name, version) not in FORMATS:
        raise InputError(
            f"{comment[1:40].strip()}: no annotation format that is known here", path=path, line=number, help=KNOWN
        )
    return FORMATS[name, version]


def _shown_format(path: Path | str, number: int, fields: list[str]) -> tuple[Parse, bool]:
    # The format of the first line, and whether this line is the header of a table.
    if columns := header_columns(fields):
        return partial(table_line, columns=columns), True
    is_go = [bool(GO_ID.fullmatch(field.strip())) for field in fields]
    if len(fields) >= gaf.COLUMNS:
        return gaf.gaf_line, False
    if len(fields) >= gpad.COLUMNS and is_go[3] and fields[5].strip().startswith("ECO:"):
        return gpad.gpad2_line if ":" in fields[0] else gpad.gpad1_line, False
    if any(is_go):
        return partial(table_line, columns=columns_without_header(is_go)), False
    raise InputError(
        f"neither an annotation nor a known header: {' '.join(fields)[:80]!r}", path=path, line=number, help=KNOWN
    )
