"""The embedded demo's world: synthetic proteins whose functions, and the residues behind them, are known.

Real terms of the Gene Ontology, definitions in our own words, and motifs after real ones (demo.yaml). A protein has a
term because it has the motif, or two motifs together; some of these terms are masked in training and wait to be found.
Everything follows from the seed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import yaml

from gofer.artefacts import write_text
from gofer.errors import InputError
from gofer.inputs.demo.synthetic_proteins import DemoProtein, ProteinMaker
from gofer.names import ASPECTS

WORLD = Path(__file__).with_name("demo.yaml")
RELEASE = "gofer-demo/2015-07-11"
POSITION_COLUMNS = ["protein_id", "go_id", "start", "end"]
SYNTHETIC_TAXON = 32630


@dataclass(frozen=True)
class World:
    """The generated world.

    Attributes:
        proteins: By id.
        query: More proteins by id, without annotations.
        annotations: (protein, term) as stated; a few are missing.
        terms: Terms as in demo.yaml.
        zero_shot: Terms to mask.
        truth: (protein, term) of every motif, nothing missing.
        positions: protein_id, go_id, start, end: the motifs that make a stated term true; from 1, inclusive.
    """

    proteins: Mapping[str, DemoProtein]
    query: Mapping[str, DemoProtein]
    annotations: list[tuple[str, str]]
    terms: list[dict[str, Any]]
    zero_shot: list[str]
    truth: list[tuple[str, str]]
    positions: list[tuple[str, str, int, int]]


def world_facts() -> dict[str, Any]:
    """The content of demo.yaml."""
    return yaml.safe_load(WORLD.read_text(encoding="utf-8"))


def make_world(*, proteins: int, seed: int) -> World:
    """Generate the world.

    Args:
        proteins: How many proteins with annotations.
        seed: Of all chance.
    """
    facts, rng = world_facts(), Random(seed)
    settings = facts["proteins"]
    drawn = list(islice(ProteinMaker(facts, rng).proteins(), proteins + settings["query"]))
    # The query takes its proteins from all over the world, so that most of its families are known.
    asked = set(rng.sample(range(len(drawn)), settings["query"]))
    known = [protein for number, protein in enumerate(drawn) if number not in asked]
    named = {f"DEMO{number:04d}": protein for number, protein in enumerate(known, start=1)}
    query = {f"QUERY{number:02d}": drawn[place] for number, place in enumerate(sorted(asked), start=1)}
    truth = [(name, term) for name, protein in named.items() for term in stated_terms(protein, facts)]
    return World(
        proteins=named,
        query=query,
        annotations=[pair for pair in truth if rng.random() >= settings["missing"]],
        terms=facts["terms"],
        zero_shot=facts["zero_shot"],
        truth=truth,
        positions=[row for name, protein in named.items() for row in _positions(name, protein, facts)],
    )


def stated_terms(protein: DemoProtein, facts: Mapping[str, Any]) -> list[str]:
    """The terms that the protein's motifs make true, alone or together, sorted; ancestors not counted."""
    present = {place.motif for place in protein.planted}
    return sorted({term for motif in present for term in terms_of_motif(motif, present, facts)})


def terms_of_motif(motif: str, present: set[str], facts: Mapping[str, Any]) -> set[str]:
    """The terms that a motif makes true, alone or together with other motifs that are present."""
    terms = set(facts["motifs"][motif]["terms"])
    for combination in facts["combinations"]:
        if motif in combination["motifs"] and present.issuperset(combination["motifs"]):
            terms |= set(combination["terms"])
    return terms


def _positions(name: str, protein: DemoProtein, facts: Mapping[str, Any]) -> list[tuple[str, str, int, int]]:
    present = {place.motif for place in protein.planted}
    return [
        (name, term, place.start, place.end)
        for place in protein.planted
        for term in sorted(terms_of_motif(place.motif, present, facts))
    ]


def write_world(world: World, folder: Path | str) -> None:
    """Write the files that a user would bring, and the truth that only the demo knows."""
    folder = Path(folder)
    aspect = {term["id"]: term["aspect"] for term in world.terms}
    name = {term["id"]: term["name"] for term in world.terms}
    plain = (f"{key} synthetic, family {protein.family}" for key, protein in world.proteins.items())
    write_text(folder / "proteins.fasta", _fasta(plain, world.proteins.values()))
    write_text(folder / "query.fasta", _fasta(_query_headers(world.query), world.query.values()))
    write_text(folder / "go.obo", _obo(world.terms))
    rows = [(protein, aspect[term], term) for protein, term in world.annotations]
    write_text(folder / "annotations.tsv", _tsv(["protein", "aspect", "go_id"], rows))
    write_text(folder / "zero_shot_terms.txt", "".join(f"{go_id}  # {name[go_id]}\n" for go_id in world.zero_shot))
    write_text(folder / "motif_positions.tsv", _tsv(POSITION_COLUMNS, world.positions))


def _query_headers(query: Iterable[str]) -> Iterable[str]:
    # Both kinds of headers that users bring: plain ones, and UniProt's.
    for number, key in enumerate(query):
        name = f"Synthetic protein OS=Synthetic construct OX={SYNTHETIC_TAXON} GN={key.lower()} PE=5 SV=1"
        yield f"sp|{key}|{key}_DEMO {name}" if number % 2 else f"{key} synthetic"


def _fasta(headers: Iterable[str], proteins: Iterable[DemoProtein]) -> str:
    lines = []
    for header, protein in zip(headers, proteins, strict=True):
        sequence = protein.sequence
        lines += [f">{header}", *(sequence[start : start + 60] for start in range(0, len(sequence), 60))]
    return "\n".join(lines) + "\n"


def _tsv(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in [columns, *rows])


def _obo(terms: list[dict[str, Any]]) -> str:
    name = {term["id"]: term["name"] for term in terms}
    lines = [
        "format-version: 1.2",
        f"data-version: {RELEASE}",
        "remark: ids, names and relations from the Gene Ontology (CC BY 4.0); definitions and synonyms are gofer's own",
        "ontology: go",
    ]
    for term in sorted(terms, key=lambda term: term["id"]):
        lines += [
            "",
            "[Term]",
            f"id: {term['id']}",
            f"name: {term['name']}",
            f"namespace: {ASPECTS[term['aspect']]}",
        ]
        lines += [f'def: "{term["definition"]}" [gofer:demo]']
        lines += [f'synonym: "{synonym}" RELATED []' for synonym in term["synonyms"]]
        lines += [f"is_a: {parent} ! {name[parent]}" for parent in term["is_a"]]
        lines += [f"relationship: part_of {parent} ! {name[parent]}" for parent in term["part_of"]]
    return "\n".join(lines) + "\n"


def planted_positions(path: Path | str) -> pd.DataFrame:
    """Where motifs that make a term true were planted: protein_id, go_id, start, end; from 1, inclusive.

    Raises:
        InputError: The file is missing or is not such a table.
    """
    try:
        table = pd.read_csv(path, sep="\t", dtype={"protein_id": "str", "go_id": "str"})
        return table[POSITION_COLUMNS].astype({"start": "int64", "end": "int64"})
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"not a table of {', '.join(POSITION_COLUMNS)} ({error})",
            path=path,
            help="let make_demo_world write it again",
        ) from error
