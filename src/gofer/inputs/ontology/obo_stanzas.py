"""The [Term] stanzas of an OBO file, line by line, with what gofer uses of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gofer import names
from gofer.inputs.ontology.go_graph import COLUMN_OF
from gofer.inputs.text_files import Limits, decoded, read_lines, refuse_other_formats

ASPECTS = {namespace: aspect for aspect, namespace in names.ASPECTS.items()}
ONLY_IN, NEVER_IN = "only_in_taxon", "never_in_taxon"
TAXON_RULES = {
    "only_in_taxon": ONLY_IN, "in_taxon": ONLY_IN, "RO:0002160": ONLY_IN, "RO:0002162": ONLY_IN,
    "never_in_taxon": NEVER_IN, "RO:0002161": NEVER_IN,
}  # fmt: skip
_UNION = re.compile(r"NCBITaxon(?:_Union:|:Union_|_Union_)(\d+)")
_SYNONYM = re.compile(r'"\S.*\S" [A-Z]+ .*\[.*\]')  # what goatools takes
_MODIFIERS = re.compile(r'\s*\{\s*[\w:.-]+\s*=\s*"[^{}]*"\s*\}$')  # {source="PMID:1", comment="seen"} behind a value
_DEFINITION = re.compile(r'"(.*)"\s*\[.*\]')
_OUTER_BLANKS = re.compile(r'^"\s+|\s+"(?= [A-Z]+ )')  # 130 synonyms of the release of 2014 end in one


class Edge(NamedTuple):
    """A parent as a stanza names it.

    Attributes:
        relation: As in the file, one of `COLUMN_OF`.
        parent: Its id.
        line: Its line.
    """

    relation: str
    parent: str
    line: int

    @property
    def column(self) -> str:
        """The column of the ontology table that holds it."""
        return COLUMN_OF[self.relation]


class TaxonConstraint(NamedTuple):
    """Where a term can be true, as a stanza says it.

    Attributes:
        rule: `ONLY_IN` or `NEVER_IN`.
        taxon: NCBITaxon:<number>, or NCBITaxon_Union:<number>.
        name: What the file calls the taxon, or "".
    """

    rule: str
    taxon: str
    name: str


@dataclass
class Stanza:
    """One [Term] as written in the file.

    Attributes:
        line: Line of its id (of `[Term]` until the id is read).
        go_id: Its id.
        tags: Lines passed on to goatools, without its id, alternative ids and parents.
        open_quote: Line of a definition that does not end in a quote and a list of sources; 0 where all is right.
        parents: Its parents over the relations of `COLUMN_OF`.
        others: Relations that gofer does not use, one entry per line.
        alt_ids: Its alternative ids.
        namespace: As in the file.
        name: As in the file.
        bad_synonyms: How many synonyms are empty, a single character or not in OBO form.
        obsolete: Whether it has `is_obsolete: true`.
        replaced_by: Terms to use instead.
        consider: Terms that may be used instead.
        taxa: Its taxon constraints.
        union_of: Of a union of taxa, the taxa.
    """

    line: int
    go_id: str = ""
    tags: list[str] = field(default_factory=list)
    open_quote: int = 0
    parents: list[Edge] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    alt_ids: list[str] = field(default_factory=list)
    namespace: str = ""
    name: str = ""
    bad_synonyms: int = 0
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)
    taxa: list[TaxonConstraint] = field(default_factory=list)
    union_of: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The stanza as text that goatools reads without errors."""
        ids = [f"id: {self.go_id}", *(f"alt_id: {alt}" for alt in self.alt_ids)]
        edges = [
            f"is_a: {edge.parent}" if edge.relation == "is_a" else f"relationship: {edge.relation} {edge.parent}"
            for edge in self.parents
        ]
        return "\n".join(["[Term]", *ids, *self.tags, *edges, ""])


def read_stanzas(path: Path | str, header: dict[str, str], limits: Limits) -> Iterator[Stanza]:
    """Yield every [Term] of an OBO file, plain, gzip or bzip2, and fill `header` on the way.

    Raises:
        InputError: The file is no text, or of another format.
    """
    stanza, in_header, begun = None, True, False
    for number, line in _whole_lines(path, limits):
        if line and not begun:
            begun = True
            refuse_other_formats(path, number, line.encode(), wanted="OBO")
        if line.startswith("["):
            if stanza:
                yield stanza
            in_header = False
            stanza = Stanza(number) if _plain(line).lower() == "[term]" else None
        elif stanza and line:
            _add_tag(stanza, number, line)
        elif in_header and ":" in line:
            tag, value = line.split(":", 1)
            header.setdefault(tag.strip(), _plain(value))
    if stanza:
        yield stanza


def _whole_lines(path: Path | str, limits: Limits) -> Iterator[tuple[int, str]]:
    # Without blanks around them. A backslash at the end of a line, not itself escaped, joins the next one to it.
    begun, first = "", 0
    for number, raw in read_lines(path, limits):
        text = decoded(path, number, raw)
        line, first = begun + (text.lstrip() if begun else text), first or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            begun = line[:-1]
            continue
        yield first, line.strip()
        begun, first = "", 0
    if begun:
        yield first, begun.strip()


def _add_tag(stanza: Stanza, number: int, line: str) -> None:
    tag, _, value = line.partition(": ")
    value = value.strip()
    match tag:
        case "synonym":
            _add_synonym(stanza, value)
        case "id":
            stanza.go_id, stanza.line = _plain_taxon(_bare(value)), number
        case "name":
            stanza.name = _plain(value)
            stanza.tags.append(f"name: {stanza.name}")
        case "namespace":
            stanza.namespace = _plain(value)
            stanza.tags.append(f"namespace: {stanza.namespace}")
        case "def":
            _add_definition(stanza, number, value)
        case "alt_id":
            stanza.alt_ids.append(_bare(value))
        case "is_a":
            stanza.parents.append(Edge("is_a", _bare(value).split(" ")[0], number))
        case "relationship":
            _add_relationship(stanza, number, _bare(value).split())
            _add_constraint(stanza, value)
        case "property_value":
            _add_constraint(stanza, value)
        case "union_of":
            stanza.union_of.append(_plain_taxon(_bare(value)))
        case "is_obsolete":
            stanza.obsolete = _bare(value).lower() == "true"
        case "replaced_by":
            stanza.replaced_by.append(_bare(value))
        case "consider":
            stanza.consider.append(_bare(value))


def _add_definition(stanza: Stanza, number: int, value: str) -> None:
    # A quote inside is escaped for goatools, which would end the text there.
    found = _DEFINITION.match(value)
    if found:
        text = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', found.group(1))
        stanza.tags.append(f'def: "{text}"{value[found.end(1) + 1 :]}')
    else:
        stanza.open_quote = stanza.open_quote or (number if value.startswith('"') else 0)
        stanza.tags.append(f"def: {value}")


def _add_synonym(stanza: Stanza, value: str) -> None:
    if not _SYNONYM.match(value):
        value = _OUTER_BLANKS.sub('"', value)
    if _SYNONYM.match(value):
        stanza.tags.append(f"synonym: {value}")
    else:
        stanza.bad_synonyms += 1


def _add_relationship(stanza: Stanza, number: int, words: list[str]) -> None:
    relation, parent = (*words, "", "")[:2]
    if relation in COLUMN_OF:
        stanza.parents.append(Edge(relation, parent, number))
    elif relation not in TAXON_RULES:
        stanza.others.append(relation)


def _add_constraint(stanza: Stanza, value: str) -> None:
    words = _bare(value).split()
    if len(words) > 1 and words[0] in TAXON_RULES:
        _, _, name = value.partition(" ! ")
        stanza.taxa.append(TaxonConstraint(TAXON_RULES[words[0]], _plain_taxon(words[1]), name.strip()))


def _plain_taxon(name: str) -> str:
    # A union is written in three ways.
    found = _UNION.fullmatch(name)
    return f"NCBITaxon_Union:{found.group(1)}" if found else name


def _bare(value: str) -> str:
    # Without the name behind " ! " and the qualifiers in braces.
    return value.split(" ! ")[0].split(" {")[0].strip()


def _plain(value: str) -> str:
    # A name or a header's value, without a comment and modifiers behind it. Braces in a name are no modifiers.
    return _MODIFIERS.sub("", value.split(" ! ")[0].strip()).strip()
