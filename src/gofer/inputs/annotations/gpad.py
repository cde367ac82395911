"""Lines of Gene Product Association Data 1.1 and 2.0.

Formats: http://geneontology.org/docs/gene-product-association-data-gpad-format/ and
http://geneontology.org/docs/gene-product-association-data-gpad-format-2.0/. Version 2.0 joins database and object id in
one column, has a separate column for NOT, and names relations by ids.
"""

import re

from gofer.errors import GoferError
from gofer.inputs.annotations.annotation_line import Line, checked

COLUMNS = 10  # of 12: annotation extension and properties may be absent
PROPERTIES = 11
GO_EVIDENCE = re.compile(r"(?:^|\|)\s*go_evidence\s*=\s*([^|\s]+)")
# The relations of GO annotations, by their ids in the Relation Ontology, as GAF 2.2 and GPAD 1.1 write them.
RELATIONS = {
    "RO:0002327": "enables",
    "RO:0002326": "contributes_to",
    "RO:0002331": "involved_in",
    "RO:0002263": "acts_upstream_of",
    "RO:0004034": "acts_upstream_of_positive_effect",
    "RO:0004035": "acts_upstream_of_negative_effect",
    "RO:0002264": "acts_upstream_of_or_within",
    "RO:0004032": "acts_upstream_of_or_within_positive_effect",
    "RO:0004033": "acts_upstream_of_or_within_negative_effect",
    "BFO:0000050": "part_of",
    "RO:0001025": "located_in",
    "RO:0002432": "is_active_in",
    "RO:0002325": "colocalizes_with",
}


def gpad1_line(fields: list[str]) -> Line:
    """The annotation of a line of GPAD 1.1.

    Raises:
        GoferError: Too few columns, no object id, no GO id.
    """
    _check_columns(fields)
    return _line(fields, object_id=fields[1].strip(), qualifiers=fields[2].strip())


def gpad2_line(fields: list[str]) -> Line:
    """The annotation of a line of GPAD 2.0.

    Raises:
        GoferError: Too few columns, an object id without its database, a negation that is not NOT, no GO id.
    """
    _check_columns(fields)
    database, _, object_id = fields[0].strip().partition(":")
    negation = fields[1].strip()
    if database and not object_id:
        raise GoferError(f"the object id {database[:40]!r} names no database", help="write it like UniProtKB:P12345")
    if negation.upper() not in ("", "NOT"):
        raise GoferError(f"{negation[:40]!r} as negation", help="column 2 of a GPAD 2.0 holds NOT or nothing")
    relations = "|".join(RELATIONS.get(relation.strip(), relation) for relation in fields[2].split("|"))
    return _line(fields, object_id=object_id, qualifiers=f"{negation}|{relations}")


def _check_columns(fields: list[str]) -> None:
    if len(fields) < COLUMNS:
        raise GoferError(
            f"{len(fields)} tab-separated columns, a GPAD has at least {COLUMNS}",
            help="is the line broken? give a GPAD 1.1 or 2.0",
        )


def _line(fields: list[str], *, object_id: str, qualifiers: str) -> Line:
    # Columns 4 to 12 are the same in both versions.
    properties = fields[PROPERTIES] if len(fields) > PROPERTIES else ""
    go_evidence = GO_EVIDENCE.search(properties)
    return checked(
        Line(
            object_id=object_id,
            go_id=fields[3].strip(),
            qualifiers=qualifiers,
            evidence=fields[5].strip(),
            go_evidence=go_evidence.group(1) if go_evidence else "",
            date=fields[8].strip(),
            source=fields[9].strip(),
        )
    )
