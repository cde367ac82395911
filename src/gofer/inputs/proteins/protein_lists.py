"""Lists of proteins from a user: files of ids, and tables that mark ids with 1 and 0.

A table has the form of nrPDB-GO_2019.06.18_test.csv: commas between the columns, which the first line names
(`PDB-chain,<30%,<40%,…`), the first column holds the id, and 1 in a column puts the protein into the set of that name.
"""

from collections.abc import Iterable
from pathlib import Path

from gofer.errors import InputError, Problems, collected_problems
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_ids, read_lines


def read_lists(paths: Iterable[Path | str], limits: Limits = DEFAULT_LIMITS) -> dict[str, tuple[Path | str, int]]:
    """The ids of one or several list files, with file and line of the first mention of each."""
    found: dict[str, tuple[Path | str, int]] = {}
    for path in paths:
        for protein_id, line in read_ids(path, limits).items():
            found.setdefault(protein_id, (path, line))
    return found


def read_marked(path: Path | str, column: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, int]:
    """The ids that a table marks with 1 in one of its columns, with the line of each.

    Args:
        path: The table.
        column: Name of the column.
        limits: What the file may hold.

    Raises:
        InputError: No such column, a row of other length, a mark that is neither 0 nor 1, or no mark of 1.
        ProblemsError: Several such rows.
    """
    marked: dict[str, int] = {}
    place, width = -1, 0
    with collected_problems() as problems:
        for number, raw in read_lines(path, limits):
            fields = [word.strip() for word in decoded(path, number, raw).split(",")]
            if not any(fields):
                continue
            if not width:
                place, width = _place(path, number, fields, column), len(fields)
            elif _is_marked(path, number, fields, (place, width), problems):
                marked.setdefault(fields[0], number)
    if not marked:
        raise InputError(f"no protein has 1 in column {column!r}", path=path, help="name another column or file")
    return marked


def _place(path: Path | str, number: int, names: list[str], column: str) -> int:
    if column not in names[1:]:
        has = ", ".join(map(repr, names[1:])) or "no column but the first"
        raise InputError(f"no column {column!r}", path=path, line=number, help=f"the table has {has}")
    return names.index(column, 1)


def _is_marked(
    path: Path | str, number: int, fields: list[str], place_and_width: tuple[int, int], problems: Problems
) -> bool:
    place, width = place_and_width
    if len(fields) != width or not fields[0]:
        what = f"{len(fields)} column(s) instead of {width}" if len(fields) != width else "no protein id"
        problems.add(InputError(what, path=path, line=number, help="the first line names the columns"))
        return False
    if fields[place] not in ("0", "1"):
        what = f"{fields[place][:20]!r} is neither 0 nor 1"
        problems.add(InputError(what, path=path, line=number, help="1 puts a protein into the set, 0 does not"))
    return fields[place] == "1"
