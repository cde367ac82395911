"""Rows of predictions.tsv: which terms are kept of a protein, in which order, and which of them follow from others.

First come the most specific terms above the cutoff, then what they imply, then the rest; each group best first. The
columns:

- score: how often such a prediction is right, in (0, 1], never below that of a more specific term;
- information_accretion: bits that the term adds to its parents; the more, the more specific;
- term_set: common or few (training proteins), or zero (none);
- recommended: `best` for the most specific terms above the model's cutoff, `implied` for what follows from them, `no`;
- follows_from: the most specific term that this one follows from, empty if it follows from none;
- nearest_protein: the nearest known protein that has the term, by alignment before the learned space;
- nearest_by: `aligned`, or `near` only in the learned space; only aligned ones have the next two;
- nearest_identity: share of the alignment's columns with the same residue;
- nearest_coverage: share of this protein that is aligned;
- evidence: residues without which the score would drop most; evidence_note: why there are none, or all; before that
  which annotations of the protein state the term, where some are given;
- model: the model's name.

Shapes: T terms, K terms kept of a protein, E edges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.tables import PREDICTIONS

BEST, IMPLIED, NOT = "best", "implied", "no"
NEVER = np.inf  # the cutoff of an aspect in which no score was right so often


@dataclass(frozen=True)
class Cutoffs:
    """The score from which a term is recommended, by aspect; an aspect that is not named recommends none."""

    by_aspect: Mapping[str, float]

    @classmethod
    def of_percent(cls, cutoffs: Mapping[str, Mapping[str, float | None]], percent: int) -> "Cutoffs":
        """Those at which so many percent of validation predictions were right."""
        found = {aspect: by_percent.get(str(percent)) for aspect, by_percent in cutoffs.items()}
        return cls({aspect: score for aspect, score in found.items() if score is not None})


@dataclass(frozen=True, eq=False)
class TermFacts:
    """Facts about each term.

    Attributes:
        terms: Columns go_id, name, aspect, information_accretion, term_set.
        cutoff_T: The score from which each is recommended.
        child_E: Row of the child of each edge, in the order of the parents' heights: lower ones first.
        parent_E: Row of its parent.
        model: Name of the model.
    """

    terms: pd.DataFrame
    cutoff_T: NDArray[np.float64]
    child_E: NDArray[np.int64]
    parent_E: NDArray[np.int64]
    model: str

    @classmethod
    def of_terms(cls, terms: pd.DataFrame, graph: GoGraph, cutoffs: Cutoffs, model: str) -> "TermFacts":
        """Of a terms table and its graph."""
        order_E = np.argsort(graph.height_T[graph.parent_E], kind="stable")
        cutoff_T = terms["aspect"].map(cutoffs.by_aspect).fillna(NEVER).to_numpy(float)
        columns = terms[["go_id", "name", "aspect", "information_accretion", "term_set"]].reset_index(drop=True)
        return cls(columns, cutoff_T, graph.child_E[order_E], graph.parent_E[order_E], model)

    def joined(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The tables of several proteins as one, columns `PREDICTIONS`."""
        table = pd.concat(tables, ignore_index=True).assign(model=self.model)
        return table[PREDICTIONS]

    def why_none(self, table: pd.DataFrame, min_score: float) -> str:
        """Why a protein has no recommended term; "" where it has one."""
        if not len(table):
            return f"no term reaches the score {min_score:g}"
        if table["recommended"].iloc[0] != NOT:
            return ""
        best = table.iloc[0]
        return (
            f"no term reaches the model's cutoff; the best is {best['go_id']} ({best['name']}) with {best['score']:.2f}"
        )


def with_term_sets(terms: pd.DataFrame, term_sets: pd.DataFrame) -> pd.DataFrame:
    """A terms table with the column term_set; a term that no set names, of a newer release, is "zero"."""
    set_of = term_sets.set_index("go_id")["term_set"]
    return terms.assign(term_set=terms["go_id"].map(set_of).fillna("zero"))


def kept_rows(
    facts: TermFacts, protein_id: str, scores_T: NDArray[np.float32], keep_T: NDArray[np.bool_]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The rows of one protein, and the column of each row's term.

    Args:
        facts: Of the terms.
        protein_id: Of the protein.
        scores_T: Its scores.
        keep_T: Which of them are kept.
    """
    recommended_T = keep_T & (scores_T >= facts.cutoff_T)
    source_T = _sources(facts, scores_T, keep_T, recommended_T)
    rows = np.flatnonzero(keep_T)
    group = np.where(recommended_T[rows], np.where(source_T[rows] < 0, 0, 1), 2)
    order = np.lexsort((rows, -scores_T[rows], group))
    rows, group = rows[order], group[order]
    table = facts.terms.iloc[rows].reset_index(drop=True)
    go_ids = facts.terms["go_id"].to_numpy(object)
    follows = [go_ids[source] if source >= 0 else "" for source in source_T[rows].tolist()]
    marks = np.array([BEST, IMPLIED, NOT], object)[group]
    table.insert(0, "protein_id", protein_id)
    return table.assign(score=scores_T[rows], recommended=marks, follows_from=follows), rows


def _sources(
    facts: TermFacts, scores_T: NDArray[np.float32], keep_T: NDArray[np.bool_], recommended_T: NDArray[np.bool_]
) -> NDArray[np.int64]:
    # A term follows from a child that is recommended, or that has the same score; it has the source of its best child.
    child_E, parent_E = facts.child_E, facts.parent_E
    kept_E = keep_T[child_E] & keep_T[parent_E]
    child_E, parent_E = child_E[kept_E], parent_E[kept_E]
    follows_E = recommended_T[child_E] | (scores_T[child_E] >= scores_T[parent_E])
    source_T, best_T = np.full(len(scores_T), -1), np.full(len(scores_T), -1.0)
    for child, parent in zip(child_E[follows_E].tolist(), parent_E[follows_E].tolist(), strict=True):
        if scores_T[child] > best_T[parent]:
            best_T[parent] = scores_T[child]
            source_T[parent] = child if source_T[child] < 0 else source_T[child]
    return source_T
