"""An OBO file, checked line by line before goatools reads it.

goatools stops at a missing parent with a KeyError, at a cycle with a RecursionError and at an odd synonym with an
AttributeError, all without a line. So one pass looks for these first and passes on only what gofer uses: terms with
their names, definitions, synonyms, is_a and part_of.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gofer.errors import InputError, Problems, collected_problems
from gofer.inputs.compressed import DEFAULT_LIMITS, Limits, decoded, read_lines, refuse_other_formats

ASPECTS = {"molecular_function": "MFO", "biological_process": "BPO", "cellular_component": "CCO"}
RELATIONS = ("is_a", "part_of")
GO_ID = re.compile(r"GO:\d{7}")
_KEPT_TAGS = {"id", "name", "namespace", "def", "synonym", "alt_id"}
_SYNONYM = re.compile(r'"\S.*\S" [A-Z]+ .*\[.*\]')  # what goatools takes


@dataclass
class Stanza:
    """One [Term] as it stands in the file.

    Attributes:
        line: Line of its id (of `[Term]` until the id is read).
        go_id: Its id.
        tags: Lines passed on to goatools.
        parents: (relation, parent, line) of each is_a and part_of.
        namespace: As in the file.
        name: As in the file.
        obsolete: Whether `is_obsolete: true` is said.
        replaced_by: Terms to use instead.
        consider: Terms that may be used instead.
    """

    line: int
    go_id: str = ""
    tags: list[str] = field(default_factory=list)
    parents: list[tuple[str, str, int]] = field(default_factory=list)
    namespace: str = ""
    name: str = ""
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OboFile:
    """The checked content of an OBO file.

    Attributes:
        path: The file.
        data_version: Its data-version, empty where it has none.
        live: Live terms by id.
        obsolete: Obsolete terms by id.
    """

    path: Path
    data_version: str
    live: Mapping[str, Stanza]
    obsolete: Mapping[str, Stanza]

    def text(self) -> str:
        """The live terms as OBO text that goatools reads without a stumble."""
        parts = ["format-version: 1.2\n"]
        for stanza in self.live.values():
            edges = [f"is_a: {p}" if r == "is_a" else f"relationship: {r} {p}" for r, p, _ in stanza.parents]
            parts.append("\n".join(["\n[Term]", *stanza.tags, *edges, ""]))
        return "".join(parts)


def read_obo(path: Path | str, *, limits: Limits = DEFAULT_LIMITS) -> OboFile:
    """Read and check an OBO file, plain, gzip or bzip2.

    Raises:
        InputError: No OBO, no term, no name or namespace, an id twice, a parent that is missing, a cycle, or two roots.
        ProblemsError: Several of these.
    """
    path = Path(path)
    header: dict[str, str] = {}
    live: dict[str, Stanza] = {}
    obsolete: dict[str, Stanza] = {}
    with collected_problems() as problems:
        for stanza in _stanzas(path, header, limits):
            stanza.namespace = stanza.namespace or header.get("default-namespace", "")
            if _checked(stanza, path, live, obsolete, problems):
                (obsolete if stanza.obsolete else live)[stanza.go_id] = stanza
        if not live:
            problems.add(InputError("no live GO term in this file", path=path, help="give a go.obo or go-basic.obo"))
        _check_parents(path, live, obsolete, problems)
    _check_cycles(path, live)
    _check_roots(path, live)
    return OboFile(path, header.get("data-version", ""), live, obsolete)


def _stanzas(path: Path, header: dict[str, str], limits: Limits) -> Iterator[Stanza]:
    stanza, in_header, begun = None, True, False
    for number, raw in read_lines(path, limits):
        line = decoded(path, number, raw).strip()
        if line and not begun:
            begun = True
            refuse_other_formats(path, number, raw, wanted="OBO")
        if line.startswith("["):
            if stanza:
                yield stanza
            in_header = False
            stanza = Stanza(number) if line.lower() == "[term]" else None
        elif stanza and line:
            _add_tag(stanza, number, line)
        elif in_header and ":" in line:
            tag, value = line.split(":", 1)
            header.setdefault(tag.strip(), value.strip())
    if stanza:
        yield stanza


def _add_tag(stanza: Stanza, number: int, line: str) -> None:
    tag, _, value = line.partition(": ")
    value = value.strip()
    bare = value.split(" ! ")[0].split(" {")[0].strip()
    match tag:
        case "id":
            stanza.go_id, stanza.line = bare, number
            line = f"id: {bare}"
        case "name":
            stanza.name = value
        case "namespace":
            stanza.namespace = value
        case "alt_id":
            line = f"alt_id: {bare}"
        case "is_a":
            stanza.parents.append(("is_a", bare.split()[0] if bare else "", number))
        case "relationship" if bare.split()[:1] == ["part_of"]:
            stanza.parents.append(("part_of", bare.split()[-1], number))
        case "is_obsolete":
            stanza.obsolete = bare.lower() == "true"
        case "replaced_by":
            stanza.replaced_by.append(bare)
        case "consider":
            stanza.consider.append(bare)
    if tag in _KEPT_TAGS and (tag != "synonym" or _SYNONYM.match(value)):
        stanza.tags.append(line)


def _checked(
    stanza: Stanza, path: Path, live: Mapping[str, Stanza], obsolete: Mapping[str, Stanza], problems: Problems
) -> bool:
    def fault(what: str, help: str) -> bool:
        problems.add(InputError(what, path=path, line=stanza.line, help=help))
        return False

    intact = "use an intact release of the ontology"
    if not GO_ID.fullmatch(stanza.go_id):
        return fault(f"{stanza.go_id or 'a term without id'} is not a GO id (GO:0000000)", intact)
    if earlier := live.get(stanza.go_id) or obsolete.get(stanza.go_id):
        return fault(f"term {stanza.go_id} stands already in line {earlier.line}", intact)
    if stanza.obsolete:
        return True
    if not stanza.name:
        return fault(f"term {stanza.go_id} has no name", intact)
    for tag in ("name", "def", "namespace"):
        if sum(line.startswith(f"{tag}: ") for line in stanza.tags) > 1:
            return fault(f"term {stanza.go_id} has more than one {tag}", intact)
    if stanza.namespace not in ASPECTS:
        return fault(
            f"term {stanza.go_id} has namespace {stanza.namespace or 'none'!r}, not one of {', '.join(ASPECTS)}",
            "use the Gene Ontology, without imported terms (go.obo or go-basic.obo)",
        )
    return True


def _check_parents(path: Path, live: Mapping[str, Stanza], obsolete: Mapping[str, Stanza], problems: Problems) -> None:
    for stanza in live.values():
        for relation, parent, line in stanza.parents:
            if parent not in live:
                state = "is obsolete" if parent in obsolete else "is not in this file"
                problems.add(
                    InputError(
                        f"{parent or 'nothing'}, {relation} parent of {stanza.go_id}, {state}",
                        path=path,
                        line=line,
                        help="use a whole release of the ontology, not a part of one",
                    )
                )


def _check_cycles(path: Path, live: Mapping[str, Stanza]) -> None:
    # Kahn: take off terms whose parents are all gone; what stays is on a cycle or below one.
    parents = {go_id: {parent for _, parent, _ in stanza.parents} for go_id, stanza in live.items()}
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
        cycle = [*way[way.index(here) :], here]
        line = next(line for _, parent, line in live[cycle[0]].parents if parent == cycle[1])
        raise InputError(
            f"a cycle of is_a and part_of: {' -> '.join(cycle)}",
            path=path,
            line=line,
            help="use an intact release of the ontology",
        )


def _check_roots(path: Path, live: Mapping[str, Stanza]) -> None:
    roots: dict[str, Stanza] = {}
    for stanza in live.values():
        if not any(live[parent].namespace == stanza.namespace for _, parent, _ in stanza.parents):
            first = roots.setdefault(stanza.namespace, stanza)
            if first is not stanza:
                raise InputError(
                    f"{stanza.namespace} has two roots, {first.go_id} (line {first.line}) and {stanza.go_id}",
                    path=path,
                    line=stanza.line,
                    help="a term below the root needs a parent in its own aspect",
                )
