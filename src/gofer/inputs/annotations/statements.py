"""Stated and denied annotations, each pair of protein and term once, over all lines and files.

Memory grows with the pairs, not with the lines: repeated lines are joined while reading.
"""

import sys
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from gofer.inputs.ontology.go_graph import GoGraph

Pair = tuple[str, str]


@dataclass(slots=True)
class Statement:
    """What the lines state about one pair.

    Attributes:
        lines: How many lines state it.
        evidence: Codes joined by |, sorted, each once; empty where there is none.
        date: The earliest, None where there is none.
        source: Who assigned it, joined likewise.
    """

    lines: int = 0
    evidence: str = ""
    date: str | None = None
    source: str = ""


@dataclass
class Statements:
    """Pairs of protein and term.

    Attributes:
        stated: The statement of each stated pair.
        denied: Pairs that a NOT annotation names.
    """

    stated: dict[Pair, Statement] = field(default_factory=dict)
    denied: set[Pair] = field(default_factory=set)

    def state(self, pair: Pair, evidence: str, date: str | None, source: str) -> None:
        """One more line states the pair."""
        statement = self.stated.get(pair)
        if statement is None:
            protein_id, go_id = pair
            statement = self.stated[protein_id, sys.intern(go_id)] = Statement()
        statement.lines += 1
        statement.evidence = joined(statement.evidence, evidence)
        statement.source = joined(statement.source, source)
        if date is not None and (statement.date is None or date < statement.date):
            statement.date = date

    def lines(self) -> int:
        """How many lines state a pair."""
        return sum(statement.lines for statement in self.stated.values())

    def without_denied(self, terms: pd.DataFrame, relations: tuple[str, ...]) -> "Statements":
        """The statements that no NOT annotation of the same protein denies; a NOT denies all terms below it too.

        Args:
            terms: The ontology table.
            relations: Relations along which an annotation holds, and a NOT annotation downwards.
        """
        if not self.denied:
            return self
        proteins = {protein_id for protein_id, _ in self.denied}
        at_risk = sorted({go_id for protein_id, go_id in self.stated if protein_id in proteins})
        graph = GoGraph.of_terms(terms, relations)
        above = {go_id: graph.ancestors([go_id]) for go_id in at_risk}
        kept = {
            (protein_id, go_id): statement
            for (protein_id, go_id), statement in self.stated.items()
            if protein_id not in proteins or not any((protein_id, ancestor) in self.denied for ancestor in above[go_id])
        }
        return Statements(kept, self.denied)

    def table(self) -> pd.DataFrame:
        """Columns protein_id, go_id, evidence, date, source, sorted by protein and term; None where missing."""
        pairs = sorted(self.stated)
        statements = [self.stated[pair] for pair in pairs]
        columns = {
            "protein_id": [protein_id for protein_id, _ in pairs],
            "go_id": [go_id for _, go_id in pairs],
            "evidence": [statement.evidence or None for statement in statements],
            "date": [statement.date for statement in statements],
            "source": [statement.source or None for statement in statements],
        }
        return pd.DataFrame(columns)


@lru_cache(1 << 14)
def joined(texts: str, more: str) -> str:
    """Texts with | between them, with more of them, sorted and each once."""
    return "|".join(sorted({text for text in (*texts.split("|"), *more.split("|")) if text}))
