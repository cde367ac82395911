"""One annotation of a file, in any format, and the meaning of its fields; GO evidence codes and their ECO ids.

Each code has one id of the Evidence and Conclusion Ontology, the rows "Default" of
http://purl.obolibrary.org/obo/eco/gaf-eco-mapping.txt; only IEA has had two over the years.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from gofer.errors import GoferError

GO_CODES = {
    "ECO:0000269": "EXP",
    "ECO:0000314": "IDA",
    "ECO:0000353": "IPI",
    "ECO:0000315": "IMP",
    "ECO:0000316": "IGI",
    "ECO:0000270": "IEP",
    "ECO:0006056": "HTP",
    "ECO:0007005": "HDA",
    "ECO:0007001": "HMP",
    "ECO:0007003": "HGI",
    "ECO:0007007": "HEP",
    "ECO:0000250": "ISS",
    "ECO:0000266": "ISO",
    "ECO:0000247": "ISA",
    "ECO:0000255": "ISM",
    "ECO:0000317": "IGC",
    "ECO:0000318": "IBA",
    "ECO:0000319": "IBD",
    "ECO:0000320": "IKR",
    "ECO:0000321": "IRD",
    "ECO:0000245": "RCA",
    "ECO:0000304": "TAS",
    "ECO:0000303": "NAS",
    "ECO:0000305": "IC",
    "ECO:0000307": "ND",
    "ECO:0000501": "IEA",
    "ECO:0007669": "IEA",
}


def go_code(evidence: str) -> str:
    """The evidence code of its default ECO id; any other code or ECO id in upper case."""
    evidence = evidence.upper()
    return GO_CODES.get(evidence, evidence)


GO_ID = re.compile(r"GO:[0-9]{7}")
DIFFERENT_TEXTS = 1 << 14  # qualifiers and dates repeat: millions of lines have some thousands of them


class Line(NamedTuple):
    """One annotation as written in the file, without blanks around its fields.

    Attributes:
        object_id: What is annotated, without its database.
        go_id: The term.
        qualifiers: NOT and relations, with | between them.
        evidence: Evidence code or ECO id; None in a table.
        go_evidence: Evidence code that a GPAD gives in addition to the ECO id, else empty.
        date: None in a table.
        source: Who assigned it, with | between several; empty in a table.
        symbol: The symbol of the object in a GAF, else empty.
        form: The isoform or chain in a GAF, without its database, else empty.
        taxon: The organism of the object in a GAF, as in `taxon:9606`, else empty.
    """

    object_id: str
    go_id: str
    qualifiers: str = ""
    evidence: str | None = None
    go_evidence: str = ""
    date: str | None = None
    source: str = ""
    symbol: str = ""
    form: str = ""
    taxon: str = ""


def checked(line: Line) -> Line:
    """The line itself.

    Raises:
        GoferError: It names no protein, or no GO id.
    """
    if not line.object_id:
        raise GoferError("no protein id", help="give the id as written in the FASTA")
    if not GO_ID.fullmatch(line.go_id):
        raise GoferError(f"{line.go_id[:40]!r} is not a GO id", help="write it like GO:0005524")
    return line


@lru_cache(DIFFERENT_TEXTS)
def qualified(qualifiers: str) -> tuple[bool, tuple[str, ...]]:
    """Whether an annotation is negated, and its relations: `NOT|enables` gives (True, ("enables",)).

    Databases write NOT before or after the relation, alone, with an idle `|`, in lower case, or with a blank for `|`.
    """
    words = [word for word in re.split(r"[|,;\s]+", qualifiers) if word]
    relations = tuple(sorted({word for word in words if word.upper() != "NOT"}))
    return any(word.upper() == "NOT" for word in words), relations


@lru_cache(DIFFERENT_TEXTS)
def day_of(date: str) -> str | None:
    """`20200131` or ISO 8601, with or without a time of day, as year-month-day; None where the day does not exist."""
    try:
        return datetime.fromisoformat(date).date().isoformat()
    except ValueError:
        return None
