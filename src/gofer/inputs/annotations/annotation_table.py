"""Lines of a table: `protein, aspect, go_id`, `protein, go_id`, CAFA's, UniProt's, eggNOG-mapper's or InterProScan's.

With a header, the columns may be in any order; those of a known meaning are read, and the names of the others are kept
for the accounting. `EntryID, term, aspect` of CAFA 5 and LAFA is such a header, and so are UniProt's `Entry, Gene
Ontology IDs` and eggNOG-mapper's `#query, …, GOs`. Without one, the first line decides which column holds the GO ids,
and every other column must hold what can be recognised: an aspect, a qualifier or an evidence code. The aspect is not
read, since the ontology has it. A column of scores is refused: predictions are no annotations.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gofer import names
from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_line import DIFFERENT_TEXTS, GO_CODES, GO_ID, Line, checked
from gofer.inputs.annotations.gpad import RELATIONS

PROTEIN_HEADERS = {"protein", "protein_id", "entryid", "entry", "query", "query_name"}
TERM_HEADERS = {"go_id", "term"}
LIST_HEADERS = {"gos", "go_terms"}  # of eggNOG-mapper 2 and 1
UNIPROT_TERMS = "gene ontology"  # (GO), IDs, (molecular function), …
READ_HEADERS = {
    "qualifier": "qualifier", "qualifiers": "qualifier", "relation": "qualifier",
    "evidence": "evidence", "evidence_code": "evidence", "date": "date",
}  # fmt: skip
ASPECT_HEADERS = {"aspect", "namespace", "ontology"}
SCORE_HEADERS = {"score", "scores", "probability", "confidence", "prediction"}
ASPECT_WORDS = {
    *("f", "p", "c", "mf", "bp", "cc", "function", "process", "component"),
    *(word.lower() for aspect in names.ASPECTS.items() for word in aspect),
}
QUALIFIERS = {"NOT", *RELATIONS.values()}
GO_LIST = re.compile(r"\s*GO:[0-9]{7}(?:\s*[;,|]\s*GO:[0-9]{7})*\s*[;,|]?\s*")
GO_ID_LENGTH = len("GO:0000000")
NO_TERM = {"", "-"}
UNMAPPED = "InterPro entries that interpro2go does not have"
SCAN_COLUMNS = 11  # of InterProScan are always there
SCAN_ENTRY = 11  # place of the InterPro entry, IPR000003
SCAN_TERMS = 13  # place of the column that holds GO:0003677(InterPro)|…
SCAN_DAY = re.compile(r"\d\d-\d\d-\d{4}")
SCORED = "this is a table of predictions; give annotations, or leave the column out if they are some"
HEADER = "give a header line: protein, qualifier, evidence, aspect, go_id"


@dataclass(frozen=True)
class Columns:
    """Places of a table's columns.

    Attributes:
        protein: The protein.
        terms: GO ids, one or several in a cell.
        described: Places of the qualifier (NOT and relations), of the evidence and of the day, where known.
        may_lack_terms: Whether a row without a term says that the protein has none.
        guessed: Columns without a header; each cell must say by itself what it is.
        unread: Names of the columns that are not read.
    """

    protein: int
    terms: tuple[int, ...]
    described: tuple[int | None, ...] = (None, None, None)
    may_lack_terms: bool = False
    guessed: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()

    @cached_property
    def width(self) -> int:
        """How many columns a row must have."""
        return max(2, self.protein + 1, *(() if self.may_lack_terms else (place + 1 for place in self.terms)))

    @cached_property
    def are_usual(self) -> bool:
        """Whether there is nothing but a protein, a GO id and cells that speak for themselves: millions of rows do."""
        return len(self.terms) == 1 and not self.may_lack_terms and set(self.described) == {None}


SCAN = Columns(0, (SCAN_TERMS,), may_lack_terms=True)


def header_columns(fields: list[str]) -> Columns | None:
    """The columns where the line is a known header, else None.

    Raises:
        GoferError: A column holds scores.
    """
    found = [field.strip().lstrip("#").lower() for field in fields]
    protein = [place for place, name in enumerate(found) if name in PROTEIN_HEADERS]
    plain = [place for place, name in enumerate(found) if name in TERM_HEADERS]
    lists = [place for place, name in enumerate(found) if name in LIST_HEADERS or name.startswith(UNIPROT_TERMS)]
    terms = plain or lists
    if len(protein) != 1 or not terms or len(plain) > 1:
        return None
    if plain and (scores := [fields[place].strip() for place, name in enumerate(found) if name in SCORE_HEADERS]):
        raise GoferError(f"the column {scores[0]!r} holds scores", help=SCORED)
    read: dict[str, int] = {READ_HEADERS[name]: place for place, name in enumerate(found) if name in READ_HEADERS}
    known = {*protein, *terms, *read.values(), *(p for p, name in enumerate(found) if name in ASPECT_HEADERS)}
    unread = tuple(field.strip() for place, field in enumerate(fields) if place not in known and field.strip())
    described = tuple(read.get(kind) for kind in ("qualifier", "evidence", "date"))
    return Columns(protein[0], tuple(terms), described, may_lack_terms=not plain, unread=unread)


def columns_without_header(fields: list[str]) -> Columns | None:
    """The columns of a table whose first line this is, else None. Of several columns of GO ids the last one is meant.

    Raises:
        GoferError: A column holds numbers, as predictions do.
    """
    if is_scan(fields):
        return SCAN
    terms = [place for place, field in enumerate(fields) if GO_LIST.fullmatch(field)]
    if not terms or terms == [0]:
        return None
    for place, field in enumerate(fields[1:], start=2):
        if _is_number(field):
            raise GoferError(f"column {place} holds the number {field.strip()}", help=SCORED)
    guessed = tuple(place for place in range(1, len(fields)) if place not in terms)
    return Columns(0, (terms[-1],), guessed=guessed)


def table_lines(fields: list[str], columns: Columns) -> Line | list[Line]:
    """The annotation of a row, or those of a row of several GO ids.

    Args:
        fields: The row's columns.
        columns: Their places.

    Raises:
        GoferError: Too few columns, no protein, no GO id, or a cell of unknown meaning.
    """
    if len(fields) < columns.width:
        raise GoferError(f"{len(fields)} tab-separated column(s)", help="give protein, aspect, go_id")
    protein = fields[columns.protein].strip()
    if columns.are_usual and protein and GO_ID.fullmatch(go_id := fields[columns.terms[0]].strip()):
        if not columns.guessed or not any(_meaning(fields[at].strip()) for at in columns.guessed if at < len(fields)):
            return Line(protein, go_id)
    qualifiers, evidence, date = (_cell(fields, place) for place in columns.described)
    for place in columns.guessed:
        if (cell := _cell(fields, place)) and (kind := _meaning(cell)):
            qualifiers, evidence = (cell, evidence) if kind == "qualifier" else (qualifiers, cell)
    cells = [cell for place in columns.terms if (cell := _cell(fields, place)) is not None]
    go_ids = _of_lists(cells) if columns.may_lack_terms else _listed(cells[0])
    return [checked(Line(protein, go_id, qualifiers or "", evidence, date=date)) for go_id in go_ids]


def scan_lines(fields: list[str], entries: Mapping[str, tuple[str, ...]], notes: Accounting) -> Line | list[Line]:
    """The annotations of a row of InterProScan: its GO terms, and those of its InterPro entry.

    Args:
        fields: The row's columns.
        entries: GO ids by InterPro entry.
        notes: Takes the entries that have none.

    Raises:
        GoferError: As `table_lines`.
    """
    lines = table_lines(fields, SCAN)
    entry = _cell(fields, SCAN_ENTRY) or "-"
    if isinstance(lines, Line) or entry in NO_TERM:
        return lines
    if entry not in entries:
        notes.add(UNMAPPED, entry)
    listed = {line.go_id for line in lines}
    return [
        *lines,
        *(checked(Line(fields[0].strip(), go_id)) for go_id in entries.get(entry, ()) if go_id not in listed),
    ]


def _cell(fields: list[str], place: int | None) -> str | None:
    return None if place is None or place >= len(fields) else fields[place].strip()


def _of_lists(cells: list[str]) -> list[str]:
    go_ids = list(dict.fromkeys(go_id for cell in cells for go_id in GO_ID.findall(cell)))
    if not go_ids and (odd := [cell for cell in cells if cell not in NO_TERM]):
        raise GoferError(f"{odd[0][:40]!r} holds no GO id", help="write it like GO:0005524, or - for none")
    return go_ids


def _listed(cell: str) -> list[str]:
    return GO_ID.findall(cell) if len(cell) > GO_ID_LENGTH and GO_LIST.fullmatch(cell) else [cell]


@lru_cache(DIFFERENT_TEXTS)
def _meaning(text: str) -> str:
    # What a cell without a header is: "qualifier", "evidence", or "" for an aspect or nothing.
    words = [word for word in re.split(r"[|,;\s]+", text) if word]
    if not words or text.lower() in ASPECT_WORDS:
        return ""
    if all(word.upper() == "NOT" or word in QUALIFIERS for word in words):
        return "qualifier"
    if text in GO_CODES or text in GO_CODES.values():
        return "evidence"
    if _is_number(text):
        raise GoferError(f"the number {text}", help=SCORED)
    raise GoferError(f"{text[:40]!r} has no known meaning here", help=HEADER)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text.strip()) is not None


def is_scan(fields: list[str]) -> bool:
    """Whether a line is InterProScan's: length, start and end are numbers, the tenth column is T(rue), then a day."""
    return (
        len(fields) >= SCAN_COLUMNS
        and all(fields[place].isdecimal() for place in (2, 6, 7))
        and fields[9] == "T"
        and SCAN_DAY.fullmatch(fields[10]) is not None
    )
