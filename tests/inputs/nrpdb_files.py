"""Annotation files in the form of nrPDB-GO, with made-up chains."""

from collections.abc import Mapping

ASPECTS = ("molecular_function", "biological_process", "cellular_component")
VOCABULARIES = {
    "molecular_function": ["GO:0000001", "GO:0000002"],
    "biological_process": ["GO:0000003"],
    "cellular_component": [],
}


def headings(vocabularies: Mapping[str, list[str]] = VOCABULARIES) -> list[str]:
    """All lines up to the one that names the columns."""
    lines = []
    for aspect in ASPECTS:
        terms = vocabularies[aspect]
        lines += [f"### GO-terms ({aspect})", "\t".join(terms)]
        lines += [f"### GO-names ({aspect})", "\t".join(f"name of {go_id}" for go_id in terms)]
    return [*lines, "### PDB-chain\t" + "\t".join(f"GO-terms ({aspect})" for aspect in ASPECTS)]


def nrpdb(rows: list[str], vocabularies: Mapping[str, list[str]] = VOCABULARIES) -> str:
    """A file with CRLF at the ends of lines, as Python's csv module writes them."""
    return "".join(f"{line}\r\n" for line in [*headings(vocabularies), *rows])
