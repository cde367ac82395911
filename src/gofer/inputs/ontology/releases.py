"""What changed from one release of the ontology to the next, term by term.

A full go.obo can be compared with a go-basic: parents are compared over is_a and part_of within an aspect, which both
hold; go-basic lacks the parents in other aspects and some relations. A parent that was merged meanwhile counts under
its main id. Only stated parents are compared; a redundant one counts too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from gofer.inputs.accounting import Accounting
from gofer.inputs.ontology.go_graph import TRUE_PATH
from gofer.inputs.ontology.term_table import Ontology

KINDS = ("added", "obsoleted", "merged", "removed", "moved", "redefined", "renamed")
COLUMNS = ["kind", "go_id", "name", "aspect", "before", "after"]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Place = frozenset[tuple[str, str]]  # (relation, parent)


@dataclass(frozen=True)
class _Term:
    name: str
    definition: str
    aspect: str
    place: Place


@dataclass(frozen=True)
class _Release:
    # main: main id by alternative id; gone: what an obsolete term, or an alternative id of one, is to be replaced by.
    terms: Mapping[str, _Term]
    main: Mapping[str, str]
    gone: Mapping[str, str]

    @classmethod
    def of_ontology(cls, ontology: Ontology) -> "_Release":
        aspect = dict(zip(ontology.terms["go_id"], ontology.terms["aspect"], strict=True))
        columns = ("go_id", "name", "definition", "aspect", *TRUE_PATH)
        terms = {
            go_id: _Term(
                name,
                definition,
                term_aspect,
                frozenset(
                    (relation, parent)
                    for relation, above in zip(TRUE_PATH, parents, strict=True)
                    for parent in above
                    if aspect[parent] == term_aspect
                ),
            )
            for go_id, name, definition, term_aspect, *parents in zip(
                *(ontology.terms[c] for c in columns), strict=True
            )
        }
        rows = zip(ontology.terms["go_id"], ontology.terms["alt_ids"], strict=True)
        main = {alt: go_id for go_id, alts in rows for alt in alts}
        names = {go_id: term.name for go_id, term in terms.items()}
        gone: dict[str, str] = {}
        for row in ontology.obsolete.itertuples():
            advice = [f"replaced by {_named(names, target)}" for target in row.replaced_by]
            advice += [f"consider {_named(names, target)}" for target in row.consider]
            gone |= {go_id: "; ".join(advice) for go_id in (row.go_id, *row.alt_ids)}
        return cls(terms, main, gone)

    def parents(self, go_id: str) -> str:
        """`is_a GO:… name; part_of GO:… name` within the aspect, empty for a root."""
        place = sorted(self.terms[go_id].place)
        return "; ".join(f"{relation} {parent} {self.terms[parent].name}" for relation, parent in place)


def _named(names: Mapping[str, str], go_id: str) -> str:
    return f"{go_id} {names.get(go_id, '')}".strip()


def compare_releases(before: Ontology, after: Ontology) -> pd.DataFrame:
    """Every change of a live term; a term may have several.

    | kind      | meaning                                     | before                   | after                 |
    |-----------|---------------------------------------------|--------------------------|-----------------------|
    | added     | live now, not live before                   | what the id was, or empty | parents              |
    | obsoleted | live before, obsolete now                   | parents                  | terms to use instead  |
    | merged    | live before, now another's alternative id   | parents                  | the main id           |
    | removed   | live before, absent now                     | parents                  | empty                 |
    | moved     | live in both, with other parents            | parents                  | parents               |
    | redefined | live in both, with another definition       | definition               | definition            |
    | renamed   | live in both, with another name             | name                     | name                  |

    So the terms live now are those live before, less obsoleted, merged and removed, plus added.

    Args:
        before: The older release.
        after: The newer one.

    Returns:
        kind, go_id, name and aspect (of the newer release where the term is live there), before, after; in the order of
        `KINDS`, then by id.
    """
    old, new = _Release.of_ontology(before), _Release.of_ontology(after)
    rows = sorted([*_gone(old, new), *_added(old, new), *_changed(old, new)], key=lambda row: KINDS.index(row[0]))
    return pd.DataFrame(rows, columns=COLUMNS, dtype=str)


Row = tuple[str, str, str, str, str, str]


def _gone(old: _Release, new: _Release) -> Iterator[Row]:
    for go_id in sorted(old.terms.keys() - new.terms.keys()):
        term = old.terms[go_id]
        if go_id in new.main:
            kind, after = "merged", f"{new.main[go_id]} {new.terms[new.main[go_id]].name}"
        elif go_id in new.gone:
            kind, after = "obsoleted", new.gone[go_id]
        else:
            kind, after = "removed", ""
        yield kind, go_id, term.name, term.aspect, old.parents(go_id), after


def _added(old: _Release, new: _Release) -> Iterator[Row]:
    for go_id in sorted(new.terms.keys() - old.terms.keys()):
        if go_id in old.main:
            before = f"alternative id of {old.main[go_id]} {old.terms[old.main[go_id]].name}"
        else:
            before = "obsolete" if go_id in old.gone else ""
        term = new.terms[go_id]
        yield "added", go_id, term.name, term.aspect, before, new.parents(go_id)


def _changed(old: _Release, new: _Release) -> Iterator[Row]:
    for go_id in sorted(old.terms.keys() & new.terms.keys()):
        then, now = old.terms[go_id], new.terms[go_id]
        mapped = {(relation, new.main.get(parent, parent)) for relation, parent in then.place}
        if {(relation, parent) for relation, parent in mapped if parent != go_id} != now.place:
            yield "moved", go_id, now.name, now.aspect, old.parents(go_id), new.parents(go_id)
        if then.definition != now.definition:
            yield "redefined", go_id, now.name, now.aspect, then.definition, now.definition
        if then.name != now.name:
            yield "renamed", go_id, now.name, now.aspect, then.name, now.name


def known_ids(ontology: Ontology) -> list[str]:
    """All live and alternative ids of a release, sorted."""
    return sorted({*ontology.terms["go_id"], *(alt for alts in ontology.terms["alt_ids"] for alt in alts)})


def is_older(release: str, than: str) -> bool | None:
    """Whether a release is older than another by the dates in their names; None where one has no date."""
    first, second = _DATE.search(release), _DATE.search(than)
    return first[0] < second[0] if first and second else None


def release_accounting(before: Ontology, after: Ontology, changes: pd.DataFrame) -> Accounting:
    """How many terms and changes there are, and how many edges the comparison leaves out."""
    accounting = Accounting()
    for when, ontology in (("before", before), ("now", after)):
        accounting.add("live terms", f"{when}, {ontology.release}", len(ontology.terms))
    for kind in KINDS:
        accounting.add("changes", kind, int((changes["kind"] == kind).sum()))
    in_both = set(before.terms["go_id"]) & set(after.terms["go_id"])
    accounting.add("terms unchanged", count=len(in_both - set(changes["go_id"])))
    for when, ontology in (("before", before), ("now", after)):
        aspect = dict(zip(ontology.terms["go_id"], ontology.terms["aspect"], strict=True))
        across = sum(
            aspect[parent] != term_aspect
            for relation in TRUE_PATH
            for term_aspect, above in zip(ontology.terms["aspect"], ontology.terms[relation], strict=True)
            for parent in above
        )
        accounting.add("edges not compared", f"{when}: is_a and part_of to another aspect", across)
        regulating = int(ontology.terms["regulates"].map(len).sum())
        accounting.add("edges not compared", f"{when}: regulates", regulating)
    return accounting
