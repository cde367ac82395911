"""How well proteins and terms find each other among terms that training has not seen; used by go_update.py.

A tie counts as all its orders on average, so that equal scores of all terms are chance. Intervals are of proteins drawn
with replacement, the same draws for every ranking, so that differences are paired.
Shapes: B proteins, T terms of a release, U of these that are ranked, N resamples.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.inputs.ontology.propagation import propagate
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import by_term, means_of_terms

PLACES, FEWEST = 10, 5
# The younger terms of a release, those with higher ids (from about 2008), that so many proteins have.
YOUNG, YOUNG_PROTEINS = "GO:0070000", (3, 60)
HEAD = (
    f"| terms | ranked by | proteins | AUROC of a protein's terms | difference from the first | recall@{PLACES} "
    f"| terms with {FEWEST} proteins | AUROC of a term's proteins | difference from the first |"
)
SEPARATOR = "|---|---|---:|---:|---:|---:|---:|---:|---:|"
Rankings = Mapping[str, NDArray[np.float32]]


def young_terms(terms: pd.DataFrame, stated: pd.DataFrame) -> list[str]:
    """Terms to hold out of training: young, of a few proteins, and with only young terms below them.

    Args:
        terms: The ontology table.
        stated: Columns protein_id, go_id.
    """
    stated = stated.loc[stated["go_id"].isin(terms["go_id"]), ["protein_id", "go_id"]].drop_duplicates()
    counts = propagate(stated.assign(evidence="", date=None, source=None), terms, TRUE_PATH)["go_id"].value_counts()
    young = set(terms.loc[terms["go_id"] >= YOUNG, "go_id"])
    graph = GoGraph.of_terms(terms, TRUE_PATH)
    some = sorted(young & set(counts.index[counts.between(*YOUNG_PROTEINS)]))
    return [go_id for go_id in some if young.issuperset(graph.descendants([go_id]))]


def ancestor_scores(known_BT: NDArray[np.float32], known_T: NDArray[np.bool_], graph: GoGraph) -> NDArray[np.float32]:
    """Scores of all terms: of those without one the highest score of its nearest ancestors that have one, else 0.

    Args:
        known_BT: Scores; read where `known_T`.
        known_T: Which terms have one, no roots.
        graph: Of the terms.
    """
    found_BT = np.where(known_T, known_BT, np.float32(0))
    for children, parents, starts in graph.downwards():
        highest_BC = np.maximum.reduceat(found_BT[:, parents], starts, axis=1)
        found_BT[:, children] = np.where(known_T[children], found_BT[:, children], highest_BC)
    return found_BT


@dataclass(frozen=True, eq=False)
class Found:
    """One ranking by its figures; of each resample, every protein once first.

    Attributes:
        of_proteins_N: Mean over proteins of the chance that one of its terms scores above another term.
        recall_N: Mean share of a protein's terms, or of ten where it has more, among its ten best.
        of_terms_N: Mean over terms of the chance that one of its proteins scores above another protein.
        terms: Number of those terms.
    """

    of_proteins_N: NDArray[np.float64]
    recall_N: NDArray[np.float64]
    of_terms_N: NDArray[np.float64]
    terms: int

    @classmethod
    def of_scores(
        cls, scores_BU: NDArray[np.float32], truth_BU: NDArray[np.bool_], draws_NB: NDArray[np.float64]
    ) -> "Found":
        """Of proteins that each have one of the terms."""
        some = np.flatnonzero((truth_BU.sum(axis=0) >= FEWEST) & (~truth_BU).any(axis=0))
        ranks_BS = rankdata(scores_BU[:, some], axis=0) / len(scores_BU)  # above 0, as `Pairs` asks
        sets, of_terms_N, number = {"all": np.ones(len(some), bool)}, np.full(len(draws_NB), np.nan), 0
        if len(some):
            means = means_of_terms(by_term(Pairs.of_arrays(ranks_BS, truth_BU[:, some])), draws_NB, sets)["all"]
            of_terms_N, number = means.auroc_N, means.n_terms
        areas_B, recall_B = np.array([_of_protein(*row) for row in zip(scores_BU, truth_BU, strict=True)]).T
        drawn_N = draws_NB.sum(axis=1)
        return cls(draws_NB @ areas_B / drawn_N, draws_NB @ recall_B / drawn_N, of_terms_N, number)


def _of_protein(scores_U: NDArray[np.float32], truth_U: NDArray[np.bool_]) -> tuple[float, float]:
    # AUROC, and recall as expected where ties are in a random order.
    true, false = truth_U.sum(), (~truth_U).sum()
    area = (rankdata(scores_U)[truth_U].sum() - true * (true + 1) / 2) / max(true * false, 1)
    first, last = (rankdata(-scores_U, method=side)[truth_U] for side in ("min", "max"))
    hits = np.clip((PLACES + 1 - first) / (last - first + 1), 0, 1).sum()
    return float(area) if false else 0.5, float(hits / min(true, PLACES))


def ranking_rows(
    name: str, truth_BU: NDArray[np.bool_], rankings: Rankings, bootstrap: Bootstrap | None = None
) -> Iterator[str]:
    """Rows of a table with `HEAD`: each ranking, and how much worse than the first it is, with 95 % intervals.

    Args:
        name: Of the set of terms.
        truth_BU: Which protein has which term; proteins without one are left out.
        rankings: Scores (B, U) by name.
        bootstrap: Draws of proteins.
    """
    having_B = truth_BU.any(axis=1)
    if not having_B.any():
        return
    draws_NB = (bootstrap or Bootstrap()).draws(int(having_B.sum()))
    first: Found | None = None
    for ranked_by, scores_BU in rankings.items():
        found = Found.of_scores(scores_BU[having_B], truth_BU[having_B], draws_NB)
        first = first or found
        less = [
            _difference(getattr(found, figure), getattr(first, figure)) if found is not first else ""
            for figure in ("of_proteins_N", "of_terms_N")
        ]
        yield (
            f"| {name} ({truth_BU.shape[1]:,}) | {ranked_by} | {having_B.sum():,} | {_value(found.of_proteins_N)} "
            f"| {less[0]} | {found.recall_N[0]:.3f} | {found.terms} | {_value(found.of_terms_N)} | {less[1]} |"
        )


def _value(figure_N: NDArray[np.float64]) -> str:
    found = interval(figure_N)
    return "n/a" if np.isnan(found["value"]) else "{value:.3f} ({low:.3f} to {high:.3f})".format(**found)


def _difference(figure_N: NDArray[np.float64], first_N: NDArray[np.float64]) -> str:
    found = interval(figure_N - first_N, UNBOUNDED)
    return "n/a" if np.isnan(found["value"]) else "{value:+.3f} ({low:+.3f} to {high:+.3f})".format(**found)
