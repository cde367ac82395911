"""The Gene Ontology as a table: one row per live term, and what became of alternative and obsolete ids."""

import hashlib
import re
import tempfile
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from goatools.obo_parser import GODag, GOTerm

from gofer.errors import InputError
from gofer.inputs.accounting import Accounting
from gofer.inputs.compressed import DEFAULT_LIMITS, Limits
from gofer.inputs.obo import ASPECTS, RELATIONS, OboFile, read_obo

COLUMNS = ["go_id", "name", "definition", "synonyms", "aspect", "is_a", "part_of", "alt_ids", "depth"]
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, eq=False)
class Ontology:
    """The terms of one release.

    Attributes:
        release: The data-version, or `sha256:` and 12 digits of the terms' content where the file has none.
        terms: Live terms by id: go_id, name, definition, synonyms, aspect, is_a, part_of, alt_ids, depth.
        obsolete: Obsolete terms by id: go_id, name, replaced_by, consider.
    """

    release: str
    terms: pd.DataFrame
    obsolete: pd.DataFrame

    def accounting(self) -> Accounting:
        """How many terms, alternative ids and edges of each kind there are."""
        accounting = Accounting()
        accounting.add("terms read", count=len(self.terms) + len(self.obsolete))
        accounting.add("terms dropped", "obsolete", len(self.obsolete))
        for aspect, count in self.terms["aspect"].value_counts().sort_index().items():
            accounting.add("terms kept", str(aspect), int(count))
        accounting.add("terms without a definition", count=int((self.terms["definition"] == "").sum()))
        accounting.add("alternative ids", count=int(self.terms["alt_ids"].map(len).sum()))
        for relation in RELATIONS:
            accounting.add("edges", relation, int(self.terms[relation].map(len).sum()))
        return accounting


def read_ontology(path: Path | str, *, limits: Limits = DEFAULT_LIMITS) -> Ontology:
    """Read an OBO file, plain, gzip or bzip2, with goatools.

    Raises:
        InputError: A fault in the file; see `gofer.inputs.obo.read_obo`.
        ProblemsError: Several faults.
    """
    obo = read_obo(path, limits=limits)
    dag = _dag(obo)
    rows = [_row(dag[go_id]) for go_id in sorted(obo.live)]
    terms = pd.DataFrame(rows, columns=COLUMNS[:-1])
    terms["depth"] = depths(terms)
    obsolete = pd.DataFrame(
        [(s.go_id, s.name, s.replaced_by, s.consider) for _, s in sorted(obo.obsolete.items())],
        columns=["go_id", "name", "replaced_by", "consider"],
    )
    return Ontology(obo.data_version or _digest(terms), terms, obsolete)


def _dag(obo: OboFile) -> Mapping[str, GOTerm]:
    with tempfile.TemporaryDirectory(prefix="gofer-obo-") as folder:
        copy = Path(folder) / "go.obo"
        copy.write_text(obo.text(), encoding="utf-8")
        try:
            return GODag(str(copy), optional_attrs={"def", "relationship", "synonym"}, prt=None)
        except Exception as error:  # goatools knows no errors of its own: AssertionError, KeyError, AttributeError …
            raise InputError(
                f"goatools cannot read it ({type(error).__name__}: {error})",
                path=obo.path,
                help="use an intact release of the ontology",
            ) from error


def _row(term: GOTerm) -> tuple[str, str, str, list[str], str, list[str], list[str], list[str]]:
    part_of = sorted(parent.item_id for parent in term.relationship.get("part_of", ()))
    return (
        term.item_id,
        term.name,
        _definition(getattr(term, "defn", "")),
        sorted({_unescaped(synonym.text) for synonym in term.synonym}),
        ASPECTS[term.namespace],
        sorted(parent.item_id for parent in term.parents),
        part_of,
        sorted(term.alt_ids),
    )


def _definition(value: str) -> str:
    found = _QUOTED.match(value)
    return _unescaped(found.group(1)) if found else value.strip()


def _unescaped(text: str) -> str:
    # OBO 1.2 escapes quotes, commas, colons, brackets and blanks with a backslash.
    return re.sub(r"\\(.)", lambda found: " " if found.group(1) in "nWt" else found.group(1), text).strip()


def _digest(terms: pd.DataFrame) -> str:
    content = terms.to_json(orient="records").encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()[:12]}"


def depths(terms: pd.DataFrame) -> list[int]:
    """Shortest way up to the root over is_a and part_of within the aspect, in the order of the rows.

    Args:
        terms: Columns go_id, aspect, is_a, part_of.
    """
    aspect = dict(zip(terms["go_id"], terms["aspect"], strict=True))
    children: dict[str, list[str]] = {go_id: [] for go_id in aspect}
    depth: dict[str, int] = {}
    for go_id, is_a, part_of in zip(terms["go_id"], terms["is_a"], terms["part_of"], strict=True):
        above = [parent for parent in (*is_a, *part_of) if aspect[parent] == aspect[go_id]]
        for parent in above:
            children[parent].append(go_id)
        if not above:
            depth[go_id] = 0
    todo = deque(depth)
    while todo:
        here = todo.popleft()
        for child in children[here]:
            if child not in depth:
                depth[child] = depth[here] + 1
                todo.append(child)
    return [depth[go_id] for go_id in terms["go_id"]]


def parents_of(terms: pd.DataFrame, relations: Iterable[str], *, within_aspect: bool = False) -> dict[str, list[str]]:
    """Parents of each term over `relations`, each once.

    Args:
        terms: Columns go_id, aspect and one column of parents per relation.
        relations: Of is_a and part_of.
        within_aspect: Leave out parents of another aspect.
    """
    aspect = dict(zip(terms["go_id"], terms["aspect"], strict=True))
    parents: dict[str, list[str]] = {go_id: [] for go_id in aspect}
    for relation in relations:
        for go_id, above in zip(terms["go_id"], terms[relation], strict=True):
            parents[go_id].extend(
                parent
                for parent in above
                if parent not in parents[go_id] and (not within_aspect or aspect[parent] == aspect[go_id])
            )
    return parents


def children_of(parents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The inverse of `parents_of`."""
    children: dict[str, list[str]] = {go_id: [] for go_id in parents}
    for child, above in parents.items():
        for parent in above:
            children[parent].append(child)
    return children


def reached(steps: Mapping[str, Iterable[str]], go_ids: Iterable[str]) -> set[str]:
    """The given terms and all to which steps lead from them."""
    found: set[str] = set()
    todo = list(go_ids)
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo.extend(steps[here])
    return found


def descendants_of(terms: pd.DataFrame, relations: Iterable[str], go_ids: Iterable[str]) -> set[str]:
    """The given terms and all that lie below them."""
    return reached(children_of(parents_of(terms, relations)), go_ids)
