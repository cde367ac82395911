"""Small ontologies drawn at random, and OBO text of them."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import strategies as st

from gofer.inputs.ontology.go_graph import COLUMN_OF
from gofer.inputs.ontology.term_table import Ontology, read_ontology

NAMESPACES = ["molecular_function", "biological_process", "cellular_component"]
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)


@dataclass(frozen=True)
class Drawn:
    """A term to write; parents are (relation of the file, id)."""

    go_id: str
    name: str
    namespace: str
    definition: str = ""
    parents: tuple[tuple[str, str], ...] = ()
    alt_ids: tuple[str, ...] = ()
    more: tuple[str, ...] = field(default=())

    def text(self) -> str:
        """Its stanza."""
        lines = ["[Term]", f"id: {self.go_id}", f"name: {self.name}", f"namespace: {self.namespace}"]
        lines += [f"alt_id: {alt}" for alt in self.alt_ids]
        lines += [f'def: "{self.definition}" [GOC:x]'] if self.definition else []
        for relation, parent in self.parents:
            lines.append(f"is_a: {parent} ! x" if relation == "is_a" else f"relationship: {relation} {parent} ! x")
        return "\n".join([*lines, *self.more, ""])


def go_id(number: int) -> str:
    """`GO:0000012`."""
    return f"GO:{number:07d}"


def obo(terms: Sequence[Drawn], *, version: str = "releases/2030-01-02") -> str:
    """A whole file."""
    return "\n".join([f"format-version: 1.2\ndata-version: {version}\n", *(term.text() for term in terms)])


def read_text(text: str, *arguments, **options) -> Ontology:
    """What `read_ontology` makes of a text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "go.obo"
        path.write_text(text, encoding="utf-8")
        return read_ontology(path, *arguments, **options)


@st.composite
def ontologies(draw, most_terms: int = 9, acyclic: tuple[str, ...] = tuple(COLUMN_OF)) -> list[Drawn]:
    """Terms of three aspects; every parent comes before its child, and all but the roots have one over is_a."""
    drawn = [Drawn(go_id(i), f"root {i}", namespace) for i, namespace in enumerate(NAMESPACES)]
    for number in range(draw(st.integers(0, most_terms))):
        namespace = draw(st.sampled_from(NAMESPACES))
        same_aspect = [term.go_id for term in drawn if term.namespace == namespace]
        above = st.tuples(st.sampled_from(acyclic), st.sampled_from([term.go_id for term in drawn]))
        parents = {("is_a", draw(st.sampled_from(same_aspect))), *draw(st.sets(above, max_size=4))}
        name, definition = draw(WORDS), draw(WORDS | st.just(""))
        drawn.append(Drawn(go_id(10 + number), name, namespace, definition, tuple(sorted(parents))))
    return drawn


@st.composite
def later_releases(draw, terms: list[Drawn]) -> list[Drawn]:
    """Some terms without children left out, others renamed or redefined, and some added."""
    parents = {parent for term in terms for _, parent in term.parents}
    kept = [
        replace(term, name=draw(st.just(term.name) | WORDS), definition=draw(st.just(term.definition) | WORDS))
        for term in terms
        if term.go_id in parents or not term.parents or draw(st.booleans())
    ]
    for number in range(draw(st.integers(0, 3))):
        above = draw(st.sampled_from(kept))
        kept.append(Drawn(go_id(50 + number), draw(WORDS), above.namespace, parents=(("is_a", above.go_id),)))
    return kept
