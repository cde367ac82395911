"""The graph of the Gene Ontology: who is above and below whom. All code that walks the ontology asks `GoGraph`.

RELATIONS are the columns of parents in the ontology table and the values of the config key inputs.relations. TRUE_PATH
are those along which an annotation holds by the true path rule. They are the default, and the depth of a term and the
roots always depend on them. Shapes: B proteins, T terms, E edges.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

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
class GoGraph:
    """Terms and their parents, by row.

    Attributes:
        n_terms: Number of terms, T.
        child_E: Row of the child of each edge.
        parent_E: Row of its parent. `of_terms` gives each edge once, ordered by child and parent.
        go_ids: Term of each row; may be empty where no method is asked by id.
        aspect_T: Aspect of each term; needed for `within_aspects` alone.
    """

    n_terms: int
    child_E: NDArray[np.int64]
    parent_E: NDArray[np.int64]
    go_ids: tuple[str, ...] = ()
    aspect_T: NDArray = field(default_factory=lambda: np.empty(0, str))

    @classmethod
    def of_terms(
        cls, terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH, *, within_aspect: bool = False
    ) -> "GoGraph":
        """The graph of a terms table; rows are positions in that table.

        Args:
            terms: Columns go_id, aspect and one of parents (lists of ids) per relation. Parents that the table lacks
                are left out.
            relations: Relations along which annotations propagate in this run (inputs.relations).
            within_aspect: Leave out edges from one aspect to another, as the CAFA evaluator does.
        """
        ids = terms["go_id"].tolist()
        row_of = {go_id: row for row, go_id in enumerate(ids)}
        edges = [
            child * len(ids) + row_of[parent]
            for relation in relations
            for child, above in enumerate(terms[relation].tolist())
            for parent in above
            if parent in row_of
        ]
        child_E, parent_E = np.divmod(np.unique(np.array(edges, dtype=np.int64)), max(len(ids), 1))
        graph = cls(len(ids), child_E, parent_E, tuple(ids), terms["aspect"].to_numpy())
        return graph.within_aspects if within_aspect else graph

    @cached_property
    def within_aspects(self) -> "GoGraph":
        """The same terms without the edges from one aspect to another."""
        same_E = self.aspect_T[self.child_E] == self.aspect_T[self.parent_E]
        return GoGraph(self.n_terms, self.child_E[same_E], self.parent_E[same_E], self.go_ids, self.aspect_T)

    def among(self, rows: NDArray[np.int64]) -> "GoGraph":
        """The graph of some terms, by row, with the edges between them; their rows are as given."""
        place_T = np.full(self.n_terms, -1)
        place_T[rows] = np.arange(len(rows))
        child_E, parent_E = place_T[self.child_E], place_T[self.parent_E]
        kept_E = (child_E >= 0) & (parent_E >= 0)
        return GoGraph(len(rows), child_E[kept_E], parent_E[kept_E])

    @cached_property
    def parents_TT(self) -> sp.csr_array:
        """True at (child, parent)."""
        edges = np.ones(len(self.child_E), bool), (self.child_E, self.parent_E)
        return sp.csr_array(edges, shape=(self.n_terms, self.n_terms))

    @property
    def edges_E2(self) -> NDArray[np.int64]:
        """Rows (child, parent) of each edge."""
        return np.stack([self.child_E, self.parent_E], axis=1)

    @cached_property
    def is_root_T(self) -> NDArray[np.bool_]:
        """Which terms have no parent."""
        is_root_T = np.ones(self.n_terms, bool)
        is_root_T[self.child_E] = False
        return is_root_T

    @cached_property
    def depth_T(self) -> NDArray[np.int64]:
        """Edges on the shortest way up to a root, int64 (T)."""
        hops = self._walk(np.flatnonzero(self.is_root_T).tolist(), self._below)
        return np.array([hops[row] for row in range(self.n_terms)], dtype=np.int64)

    def parents(self, go_id: str) -> list[str]:
        """Parents of a term, in the order of the rows."""
        return [self.go_ids[row] for row in self._above[self._row_of[go_id]]]

    def ancestors(self, go_ids: Iterable[str]) -> dict[str, int]:
        """The given terms (0) and all above them, with the fewest hops to each."""
        return self._named_walk(go_ids, self._above)

    def descendants(self, go_ids: Iterable[str]) -> dict[str, int]:
        """The given terms (0) and all below them, with the fewest hops to each."""
        return self._named_walk(go_ids, self._below)

    def ancestors_TT(self, hops: int) -> sp.csr_array:
        """True at (term, ancestor) within so many hops; a term is its own ancestor."""
        return self._reach("up", hops)

    def descendants_TT(self, hops: int) -> sp.csr_array:
        """True at (term, descendant) within so many hops; a term is its own descendant."""
        return self._reach("down", hops)

    def _reach(self, way: str, hops: int) -> sp.csr_array:
        if (way, hops) not in self._reached:  # kept: a stage of training asks for the same few at every step
            step_TT = self.parents_TT if way == "up" else self.parents_TT.T.tocsr()
            reach_TT = sp.eye_array(self.n_terms, dtype=bool, format="csr")
            for _ in range(hops):
                reach_TT = (reach_TT + reach_TT @ step_TT).astype(bool)
            self._reached[way, hops] = reach_TT.tocsr()
        return self._reached[way, hops]

    @cached_property
    def _reached(self) -> dict[tuple[str, int], sp.csr_array]:
        return {}

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {go_id: row for row, go_id in enumerate(self.go_ids)}

    @cached_property
    def _above(self) -> list[list[int]]:
        return _grouped(self.child_E, self.parent_E, self.n_terms)

    @cached_property
    def _below(self) -> list[list[int]]:
        return _grouped(self.parent_E, self.child_E, self.n_terms)

    def _named_walk(self, go_ids: Iterable[str], steps: Sequence[list[int]]) -> dict[str, int]:
        hops = self._walk([self._row_of[go_id] for go_id in go_ids], steps)
        return {self.go_ids[row]: number for row, number in hops.items()}

    @staticmethod
    def _walk(rows: Iterable[int], steps: Sequence[list[int]]) -> dict[int, int]:
        hops = dict.fromkeys(rows, 0)
        level = list(hops)
        while level:
            reached = []
            for here in level:
                for row in steps[here]:
                    if row not in hops:
                        hops[row] = hops[here] + 1
                        reached.append(row)
            level = reached
        return hops

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
        _, component_T = connected_components(self.parents_TT, directed=True, connection="strong")
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


def _grouped(from_E: NDArray[np.int64], to_E: NDArray[np.int64], n_terms: int) -> list[list[int]]:
    order_E = np.argsort(from_E, kind="stable")
    ends, to = np.cumsum(np.bincount(from_E, minlength=n_terms)).tolist(), to_E[order_E].tolist()
    return [to[start:end] for start, end in pairwise([0, *ends])]


def _runs(values_E: NDArray[np.int64]) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(values_E)) + 1
    for start, stop in zip([0, *edges], [*edges, len(values_E)], strict=True):
        if stop > start:
            yield slice(start, stop)


def hierarchy_consistent(scores_BT: NDArray, graph: GoGraph) -> NDArray:
    """Raise each term's score to the highest among its descendants; a new array (B, T) of the same type.

    Also propagates labels: with bool in, a term is true where a descendant is.

    Args:
        scores_BT: Scores or labels; columns are the graph's rows.
        graph: Parents of each term.
    """
    levels = list(graph.upwards())
    out_BT = np.empty_like(scores_BT)
    for start in range(0, len(scores_BT), PROTEINS_AT_ONCE):
        block_TB = np.ascontiguousarray(scores_BT[start : start + PROTEINS_AT_ONCE].T)
        for parents, children, starts in levels:
            best = np.maximum.reduceat(block_TB[children], starts, axis=0)
            block_TB[parents] = np.maximum(block_TB[parents], best)
        out_BT[start : start + PROTEINS_AT_ONCE] = block_TB.T
    return out_BT


def limited_by_parents(scores_BT: NDArray, graph: GoGraph, limited_T: NDArray[np.bool_]) -> NDArray:
    """Lower the scores of some terms to the lowest among their parents, from the top down; a new array (B, T).

    Args:
        scores_BT: Scores; columns are the graph's rows.
        graph: Parents of each term.
        limited_T: Which terms may be lowered.
    """
    out_BT = scores_BT.copy()
    for children, parents, starts in graph.downwards():
        limited_C = limited_T[children]
        lowest_BC = np.minimum.reduceat(out_BT[:, parents], starts, axis=1)[:, limited_C]
        out_BT[:, children[limited_C]] = np.minimum(out_BT[:, children[limited_C]], lowest_BC)
    return out_BT


def is_root(terms: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of the ontology table or the terms table are the roots of their aspects, by their depth (T)."""
    return (terms["depth"] == 0).to_numpy(bool)


def root_ids(terms: pd.DataFrame) -> set[str]:
    """Ids of the roots in the ontology table or the terms table."""
    return set(terms.loc[is_root(terms), "go_id"])
