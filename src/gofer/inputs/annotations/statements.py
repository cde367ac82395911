"""Stated and denied annotations, each pair of protein and term once, over all lines and files.

Memory grows with the pairs, not with the lines: a line takes 12 bytes, and every `LINES_AT_ONCE` lines those of one
pair are joined. Shapes: S stated pairs, L lines.
"""

from array import array
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph

Pair = tuple[str, str]
Said = tuple[str, str | None, str]  # evidence codes joined by |, the earliest date, who assigned it joined by |
LINES_AT_ONCE = 4_000_000
TERM_BITS = 32


@dataclass
class Statements:
    """Pairs of protein and term, kept as numbers: of each text the place where it was first met.

    Attributes:
        denied: Pairs that a NOT annotation names.
    """

    denied: set[Pair] = field(default_factory=set)
    _proteins: dict[str, int] = field(default_factory=dict)
    _terms: dict[str, int] = field(default_factory=dict)
    _said: dict[Said, int] = field(default_factory=dict)
    _pair_L: array = field(default_factory=lambda: array("q"))
    _said_L: array = field(default_factory=lambda: array("i"))
    _pair_S: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _said_S: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    _lines_S: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def state(self, pair: Pair, evidence: str, date: str | None, source: str) -> None:
        """One more line states the pair."""
        protein = self._proteins.setdefault(pair[0], len(self._proteins))
        term = self._terms.setdefault(pair[1], len(self._terms))
        self._pair_L.append(protein << TERM_BITS | term)
        said = joined("", evidence), date, joined("", source)
        self._said_L.append(self._said.setdefault(said, len(self._said)))
        if len(self._pair_L) >= LINES_AT_ONCE:
            self._join()

    def __len__(self) -> int:
        """How many pairs are stated."""
        self._join()
        return len(self._pair_S)

    def lines(self) -> int:
        """How many lines state a pair."""
        self._join()
        return int(self._lines_S.sum())

    def without_denied(self, terms: pd.DataFrame, relations: tuple[str, ...]) -> "Statements":
        """The statements that no NOT annotation of the same protein denies; a NOT denies all terms below it too.

        Args:
            terms: The ontology table.
            relations: Relations along which an annotation holds, and a NOT annotation downwards.
        """
        self._join()
        denying = [self._proteins[protein] for protein in {pair[0] for pair in self.denied} & self._proteins.keys()]
        at_risk = np.flatnonzero(np.isin(self._pair_S >> TERM_BITS, denying))
        proteins, go_ids = list(self._proteins), list(self._terms)
        graph = GoGraph.of_terms(terms, relations)
        above: dict[str, dict[str, int]] = {}
        kept_S = np.ones(len(self._pair_S), dtype=bool)
        for row in at_risk.tolist():
            protein, term = divmod(int(self._pair_S[row]), 1 << TERM_BITS)
            go_id = go_ids[term]
            above[go_id] = above.get(go_id) or graph.ancestors([go_id])
            kept_S[row] = not any((proteins[protein], ancestor) in self.denied for ancestor in above[go_id])
        texts = self._proteins, self._terms, self._said
        rows = self._pair_S[kept_S], self._said_S[kept_S], self._lines_S[kept_S]
        return Statements(self.denied, *texts, array("q"), array("i"), *rows)

    def table(self) -> pd.DataFrame:
        """Columns protein_id, go_id, evidence, date, source, sorted by protein and term; missing where not given."""
        self._join()
        protein_S, term_S = np.divmod(self._pair_S, 1 << TERM_BITS)
        order = np.lexsort((_ranks(self._terms)[term_S], _ranks(self._proteins)[protein_S]))
        said = list(zip(*self._said, strict=True)) or [(), (), ()]
        columns = {
            "protein_id": _texts(protein_S[order], list(self._proteins)),
            "go_id": _texts(term_S[order], list(self._terms)),
            "evidence": _texts(self._said_S[order], [text or None for text in said[0]]),
            "date": _texts(self._said_S[order], list(said[1])),
            "source": _texts(self._said_S[order], [text or None for text in said[2]]),
        }
        return pa.table(columns).to_pandas()

    def _join(self) -> None:
        # Lines of one pair become one, those that were joined before among them.
        if not self._pair_L:
            return
        pair_L = np.concatenate([self._pair_S, np.frombuffer(self._pair_L, np.int64)])
        said_L = np.concatenate([self._said_S, np.frombuffer(self._said_L, np.int32)])
        lines_L = np.concatenate([self._lines_S, np.ones(len(self._pair_L), np.int64)])
        self._pair_L, self._said_L = array("q"), array("i")
        order = np.argsort(pair_L, kind="stable")
        pair_L, said_L = pair_L[order], said_L[order]
        starts = np.flatnonzero(np.diff(pair_L, prepend=-1))
        ends = np.append(starts[1:], len(pair_L))
        said_S = said_L[starts]
        differ_S = (np.minimum.reduceat(said_L, starts) != said_S) | (np.maximum.reduceat(said_L, starts) != said_S)
        statements = list(self._said)
        for row in np.flatnonzero(differ_S).tolist():
            differing = [statements[code] for code in sorted(set(said_L[starts[row] : ends[row]].tolist()))]
            one = _joined_all(tuple(differing))
            said_S[row] = self._said.setdefault(one, len(self._said))
        self._pair_S, self._said_S = pair_L[starts], said_S
        self._lines_S = np.add.reduceat(lines_L[order], starts)


@lru_cache(1 << 14)
def _joined_all(said: tuple[Said, ...]) -> Said:
    evidence = source = ""
    for one in said:
        evidence, source = joined(evidence, one[0]), joined(source, one[2])
    return evidence, min((date for _, date, _ in said if date is not None), default=None), source


def _ranks(texts: dict[str, int]) -> NDArray[np.int64]:
    # Place of each text in the order of the alphabet.
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[np.argsort(np.array(list(texts), dtype=object))] = np.arange(len(texts))
    return ranks


def _texts(codes: NDArray, texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes))


@lru_cache(1 << 14)
def joined(texts: str, more: str) -> str:
    """Texts with | between them, with more of them, sorted and each once."""
    return "|".join(sorted({text for text in (*texts.split("|"), *more.split("|")) if text}))
