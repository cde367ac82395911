"""The text of a GO term, which grows from phase A to D. Only the ontology speaks in it, never an annotation.

| phase | name, definition | synonyms, kinds (is_a) | wholes (part_of), path up | aspect |
|-------|------------------|------------------------|---------------------------|--------|
| A     | x                |                        |                           |        |
| B     | x                | x                      |                           |        |
| C     | x                | x                      | x                         |        |
| D     | x                | x                      | x                         | x      |

Phase D is used for inference: the same sections, with the aspect in words behind the definition.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import ArtefactError

INFERENCE = "D"
# The encoder reads about 128 tokens: more would push out what stands behind.
MOST_SYNONYMS = 6
MOST_PATH = 6
ASPECTS = {"MFO": "molecular function", "BPO": "biological process", "CCO": "cellular component"}
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


def template_hash() -> str:
    """Digest of everything that shapes a text: sections, words and limits."""
    parts = [SECTIONS, WORDS, ASPECTS, MOST_SYNONYMS, MOST_PATH]
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


def seen_in_training(terms: pd.DataFrame) -> NDArray[np.bool_]:
    """Which terms of a terms table training knows: with a training protein, and not a root."""
    return ((terms["training_count"] > 0) & (terms["depth"] > 0)).to_numpy(bool)


def term_texts(terms: pd.DataFrame, phase: str, go_ids: Sequence[str] | None = None) -> list[str]:
    """Texts of one phase.

    Args:
        terms: Columns go_id, name, definition, synonyms, aspect, is_a, part_of; every parent is a row too.
        phase: A to D.
        go_ids: Terms to write for, in this order; all rows by default.

    Raises:
        ArtefactError: A parent, or a term asked for, is not in the table.
    """
    ontology = _Ontology.of_terms(terms)
    wanted = terms["go_id"].tolist() if go_ids is None else list(go_ids)
    return [ontology.text(go_id, SECTIONS[phase]) for go_id in wanted]


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
        return cls({term.go_id: term for term in terms})

    def __getitem__(self, go_id: str) -> _Term:
        try:
            return self.terms[go_id]
        except KeyError:
            raise ArtefactError(
                f"{go_id} is not in the terms table", help="delete inputs/terms.parquet and run snakemake again"
            ) from None

    def text(self, go_id: str, sections: Iterable[str]) -> str:
        """The term's sections in order, those without content left out."""
        term = self[go_id]
        content: dict[str, Callable[[], str]] = {
            "name": lambda: term.name,
            "definition": lambda: _sentence(term.definition),
            "aspect": lambda: ASPECTS[term.aspect],
            "synonyms": lambda: "; ".join(_distinct(term.synonyms, but=term.name)[:MOST_SYNONYMS]),
            "is_a": lambda: self._names(term.is_a),
            "part_of": lambda: self._names(term.part_of),
            "path": lambda: self._names(self.path_up(term)[:MOST_PATH]),
        }
        written = [(section, content[section]()) for section in sections]
        return " ".join(WORDS[section].format(words) for section, words in written if words)

    def path_up(self, term: _Term) -> list[str]:
        """Ancestors above the parents, nearest first, by id within one distance; roots, which say nothing, left out."""
        known = {term.go_id, *term.parents}
        level, path = sorted(term.parents), []
        while level:
            level = sorted({parent for go_id in level for parent in self[go_id].parents} - known)
            known.update(level)
            path += [go_id for go_id in level if self[go_id].parents]
        return path

    def _names(self, go_ids: Sequence[str]) -> str:
        return "; ".join(self[go_id].name for go_id in go_ids)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _distinct(names: Iterable[str], *, but: str) -> list[str]:
    """`names` without repeats and without `but`, whatever their case."""
    kept = {but.lower(): but}
    for name in names:
        kept.setdefault(name.lower(), name)
    return list(kept.values())[1:]
