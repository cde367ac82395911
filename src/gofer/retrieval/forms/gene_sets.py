"""Recommended terms by protein, for enrichment, and proteins by term of a GO slim."""

from collections import Counter
from pathlib import Path

from gofer.artefacts import atomic, write_text
from gofer.errors import InputError
from gofer.inputs.ontology.obo_stanzas import read_stanzas
from gofer.inputs.text_files import DEFAULT_LIMITS, read_ids, read_lines
from gofer.retrieval.forms.form import Chunks, Context, recommended


def write_gene2term(path: Path, chunks: Chunks, context: Context) -> None:
    """Write `protein<TAB>GO:…, GO:…`, which topGO's readMappings and goatools' read_associations read.

    Only proteins with a recommended term are there; all that the terms imply are among them.
    """
    with atomic(path) as part, part.open("w", encoding="utf-8") as file:
        for predicted in chunks():
            likely = recommended(predicted.table)
            for protein_id, go_ids in likely.groupby("protein_id", sort=False)["go_id"]:
                file.write(f"{protein_id}\t{', '.join(sorted(go_ids))}\n")


def write_slim(path: Path, chunks: Chunks, context: Context) -> None:
    """Write, for each term of the slim that the model knows, how many proteins have it recommended.

    Raises:
        InputError: The slim holds no term of the model.
    """
    assert context.slim is not None
    names = context.terms.set_index("go_id")["name"].to_dict()
    slim = [go_id for go_id in slim_ids(context.slim) if go_id in names]
    if not slim:
        raise InputError(
            "none of its terms is known to the model",
            path=context.slim,
            help="give a slim of the Gene Ontology, for example goslim_generic.obo",
        )
    wanted, counts = set(slim), Counter[str]()
    for predicted in chunks():
        go_ids = recommended(predicted.table)["go_id"]
        counts.update(go_ids[go_ids.isin(wanted)].tolist())
    rows = sorted(slim, key=lambda go_id: (-counts[go_id], go_id))
    lines = ["go_id\tname\tproteins", *(f"{go_id}\t{names[go_id]}\t{counts[go_id]}" for go_id in rows)]
    write_text(path, "\n".join(lines) + "\n")


def slim_ids(path: Path) -> list[str]:
    """The terms of a slim: those of an OBO file that are not obsolete, or of a list with one id per line."""
    _, first = next(iter(read_lines(path, DEFAULT_LIMITS)), (1, b""))
    if not first.startswith((b"format-version", b"[Term]")):
        return list(read_ids(path))
    return [stanza.go_id for stanza in read_stanzas(path, {}, DEFAULT_LIMITS) if not stanza.obsolete]
