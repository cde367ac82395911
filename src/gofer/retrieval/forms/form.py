"""A form of output, and what it is made from."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from gofer.artefacts import Manifest
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.inputs.proteins.protein_names import ISOFORM, UNIPROT_ACCESSION
from gofer.retrieval.bank import plain_name
from gofer.retrieval.cutoffs import RECOMMENDED
from gofer.retrieval.prediction_rows import NOT
from gofer.retrieval.predictor import Predicted

Chunks = Callable[[], Iterator[Predicted]]
PROTEIN_COMPLEX = ("GO:0032991", "GO:0043234")  # protein-containing complex; its id before 2018
NO_DATE = "1970-01-01"
UNIDENTIFIED_TAXON = "32644"
ACCESSION = re.compile(UNIPROT_ACCESSION + ISOFORM)


@dataclass(frozen=True, eq=False)
class Context:
    """What holds for all predictions of a file.

    Attributes:
        terms: The terms table: go_id, name, aspect, is_a.
        model: Name of the model.
        release: Releases of what it was made from.
        warning: A warning for users, or "".
        slim: An OBO file or a list of the terms of a GO slim; None to count by none.
        query: Name of the query.
        percent: How often recommended terms were right on validation proteins, at least.
        cutoffs: The score from which a term is recommended, by aspect; None where none is.
        relations: Along which scores follow from each other.
    """

    terms: pd.DataFrame
    model: str
    release: dict[str, str]
    warning: str = ""
    slim: Path | None = None
    query: str = ""
    percent: int = RECOMMENDED
    cutoffs: Mapping[str, float | None] = field(default_factory=dict)
    relations: Sequence[str] = TRUE_PATH

    @property
    def manifest(self) -> Manifest:
        """For files that carry one."""
        return Manifest(self.release)

    @property
    def go_release(self) -> str:
        """Release of the ontology."""
        return self.release.get("go_release", "unknown")

    @property
    def date(self) -> str:
        """Day of the ontology's release: the same input gives the same file."""
        found = re.search(r"\d{4}-\d{2}-\d{2}", self.go_release)
        return found.group() if found else NO_DATE

    @cached_property
    def complexes(self) -> set[str]:
        """Ids of protein complexes: a protein is a part of them, and not in them."""
        known = set(self.terms["go_id"])
        return set(
            GoGraph.of_terms(self.terms, ["is_a"]).descendants(term for term in PROTEIN_COMPLEX if term in known)
        )


class Form(NamedTuple):
    """A form of output.

    Attributes:
        name: Of the file.
        write: Writes it: its path, the chunks, the context.
    """

    name: str
    write: Callable[[Path, Chunks, Context], None]


def recommended(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of recommended terms."""
    return table[table["recommended"] != NOT]


def curie(protein_id: str) -> str:
    """A protein's id with its database: UniProt's, where it looks like an accession."""
    return f"{'UniProtKB' if ACCESSION.fullmatch(protein_id) else 'GOFER'}:{protein_id}"


def about_protein(protein_id: str, description: str) -> tuple[str, str, str]:
    """Symbol, name and taxon, from a UniProt header: `… Name of it OS=Species OX=9606 GN=SYMBOL PE=1 SV=2`."""
    fields = dict(re.findall(r"\b(OX|GN)=([^\s|]+)", description))
    taxon = fields.get("OX", "")
    plain_taxon = taxon if taxon.isdecimal() else UNIDENTIFIED_TAXON
    return fields.get("GN", protein_id), " ".join(plain_name(description).replace("|", " ").split()), plain_taxon
