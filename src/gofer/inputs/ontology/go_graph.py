"""The graph of the Gene Ontology: which relations are followed, and who is above and below whom.

RELATIONS are the columns of the ontology table and the values of the config key inputs.relations. TRUE_PATH are those
along which an annotation holds by the true path rule; where nothing else is said they are followed, and depth and roots
always rest on them. Shapes: B proteins, T terms, E edges.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from gofer.errors import GoferError

RELATIONS = ("is_a", "part_of", "regulates")
TRUE_PATH = ("is_a", "part_of")
COLUMN_OF = {
    "is_a": "is_a",
    "part_of": "part_of",
    "regulates": "regulates",
    "positively_regulates": "regulates",
    "negatively_regulates": "regulates",
}
PROTEINS_AT_ONCE = 64  # 41,503 terms × 64 proteins are 11 MB: larger blocks fall out of the cache, 3× slower

MOST_NAMED = 5  # terms of a cycle


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The parents of each term, by row.

    Attributes:
        n_terms: Number of terms, T.
        child_E: Row of the child of each edge.
        parent_E: Row of its parent.
        go_ids: Term of each row, to name it in an error; may be empty.
    """

    n_terms: int
    child_E: NDArray[np.int64]
    parent_E: NDArray[np.int64]
    go_ids: tuple[str, ...] = ()

    @classmethod
    def of_terms(
        cls, terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH, *, within_aspect: bool = False
    ) -> "Hierarchy":
        """The edges of a terms table; rows are positions in that table.

        Args:
            terms: Columns go_id, aspect and one of parents (lists of ids) per relation. Parents that the table lacks
                are left out.
            relations: Relations along which annotations propagate in this run (inputs.relations).
            within_aspect: Leave out edges from one aspect to another, as the CAFA evaluator does.
        """
        ids = pd.Index(terms["go_id"])
        relations = list(relations)
        parents = [parent for relation in relations for row in terms[relation] for parent in row]
        children = [i for relation in relations for i, row in enumerate(terms[relation]) for _ in row]
        parent_E, child_E = ids.get_indexer(pd.Index(parents, dtype=ids.dtype)), np.asarray(children, dtype=np.int64)
        keep_E = parent_E >= 0
        if within_aspect:
            aspect_T = terms["aspect"].to_numpy()
            keep_E &= aspect_T[parent_E] == aspect_T[child_E]
        return cls(len(terms), child_E[keep_E], parent_E[keep_E].astype(np.int64), tuple(ids))

    @cached_property
    def height_T(self) -> NDArray[np.int64]:
        """Longest way down to a leaf, int64 (T); leaves are 0.

        Raises:
            GoferError: The edges hold a cycle; some of its terms are named.
        """
        self._refuse_cycle()
        height_T = np.zeros(self.n_terms, dtype=np.int64)
        while True:
            raised_T = height_T.copy()
            np.maximum.at(raised_T, self.parent_E, height_T[self.child_E] + 1)
            if np.array_equal(raised_T, height_T):
                return height_T
            height_T = raised_T

    def _refuse_cycle(self) -> None:
        edges = (np.ones(len(self.child_E), bool), (self.child_E, self.parent_E))
        edges_TT = sp.csr_array(edges, shape=(self.n_terms, self.n_terms))
        _, component_T = connected_components(edges_TT, directed=True, connection="strong")
        on_cycle_T = np.bincount(component_T)[component_T] > 1 if self.n_terms else np.zeros(0, bool)
        on_cycle_T[self.child_E[self.child_E == self.parent_E]] = True
        rows = np.flatnonzero(on_cycle_T)
        if len(rows):
            names = [self.go_ids[row] if self.go_ids else f"row {row}" for row in rows[:MOST_NAMED]]
            raise GoferError(
                f"the ontology holds a cycle through {', '.join(names)}",
                help="use an intact release of the ontology",
            )

    def upwards(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Levels of parents, lowest first, so that all children of a level are done before it.

        Yields:
            `parents` of the level, each once; `children` of them all, grouped by parent; `starts` of the groups.
        """
        order_E = np.lexsort((self.child_E, self.parent_E, self.height_T[self.parent_E]))
        child_E, parent_E = self.child_E[order_E], self.parent_E[order_E]
        for level in _runs(self.height_T[parent_E]):
            parents, starts = np.unique(parent_E[level], return_index=True)
            yield parents, child_E[level], starts

    def downwards(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Levels of children, highest first, so that all parents of a level are done before it.

        Yields:
            `children` of the level, each once; `parents` of them all, grouped by child; `starts` of the groups.
        """
        order_E = np.lexsort((self.parent_E, self.child_E, -self.height_T[self.child_E]))
        child_E, parent_E = self.child_E[order_E], self.parent_E[order_E]
        for level in _runs(self.height_T[child_E]):
            children, starts = np.unique(child_E[level], return_index=True)
            yield children, parent_E[level], starts


def _runs(values_E: NDArray[np.int64]) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(values_E)) + 1
    for start, stop in zip([0, *edges], [*edges, len(values_E)], strict=True):
        if stop > start:
            yield slice(start, stop)


def hierarchy_consistent(scores_BT: NDArray, hierarchy: Hierarchy) -> NDArray:
    """Raise each term's score to the highest among its descendants; a new array (B, T) of the same type.

    Also propagates labels: with bool in, a term is true where a descendant is.

    Args:
        scores_BT: Scores or labels; columns are the hierarchy's rows.
        hierarchy: Parents of each term.
    """
    levels = list(hierarchy.upwards())
    out_BT = np.empty_like(scores_BT)
    for start in range(0, len(scores_BT), PROTEINS_AT_ONCE):
        block_TB = np.ascontiguousarray(scores_BT[start : start + PROTEINS_AT_ONCE].T)
        for parents, children, starts in levels:
            best = np.maximum.reduceat(block_TB[children], starts, axis=0)
            block_TB[parents] = np.maximum(block_TB[parents], best)
        out_BT[start : start + PROTEINS_AT_ONCE] = block_TB.T
    return out_BT


def limited_by_parents(scores_BT: NDArray, hierarchy: Hierarchy, limited_T: NDArray[np.bool_]) -> NDArray:
    """Lower the scores of some terms to the lowest among their parents, from the top down; a new array (B, T).

    Args:
        scores_BT: Scores; columns are the hierarchy's rows.
        hierarchy: Parents of each term.
        limited_T: Which terms may be lowered.
    """
    out_BT = scores_BT.copy()
    for children, parents, starts in hierarchy.downwards():
        own = limited_T[children]
        lowest_BC = np.minimum.reduceat(out_BT[:, parents], starts, axis=1)[:, own]
        out_BT[:, children[own]] = np.minimum(out_BT[:, children[own]], lowest_BC)
    return out_BT


def has_parent(terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH) -> pd.Series:
    """Whether each term has a parent in its aspect; the evaluation leaves the others (roots) out. Indexed by go_id."""
    hierarchy = Hierarchy.of_terms(terms, relations, within_aspect=True)
    has_T = np.zeros(len(terms), bool)
    has_T[hierarchy.child_E] = True
    return pd.Series(has_T, index=pd.Index(terms["go_id"]))
