"""An OBO file, checked line by line before goatools reads it.

goatools stops at a missing parent with a KeyError, at a cycle with a RecursionError and at an odd synonym with an
AttributeError, all without a line. So one pass looks for these first and passes on only what gofer uses: terms with
their names, definitions, synonyms, alternative ids and parents. Everything else is counted.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gofer.errors import InputError, Problems, collected_problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.ontology.go_graph import TRUE_PATH
from gofer.inputs.ontology.obo_stanzas import ASPECTS, Edge, Stanza, read_stanzas
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits

GO_ID = re.compile(r"GO:\d{7}")
MOST_LISTED = 20  # ids that an accounting names one by one
INTACT = "use an intact release of the ontology"


@dataclass(frozen=True)
class OboFile:
    """The checked content of an OBO file.

    Attributes:
        path: The file.
        data_version: Its data-version, empty where it has none.
        live: Live terms by id.
        obsolete: Obsolete terms by id.
        notes: Edges by relation, and what of the file is not used.
    """

    path: Path
    data_version: str
    live: Mapping[str, Stanza]
    obsolete: Mapping[str, Stanza]
    notes: Accounting

    def text(self) -> str:
        """The live terms as OBO text that goatools reads without errors."""
        return "\n".join(["format-version: 1.2\n", *(stanza.text() for stanza in self.live.values())])


def read_obo(
    path: Path | str,
    relations: Collection[str] = TRUE_PATH,
    *,
    across_aspects: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> OboFile:
    """Read and check an OBO file, plain, gzip or bzip2.

    Parents over is_a and part_of must exist and make no cycle, whatever `relations` are: the depth of a term and its
    text depend on them. Those over regulates are checked where `relations` holds it; elsewhere, parents that are not
    live are left out. The edges of `relations` together may make no cycle either.

    Args:
        path: The file.
        relations: Of is_a, part_of and regulates (which includes positively_ and negatively_regulates): along
            these annotations will propagate. They must join every term to the root of its aspect.
        across_aspects: Whether parents in another aspect count; if not, they are left out.
        limits: What the file may hold.

    Raises:
        InputError: No OBO, no term, no name or namespace, an id twice, a parent that is missing, a cycle, or two roots.
        ProblemsError: Several of these.
    """
    path = Path(path)
    header: dict[str, str] = {}
    live: dict[str, Stanza] = {}
    obsolete: dict[str, Stanza] = {}
    checked = {*TRUE_PATH, *relations}
    with collected_problems() as problems:
        for stanza in read_stanzas(path, header, limits):
            stanza.namespace = stanza.namespace or header.get("default-namespace", "")
            if _checked(stanza, path, live, obsolete, problems):
                (obsolete if stanza.obsolete else live)[stanza.go_id] = stanza
        if not live:
            problems.add(InputError("no live GO term in this file", path=path, help="give a go.obo or go-basic.obo"))
        _check_parents(path, live, obsolete, checked, problems)
    notes = Accounting()
    _settle_alternative_ids(live, obsolete, notes)
    _settle_edges(live, relations, notes, across_aspects=across_aspects)
    if bad_synonyms := sum(stanza.bad_synonyms for stanza in live.values()):
        notes.add("synonyms dropped", "empty, one character or not in OBO form", bad_synonyms)
    _check_cycles(path, live, TRUE_PATH)
    if not set(relations) <= set(TRUE_PATH):
        _check_cycles(path, live, relations)
    _check_roots(path, live, relations)
    return OboFile(path, header.get("data-version", ""), live, obsolete, notes)


def _checked(
    stanza: Stanza, path: Path, live: Mapping[str, Stanza], obsolete: Mapping[str, Stanza], problems: Problems
) -> bool:
    def fault(what: str, help: str = INTACT) -> bool:
        problems.add(InputError(what, path=path, line=stanza.line, help=help))
        return False

    if not GO_ID.fullmatch(stanza.go_id):
        return fault(f"{stanza.go_id or 'a term without id'} is not a GO id (GO:0000000)")
    if earlier := live.get(stanza.go_id) or obsolete.get(stanza.go_id):
        return fault(f"term {stanza.go_id} is already in line {earlier.line}")
    if stanza.obsolete:
        return True
    if not stanza.name:
        return fault(f"term {stanza.go_id} has no name")
    for tag in ("name", "def", "namespace"):
        if sum(line.startswith(f"{tag}: ") for line in stanza.tags) > 1:
            return fault(f"term {stanza.go_id} has more than one {tag}")
    if stanza.open_quote:
        stanza.line = stanza.open_quote
        return fault(f"the definition of {stanza.go_id} is not closed", 'write def: "text" [sources]')
    if stanza.namespace not in ASPECTS:
        return fault(
            f"term {stanza.go_id} has namespace {stanza.namespace or 'none'!r}, not one of {', '.join(ASPECTS)}",
            "use the Gene Ontology, without imported terms (go.obo or go-basic.obo)",
        )
    return True


def _check_parents(
    path: Path,
    live: Mapping[str, Stanza],
    obsolete: Mapping[str, Stanza],
    checked: Collection[str],
    problems: Problems,
) -> None:
    for stanza in live.values():
        for edge in stanza.parents:
            if edge.column in checked and edge.parent not in live:
                state = "is obsolete" if edge.parent in obsolete else "is not in this file"
                problems.add(
                    InputError(
                        f"{edge.parent or 'nothing'}, {edge.relation} parent of {stanza.go_id}, {state}",
                        path=path,
                        line=edge.line,
                        help="use a whole release of the ontology, not a part of one",
                    )
                )


def _settle_alternative_ids(live: Mapping[str, Stanza], obsolete: Mapping[str, Stanza], notes: Accounting) -> None:
    # An alternative id must lead to one term. One that is also a live term stays that term.
    owners: dict[str, list[str]] = {}
    for stanza in live.values():
        for alt in set(stanza.alt_ids):
            owners.setdefault(alt, []).append(stanza.go_id)
    unclear = {alt for alt, terms in owners.items() if alt in live or len(terms) > 1}
    for stanza in live.values():
        stanza.alt_ids = sorted(set(stanza.alt_ids) - unclear)
    for alt in sorted(unclear):
        notes.add("alternative ids dropped", "a live term itself" if alt in live else "several terms have it")
    for alt in sorted(unclear)[:MOST_LISTED]:
        notes.add("alternative id dropped", f"{alt} of {', '.join(sorted(owners[alt]))}")
    if both := len((owners.keys() & obsolete.keys()) - unclear):
        notes.add("alternative ids that are obsolete terms too", "taken as alternative ids", both)


def _settle_edges(
    live: Mapping[str, Stanza], relations: Collection[str], notes: Accounting, *, across_aspects: bool
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for stanza in live.values():
        counts.update(("edges not followed", relation) for relation in stanza.others)
        kept = []
        for edge in stanza.parents:
            if edge.parent not in live:
                counts["edges dropped", f"{edge.relation}: the parent is not live"] += 1
                continue
            here, there = ASPECTS[stanza.namespace], ASPECTS[live[edge.parent].namespace]
            if here != there and not across_aspects:
                counts["edges dropped (inputs.across_aspects)", f"{edge.relation}: {here} to {there}"] += 1
                continue
            kept.append(edge)
            if edge.column not in relations:
                counts["edges not followed (inputs.relations)", edge.relation] += 1
                continue
            counts["edges", edge.relation] += 1
            if here != there:
                counts["edges to another aspect", f"{edge.relation}: {here} to {there}"] += 1
        stanza.parents = kept
    for (item, reason), count in sorted(counts.items()):
        notes.add(item, reason, count)


def _check_cycles(path: Path, live: Mapping[str, Stanza], followed: Collection[str]) -> None:
    # Kahn: remove terms whose parents are all removed; what remains is on a cycle or below one.
    parents = {go_id: {e.parent for e in stanza.parents if e.column in followed} for go_id, stanza in live.items()}
    waiting = {go_id: len(above) for go_id, above in parents.items()}
    children: dict[str, list[str]] = {go_id: [] for go_id in live}
    for go_id, above in parents.items():
        for parent in above:
            children[parent].append(go_id)
    free = [go_id for go_id, number in waiting.items() if not number]
    while free:
        for child in children[free.pop()]:
            waiting[child] -= 1
            if not waiting[child]:
                free.append(child)
    stuck = sorted(go_id for go_id, number in waiting.items() if number)
    if stuck:
        way, here = [], stuck[0]
        while here not in way:
            way.append(here)
            here = min(parent for parent in parents[here] if waiting[parent])
        raise _cycle(path, live, [*way[way.index(here) :], here], followed)


def _cycle(path: Path, live: Mapping[str, Stanza], way: list[str], followed: Collection[str]) -> InputError:
    def step(child: str, parent: str) -> Edge:
        return next(edge for edge in live[child].parents if edge.parent == parent and edge.column in followed)

    steps = [step(child, parent) for child, parent in zip(way[:-1], way[1:], strict=True)]
    path_round = " ".join([way[0], *(f"{edge.relation} {edge.parent}" for edge in steps)])
    other = "use go-basic.obo, or take regulates out of inputs.relations"
    return InputError(
        f"a cycle: {path_round}",
        path=path,
        line=steps[0].line,
        help=other if any(edge.column == "regulates" for edge in steps) else INTACT,
    )


def _check_roots(path: Path, live: Mapping[str, Stanza], relations: Collection[str]) -> None:
    joining = [relation for relation in TRUE_PATH if relation in relations]
    roots: dict[str, Stanza] = {}
    for stanza in live.values():
        edges = [edge for edge in stanza.parents if edge.column in joining]
        if not any(live[edge.parent].namespace == stanza.namespace for edge in edges):
            first = roots.setdefault(stanza.namespace, stanza)
            if first is not stanza:
                whole = "a term below the root needs a parent in its own aspect"
                raise InputError(
                    f"{stanza.namespace} has two roots, {first.go_id} (line {first.line}) and {stanza.go_id}",
                    path=path,
                    line=stanza.line,
                    help=whole if "is_a" in joining else f"{whole}: inputs.relations should hold is_a",
                )
