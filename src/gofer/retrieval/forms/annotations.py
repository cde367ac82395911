"""Predictions as annotations, for tools that read these: GAF 2.2 and GPAD 2.0.

Formats: http://geneontology.org/docs/go-annotation-file-gaf-format-2.2/ and
https://github.com/geneontology/go-annotation/blob/master/specs/gpad-gpi-2-0.md. Neither has room for a score, so they
hold the recommended terms only. The evidence is IEA; with or from is the nearest known protein, where it aligns.
"""

from collections.abc import Iterator
from pathlib import Path

from gofer.artefacts import atomic
from gofer.retrieval.forms.form import Chunks, Context, about_protein, curie, recommended
from gofer.retrieval.nearest_known import ALIGNED

ASPECT_LETTER = {"MFO": "F", "BPO": "P", "CCO": "C"}
RELATION = {"MFO": "enables", "BPO": "involved_in", "CCO": "located_in"}
RELATION_ID = {
    "enables": "RO:0002327", "involved_in": "RO:0002331", "located_in": "RO:0001025", "part_of": "BFO:0000050",
}  # fmt: skip
IEA_ECO = "ECO:0007669"  # computational evidence used in automatic assertion


def write_gaf(path: Path, chunks: Chunks, context: Context) -> None:
    """Write recommended predictions as GAF 2.2."""
    _write(path, ["!gaf-version: 2.2"], _gaf_lines(chunks, context), context)


def write_gpad(path: Path, chunks: Chunks, context: Context) -> None:
    """Write recommended predictions as GPAD 2.0."""
    _write(path, ["!gpad-version: 2.0", f"!date-generated: {context.date}"], _gpad_lines(chunks, context), context)


def _write(path: Path, first: list[str], lines: Iterator[str], context: Context) -> None:
    header = [*first, "!generated-by: gofer", f"!go-version: {context.go_release}", f"!model: {context.model}"]
    header += [f"!about: {line}" for line in context.about]
    header += [f"!warning: {context.warning}"] if context.warning else []
    with atomic(path) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in header)
        file.writelines(f"{line}\n" for line in lines)


def _gaf_lines(chunks: Chunks, context: Context) -> Iterator[str]:
    date = context.date.replace("-", "")
    for row, (symbol, name, taxon) in _rows(chunks):
        database, _, protein_id = curie(row["protein_id"]).partition(":")
        relation, reference, source = _relation(row, context), f"GOFER:{context.model}", _source(row)
        fields = [database, protein_id, symbol, relation, row["go_id"], reference, "IEA", source]
        fields += [ASPECT_LETTER[row["aspect"]], name, "", "protein", f"taxon:{taxon}", date, "gofer", "", ""]
        yield "\t".join(fields)


def _gpad_lines(chunks: Chunks, context: Context) -> Iterator[str]:
    for row, _ in _rows(chunks):
        relation = RELATION_ID[_relation(row, context)]
        fields = [curie(row["protein_id"]), "", relation, row["go_id"], f"GOFER:{context.model}", IEA_ECO, _source(row)]
        yield "\t".join([*fields, "", context.date, "gofer", "", f"score={row['score']:.3g}"])


def _rows(chunks: Chunks) -> Iterator[tuple[dict, tuple[str, str, str]]]:
    for predicted in chunks():
        about = {
            row.protein_id: about_protein(row.protein_id, row.description) for row in predicted.proteins.itertuples()
        }
        for row in recommended(predicted.table).to_dict("records"):
            yield row, about[row["protein_id"]]


def _relation(row: dict, context: Context) -> str:
    return "part_of" if row["go_id"] in context.complexes else RELATION[row["aspect"]]


def _source(row: dict) -> str:
    return curie(row["nearest_protein"]) if row["nearest_by"] == ALIGNED else ""
