"""The Gene Ontology as a table: one row per live term, and what became of alternative and obsolete ids."""

import gc
import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from goatools.obo_parser import GODag, GOTerm

from gofer.errors import InputError
from gofer.inputs.accounting import Accounting
from gofer.inputs.ontology.go_graph import COLUMN_OF, RELATIONS, TRUE_PATH, GoGraph
from gofer.inputs.ontology.obo import INTACT, MOST_LISTED, OboFile, read_obo
from gofer.inputs.ontology.obo_stanzas import ASPECTS
from gofer.inputs.ontology.taxon_constraints import constraint_table
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits

COLUMNS = ["go_id", "name", "definition", "synonyms", "aspect", *RELATIONS, "alt_ids", "depth"]
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, eq=False)
class Ontology:
    """The terms of one release.

    Attributes:
        release: The data-version, or `sha256:` and 12 digits of the terms' content where the file has none.
        terms: Live terms by id: go_id, name, definition, synonyms, aspect, is_a, part_of, regulates (parents over
            regulates, positively_regulates and negatively_regulates), alt_ids, depth.
        obsolete: Obsolete terms by id: go_id, name, replaced_by, consider, alt_ids.
        taxa: Taxon constraints of live terms: go_id, rule, taxon, name.
        notes: Edges by relation, and what of the file is not used.
    """

    release: str
    terms: pd.DataFrame
    obsolete: pd.DataFrame
    taxa: pd.DataFrame = field(default_factory=lambda: constraint_table([]))
    notes: Accounting = field(default_factory=Accounting)

    def accounting(self) -> Accounting:
        """How many terms, alternative ids and edges of each kind there are, and what was left out."""
        accounting = Accounting()
        accounting.add("terms read", count=len(self.terms) + len(self.obsolete))
        accounting.add("terms dropped", "obsolete", len(self.obsolete))
        for aspect, count in self.terms["aspect"].value_counts().sort_index().items():
            accounting.add("terms kept", str(aspect), int(count))
        undefined = self.terms.loc[self.terms["definition"] == "", "go_id"]
        accounting.add("terms without a definition", count=len(undefined))
        for go_id in undefined[:MOST_LISTED]:
            accounting.add("term without a definition", go_id)
        for rule, count in self.taxa["rule"].value_counts().sort_index().items():
            accounting.add("taxon constraints", str(rule), int(count))
        accounting.add("alternative ids", count=int(self.terms["alt_ids"].map(len).sum()))
        for item, reason, count in self.notes.table().itertuples(index=False):
            accounting.add(item, reason, count)
        return accounting


def read_ontology(
    path: Path | str,
    relations: Collection[str] = TRUE_PATH,
    *,
    across_aspects: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Ontology:
    """Read an OBO file, plain, gzip or bzip2, with goatools.

    Args:
        path: The file.
        relations: Of is_a, part_of and regulates: along these annotations will propagate. All three columns are
            filled in any case; see `gofer.inputs.ontology.obo.read_obo` for what is checked.
        across_aspects: Whether parents in another aspect count; if not, no column holds them.
        limits: What the file may hold.

    Raises:
        InputError: A fault in the file; see `gofer.inputs.ontology.obo.read_obo`.
        ProblemsError: Several faults.
    """
    with _no_collection():
        obo = read_obo(path, relations, across_aspects=across_aspects, limits=limits)
        dag = _dag(obo)
        rows = [_row(dag[go_id]) for go_id in sorted(obo.live)]
    terms = pd.DataFrame(rows, columns=COLUMNS[:-1])
    terms["depth"] = GoGraph.of_terms(terms, TRUE_PATH, within_aspect=True).depth_T
    obsolete = pd.DataFrame(
        [(s.go_id, s.name, s.replaced_by, s.consider, sorted(set(s.alt_ids))) for _, s in sorted(obo.obsolete.items())],
        columns=["go_id", "name", "replaced_by", "consider", "alt_ids"],
    )
    taxa = constraint_table(stanza for _, stanza in sorted(obo.live.items()))
    return Ontology(obo.data_version or _digest(terms), terms, obsolete, taxa, obo.notes)


@contextmanager
def _no_collection() -> Iterator[None]:
    # While a whole release is built, the garbage collector visits the same objects repeatedly and frees none: 2.4 of
    # 6.9 seconds for 43,419 terms.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _dag(obo: OboFile) -> Mapping[str, GOTerm]:
    with tempfile.TemporaryDirectory(prefix="gofer-obo-") as folder:
        copy = Path(folder) / "go.obo"
        copy.write_text(obo.text(), encoding="utf-8")
        try:
            return GODag(str(copy), optional_attrs={"def", "relationship", "synonym"}, prt=None)
        except Exception as error:  # goatools has no exception classes: AssertionError, KeyError, AttributeError …
            raise InputError(
                f"goatools cannot read it ({type(error).__name__}: {error})", path=obo.path, help=INTACT
            ) from error


def _row(term: GOTerm) -> tuple[str, str, str, list[str], str, list[str], list[str], list[str], list[str]]:
    above: dict[str, set[str]] = {relation: set() for relation in RELATIONS}
    above["is_a"].update(parent.item_id for parent in term.parents)
    for relation, parents in term.relationship.items():
        above[COLUMN_OF[relation]].update(parent.item_id for parent in parents)
    return (
        term.item_id,
        term.name,
        _definition(getattr(term, "defn", "")),
        sorted({_unescaped(synonym.text) for synonym in term.synonym}),
        ASPECTS[term.namespace],
        sorted(above["is_a"]),
        sorted(above["part_of"]),
        sorted(above["regulates"]),
        sorted(term.alt_ids),
    )


def _definition(value: str) -> str:
    found = _QUOTED.match(value)
    return _unescaped(found.group(1)) if found else value.strip()


def _unescaped(text: str) -> str:
    # OBO 1.2 escapes quotes, commas, colons, brackets and blanks with a backslash.
    if "\\" not in text:
        return text.strip()
    return re.sub(r"\\(.)", lambda found: " " if found.group(1) in "nWt" else found.group(1), text).strip()


def _digest(terms: pd.DataFrame) -> str:
    content = terms.to_json(orient="records").encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()[:12]}"
