"""A small ontology, and lines of annotation files for it in every format."""

from pathlib import Path

import pandas as pd

from gofer.errors import collected_problems
from gofer.inputs.annotations.annotation_files import read_annotation_lines
from gofer.inputs.annotations.annotation_line import GO_CODES, Line
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.annotations.gpad import RELATIONS
from gofer.inputs.proteins.protein_names import ProteinNames

RULES = AnnotationRules(frozenset({"IDA", "EXP"}), 0.1, ("is_a", "part_of"))
ECO_IDS = {code: eco for eco, code in GO_CODES.items()}
RELATION_IDS = {name: relation for relation, name in RELATIONS.items()}


def terms() -> tuple[pd.DataFrame, pd.DataFrame]:
    """GO:0000003 is below 2, that below 1; 9 is another id of 1; 20 to 22 are obsolete, only 20 has a successor."""
    rows = [("GO:0000001", [], ["GO:0000009"]), ("GO:0000002", ["GO:0000001"], []), ("GO:0000003", ["GO:0000002"], [])]
    live = pd.DataFrame(rows, columns=["go_id", "is_a", "alt_ids"]).assign(aspect="MFO", part_of=[[]] * 3)
    obsolete = pd.DataFrame(
        [("GO:0000020", ["GO:0000002"]), ("GO:0000021", []), ("GO:0000022", ["GO:0000001", "GO:0000002"])],
        columns=["go_id", "replaced_by"],
    )
    return live, obsolete


def names(proteins, aliases=None) -> ProteinNames:
    table = pd.DataFrame({"protein_id": list(proteins)})
    return ProteinNames.of_table(table if aliases is None else table.assign(aliases=aliases))


def read_files(paths, proteins=("P1", "P2"), rules=RULES):
    found = proteins if isinstance(proteins, ProteinNames) else names(proteins)
    return read_annotations(paths, found, *terms(), rules)


def read(folder: Path, content: str | bytes, proteins=("P1", "P2"), rules=RULES):
    path = folder / "annotations"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_files([path], proteins, rules)


def lines_of(folder: Path, content: str) -> list[Line]:
    path = folder / "annotations"
    path.write_text(content)
    with collected_problems() as problems:
        return list(read_annotation_lines(path, problems))


def pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["protein_id"], table["go_id"], strict=True))


def gaf(
    protein="P1", symbol="S1", qualifier="", term="GO:0000003", code="IDA", date="20200131", source="UniProt", form=""
) -> str:
    fields = ["DB", protein, symbol, qualifier, term, "PMID:1", code, "", "F", "", "", "protein", "taxon:1"]
    return "\t".join([*fields, date, source, "", form]) + "\n"


def gpad1(
    protein="P1",
    qualifier="enables",
    term="GO:0000003",
    eco="ECO:0000314",
    date="20200131",
    source="UniProt",
    properties="",
) -> str:
    fields = ["DB", protein, qualifier, term, "PMID:1", eco, "", "", date, source, "", properties]
    return "\t".join(fields) + "\n"


def gpad2(
    protein="DB:P1",
    negation="",
    relation="RO:0002327",
    term="GO:0000003",
    eco="ECO:0000314",
    date="2020-01-31",
    source="UniProt",
    properties="",
) -> str:
    fields = [protein, negation, relation, term, "PMID:1", eco, "", "", date, source, "", properties]
    return "\t".join(fields) + "\n"


def as_gpad1(gaf_line: str) -> str:
    """A line of a GAF as a line of GPAD 1.1."""
    f = gaf_line.rstrip("\n").split("\t")
    return "\t".join([f[0], f[1], f[3], f[4], f[5], ECO_IDS[f[6]], f[7], "", f[13], f[14], f[15], ""]) + "\n"


def as_gpad2(gaf_line: str) -> str:
    """A line of a GAF as a line of GPAD 2.0; where the GAF names no relation, the usual one of its aspect."""
    f = gaf_line.rstrip("\n").split("\t")
    words = [word for word in f[3].split("|") if word]
    negation = "NOT" if "NOT" in words else ""
    usual = {"F": "enables", "P": "involved_in", "C": "located_in"}[f[8]]
    relations = "|".join(RELATION_IDS[word] for word in words if word != "NOT") or RELATION_IDS[usual]
    day = f"{f[13][:4]}-{f[13][4:6]}-{f[13][6:]}"
    fields = [f"{f[0]}:{f[1]}", negation, relations, f[4], f[5], ECO_IDS[f[6]], f[7], "", day, f[14], f[15], ""]
    return "\t".join(fields) + "\n"
