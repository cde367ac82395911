"""The text of a GO term, which grows from phase A to D. It comes from the ontology only, never from annotations.

| phase | name, definition | synonyms, kinds (is_a) | wholes (part_of), path up | aspect |
|-------|------------------|------------------------|---------------------------|--------|
| A     | x                |                        |                           |        |
| B     | x                | x                      |                           |        |
| C     | x                | x                      | x                         |        |
| D     | x                | x                      | x                         | x      |

Phase D is used for inference: the same sections, with the aspect in words after the definition.
Where an encoder does not take a whole text, `text_budget` leaves pieces of it out, the last ones of `KEPT` first.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer import names
from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.names import in_words

INFERENCE = "D"
# A few are enough; some terms have a hundred.
MOST_SYNONYMS = 6
MOST_PATH = 6
DIGEST_BYTES = 8
ASPECTS = {aspect: in_words(aspect) for aspect in names.ASPECTS}
WORDS = {
    "name": "{}.",
    "definition": "{}",
    "aspect": "It is a {}.",
    "synonyms": "Other names: {}.",
    "is_a": "A special case of: {}.",
    "part_of": "Belongs to: {}.",
    "path": "Further up: {}.",
}
SECTIONS = {
    "A": ("name", "definition"),
    "B": ("name", "definition", "synonyms", "is_a"),
    "C": ("name", "definition", "synonyms", "is_a", "part_of", "path"),
    "D": ("name", "definition", "aspect", "synonyms", "is_a", "part_of", "path"),
}
# The order in which a text's pieces are kept where not all fit; within a section the first, nearest ones first.
KEPT = ("name", "definition", "aspect", "is_a", "part_of", "path", "synonyms")


@dataclass(frozen=True)
class TermText:
    """The text of a term, in pieces: the name, the definition, the aspect, and each other term or synonym named.

    Attributes:
        sections: Pieces of each section, in the order of the sentences; no section is empty.
    """

    sections: Mapping[str, tuple[str, ...]]

    @property
    def pieces(self) -> int:
        """How many there are."""
        return sum(map(len, self.sections.values()))

    @property
    def head_pieces(self) -> int:
        """How many of them are the name and the definition."""
        return sum(section in self.sections for section in ("name", "definition"))

    def increments(self) -> list[str]:
        """The text that each piece adds, in the order `KEPT`; the first of a section adds the section's words, too."""
        return [
            f"; {piece}" if place else WORDS[section].format(piece)
            for section in KEPT
            for place, piece in enumerate(self.sections.get(section, ()))
        ]

    def with_pieces(self, number: int) -> str:
        """The text with only the first `number` pieces in the order `KEPT`, each at its place."""
        kept: dict[str, tuple[str, ...]] = {}
        for section in KEPT:
            kept[section] = self.sections.get(section, ())[:number]
            number -= len(kept[section])
        return " ".join(WORDS[section].format("; ".join(kept[section])) for section in self.sections if kept[section])

    def __str__(self) -> str:
        return self.with_pieces(self.pieces)


def template_hash() -> str:
    """Digest of everything that shapes a text: sections, words, limits, and what is kept first."""
    parts = [SECTIONS, WORDS, ASPECTS, MOST_SYNONYMS, MOST_PATH, KEPT]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def terms_of_phase(terms: pd.DataFrame, phase: str) -> list[str]:
    """Ids of the terms whose texts a phase needs: of D all, of A to C those that training can see.

    Args:
        terms: Columns go_id, training_count, depth.
        phase: A to D.
    """
    if phase == INFERENCE:
        return terms["go_id"].tolist()
    return terms.loc[seen_in_training(terms), "go_id"].tolist()


def term_texts(terms: pd.DataFrame, phase: str, go_ids: Sequence[str] | None = None) -> list[TermText]:
    """Texts of one phase, whole.

    Args:
        terms: Columns go_id, name, definition, synonyms, aspect, is_a, part_of; every parent is a row too.
        phase: A to D.
        go_ids: Terms to write for, in this order; all rows by default.

    Raises:
        ArtefactError: A parent, or one of the terms, is not in the table.
    """
    ontology = _Ontology.of_terms(terms)
    wanted = terms["go_id"].tolist() if go_ids is None else list(go_ids)
    return [ontology.text(go_id, SECTIONS[phase]) for go_id in wanted]


def text_digests(terms: pd.DataFrame) -> NDArray[np.uint8]:
    """The first `DIGEST_BYTES` of the SHA-256 of each term's text of inference, whole, and of `template_hash`; (T, 8).

    Args:
        terms: As of `term_texts`.
    """
    template = template_hash().encode()
    found = (hashlib.sha256(template + str(text).encode()).digest() for text in term_texts(terms, INFERENCE))
    return np.frombuffer(b"".join(digest[:DIGEST_BYTES] for digest in found), np.uint8).reshape(-1, DIGEST_BYTES)


@dataclass(frozen=True)
class _Term:
    go_id: str
    name: str
    definition: str
    synonyms: tuple[str, ...]
    aspect: str
    is_a: tuple[str, ...]
    part_of: tuple[str, ...]

    @property
    def parents(self) -> tuple[str, ...]:
        return self.is_a + self.part_of


@dataclass(frozen=True)
class _Ontology:
    terms: Mapping[str, _Term]
    graph: GoGraph

    @classmethod
    def of_terms(cls, table: pd.DataFrame) -> "_Ontology":
        columns = ("go_id", "name", "definition", "synonyms", "aspect", "is_a", "part_of")
        rows = zip(*(table[column] for column in columns), strict=True)
        terms = (
            _Term(
                go_id,
                name,
                definition if isinstance(definition, str) else "",
                tuple(synonyms),
                aspect,
                tuple(is_a),
                tuple(part_of),
            )
            for go_id, name, definition, synonyms, aspect, is_a, part_of in rows
        )
        return cls({term.go_id: term for term in terms}, GoGraph.of_terms(table))

    def __getitem__(self, go_id: str) -> _Term:
        try:
            return self.terms[go_id]
        except KeyError:
            raise ArtefactError(
                f"{go_id} is not in the terms table", help="delete inputs/terms.parquet and run snakemake again"
            ) from None

    def text(self, go_id: str, sections: Iterable[str]) -> TermText:
        """The term's sections in order, those without content left out."""
        term = self[go_id]
        content = {
            "name": [term.name],
            "definition": [_sentence(term.definition)],
            "aspect": [ASPECTS[term.aspect]],
            "synonyms": _distinct(term.synonyms, but=term.name)[:MOST_SYNONYMS],
            "is_a": self._names(term.is_a),
            "part_of": self._names(term.part_of),
            "path": self._names(self.path_up(term)[:MOST_PATH]) if "path" in sections else [],
        }
        pieces = {section: tuple(piece for piece in content[section] if piece) for section in sections}
        return TermText({section: found for section, found in pieces.items() if found})

    def path_up(self, term: _Term) -> list[str]:
        """Ancestors above the parents, nearest first, by id within one distance; roots, which say nothing, left out."""
        above = sorted((hops, go_id) for go_id, hops in self.graph.ancestors([term.go_id]).items() if hops > 1)
        return [go_id for _, go_id in above if self[go_id].parents]

    def _names(self, go_ids: Iterable[str]) -> list[str]:
        return [self[go_id].name for go_id in go_ids]


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _distinct(names: Iterable[str], *, but: str) -> list[str]:
    """`names` without repeats and without `but`, ignoring case."""
    kept = {but.lower(): but}
    for name in names:
        kept.setdefault(name.lower(), name)
    return list(kept.values())[1:]
