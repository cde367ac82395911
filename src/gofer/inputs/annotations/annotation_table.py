"""Lines of a tab-separated table `protein, aspect, go_id`, `protein, go_id` or, as in CAFA, `protein, go_id, aspect`.

The aspect is not read, since the ontology has it. With a header, the columns may be in any order and among others:
`EntryID, term, aspect` of CAFA 5 and LAFA is one. Without one, the first line decides which column holds the GO id.
"""

from collections.abc import Sequence

from gofer.errors import GoferError
from gofer.inputs.annotations.annotation_line import Line, checked

PROTEIN_HEADERS = {"protein", "protein_id", "entryid"}
TERM_HEADERS = {"go_id", "term"}


def header_columns(fields: list[str]) -> tuple[int, int] | None:
    """Places of protein and term where the line is a known header, else None."""
    names = [field.strip().lower() for field in fields]
    protein = [place for place, name in enumerate(names) if name in PROTEIN_HEADERS]
    term = [place for place, name in enumerate(names) if name in TERM_HEADERS]
    return (protein[0], term[0]) if len(protein) == len(term) == 1 else None


def columns_without_header(is_go: Sequence[bool]) -> tuple[int, int]:
    """Places of protein and term in a table whose first line holds GO ids at these places: the last one is meant."""
    last = max(place for place, is_term in enumerate(is_go) if is_term)
    return 0, -1 if last == len(is_go) - 1 else last


def table_line(fields: list[str], columns: tuple[int, int]) -> Line:
    """The annotation of a row.

    Args:
        fields: The row's columns.
        columns: Places of protein and term.

    Raises:
        GoferError: Too few columns, no protein, no GO id.
    """
    if len(fields) < 2 or len(fields) <= max(columns):
        raise GoferError(f"{len(fields)} tab-separated column(s)", help="give protein, aspect, go_id")
    protein, term = columns
    return checked(Line(fields[protein].strip(), fields[term].strip()))
