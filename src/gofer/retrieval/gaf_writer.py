"""Predictions as a Gene Association File 2.2, for tools that read annotations.

Format: http://geneontology.org/docs/go-annotation-file-gaf-format-2.2/. A GAF has no room for a score, so only
predictions with `retrieval.gaf_min_score` or more are written. Evidence code IEA; the date is that of the ontology
release where it has one, so that the same input gives the same file.
"""

import re
from pathlib import Path

import pandas as pd

from gofer.artefacts import write_text
from gofer.inputs.ontology.go_graph import GoGraph

ASPECT_LETTER = {"MFO": "F", "BPO": "P", "CCO": "C"}
RELATION = {"MFO": "enables", "BPO": "involved_in", "CCO": "located_in"}
PROTEIN_COMPLEX = ("GO:0032991", "GO:0043234")  # protein-containing complex; its id before 2018
UNIDENTIFIED_TAXON = "32644"
NO_DATE = "19700101"


def write_gaf(
    path: Path | str, predictions: pd.DataFrame, proteins: pd.DataFrame, terms: pd.DataFrame, *, run: str, release: str
) -> None:
    """Write predictions as GAF 2.2.

    Args:
        path: The file.
        predictions: Columns protein_id, go_id, aspect, score; all rows are written.
        proteins: Columns protein_id, description (a UniProt header gives symbol, name and taxon).
        terms: The terms table, to distinguish complexes from locations.
        run: Name of the run, part of the reference.
        release: Release of the ontology.
    """
    known = set(terms["go_id"])
    complexes = GoGraph.of_terms(terms, ["is_a"]).descendants(go_id for go_id in PROTEIN_COMPLEX if go_id in known)
    about = {row["protein_id"]: _about(row["protein_id"], row["description"]) for row in proteins.to_dict("records")}
    date = _date(release)
    lines = ["!gaf-version: 2.2", "!generated-by: gofer", f"!go-version: {release}"]
    for row in predictions.to_dict("records"):
        symbol, name, taxon = about[row["protein_id"]]
        relation = "part_of" if row["go_id"] in complexes else RELATION[row["aspect"]]
        letter = ASPECT_LETTER[row["aspect"]]
        fields = ["GOFER", row["protein_id"], symbol, relation, row["go_id"], f"GOFER:{run}", "IEA", ""]
        lines.append("\t".join([*fields, letter, name, "", "protein", f"taxon:{taxon}", date, "gofer", "", ""]))
    write_text(path, "\n".join(lines) + "\n")


def _about(protein_id: str, description: str) -> tuple[str, str, str]:
    # Symbol, name and taxon from a UniProt header: `… Name of it OS=Species OX=9606 GN=SYMBOL PE=1 SV=2`.
    fields = dict(re.findall(r"\b(OX|GN)=([^\s|]+)", description))
    name = re.split(r"(?:^|\s)(?:OS|OX|GN|PE|SV)=", description)[0]
    taxon = fields.get("OX", "")
    return fields.get("GN", protein_id), " ".join(name.split()), taxon if taxon.isdecimal() else UNIDENTIFIED_TAXON


def _date(release: str) -> str:
    found = re.search(r"(\d{4})-(\d{2})-(\d{2})", release)
    return "".join(found.groups()) if found else NO_DATE
