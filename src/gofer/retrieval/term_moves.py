"""Where the terms of one GO release are in another, and what becomes of labels and of a fitted label model.

A merged term is its main term, an obsolete one the one term that replaces it; of every other obsolete term the labels
go to the nearest terms above it that are kept. Labels are moved by the most specific terms of each protein and then
propagated along the new release, so that an ancestor that is none any more is lost, and a new one is gained.
Shapes: N proteins, O terms of the older release, T terms of the newer one, S older terms of the label model, M
landmarks.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph, is_root
from gofer.inputs.ontology.term_ids import TermIds
from gofer.retrieval.kernel_ridge import KernelRidge
from gofer.retrieval.label_model import LabelModel

GONE = -1


@dataclass(frozen=True, eq=False)
class TermMoves:
    """From the terms of a release to those of another.

    Attributes:
        row_O: Row of each older term in the newer release, `GONE` where it has none.
        heirs_OT: True where the labels of an older term go: itself, or the nearest terms above it that are kept.
        before: Parents in the older release, across aspects too.
        after: Parents in the newer one.
        is_root_T: Which of the newer terms are roots.
    """

    row_O: NDArray[np.int64]
    heirs_OT: sp.csr_array
    before: GoGraph
    after: GoGraph
    is_root_T: NDArray[np.bool_]

    @classmethod
    def of_tables(
        cls, older: pd.DataFrame, newer: pd.DataFrame, obsolete: pd.DataFrame, relations: list[str]
    ) -> "TermMoves":
        """From the terms of both releases.

        Args:
            older: Columns go_id, aspect and parents.
            newer: The same with alt_ids and depth.
            obsolete: Obsolete terms of the newer release: go_id, replaced_by.
            relations: Along which labels propagate.
        """
        ids = TermIds.of_tables(newer, obsolete)
        targets = [ids.resolve(go_id)[0] for go_id in older["go_id"]]
        row_O = pd.Index(newer["go_id"]).get_indexer(pd.Index(targets, dtype=object))
        before, after = GoGraph.of_terms(older, relations), GoGraph.of_terms(newer, relations)
        return cls(row_O, _heirs(row_O, before, len(newer)), before, after, is_root(newer))

    def labels(self, labels_NO: sp.csc_array) -> sp.csc_array:
        """Propagated labels in the newer release, without roots, (N, T).

        Args:
            labels_NO: Propagated labels in the older one.
        """
        held_NO = sp.csr_array(labels_NO, dtype=bool)
        implied_NO = (held_NO @ self.before.parents_TT).astype(bool)
        stated_NO = (held_NO.astype(np.int8) - held_NO.multiply(implied_NO).astype(np.int8)).astype(bool)
        above_TT = self.after.ancestors_TT(int(self.after.height_T.max(initial=0)))
        moved_NT = sp.coo_array((stated_NO @ self.heirs_OT).astype(bool) @ above_TT)
        below_root = ~self.is_root_T[moved_NT.col]
        places = moved_NT.row[below_root], moved_NT.col[below_root]
        moved_NT = sp.csc_array((np.ones(len(places[0]), bool), places), shape=moved_NT.shape)
        moved_NT.sort_indices()
        return moved_NT

    def columns(self, seen_S: NDArray[np.int64], held_T: NDArray[np.bool_]) -> "LabelColumns":
        """Of which older columns each newer column of a label model is made.

        Args:
            seen_S: Rows of the label model's terms among the older ones.
            held_T: Which of the newer terms a known protein has.
        """
        own: dict[int, set[int]] = {}
        for column, row in enumerate(self.row_O[seen_S].tolist()):
            if row != GONE and not self.is_root_T[row]:
                own.setdefault(row, set()).add(column)
        below = _nearest_below(self.after, own)
        sources = {
            row: own.get(row) or set().union(*(own[child] for child in below.get(row, ())))
            for row in np.flatnonzero(held_T).tolist()
        }
        rows = [row for row, columns in sources.items() if columns]
        pairs = [(place, column) for place, row in enumerate(rows) for column in sorted(sources[row])]
        places, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        from_US = sp.csr_array((np.ones(len(pairs), bool), (places, columns)), shape=(len(rows), len(seen_S)))
        return LabelColumns(np.array(rows, dtype=np.int64), from_US)


@dataclass(frozen=True, eq=False)
class LabelColumns:
    """The terms of a label model in another release; U of them.

    Attributes:
        rows_U: Their rows in the newer release, increasing.
        from_US: True at the older columns that each is made of.
    """

    rows_U: NDArray[np.int64]
    from_US: sp.csr_array

    def counts(self, counts_S: NDArray, labels_NS: sp.csr_array, known_U: NDArray[np.int64]) -> NDArray[np.int64]:
        """Training proteins of each, at least 1, as far as the known proteins tell.

        Args:
            counts_S: Training proteins of the older columns.
            labels_NS: Labels of the known proteins in the older release.
            known_U: Known proteins of each newer term.
        """
        held_S = np.asarray(labels_NS.sum(axis=0)).ravel()
        return np.maximum(np.rint((self.from_US @ counts_S) * known_U / (self.from_US @ held_S)), 1).astype(np.int64)

    def label_model(
        self, older: LabelModel, labels_NS: sp.csr_array, go_ids: list[str], aspects_U: NDArray
    ) -> LabelModel:
        """The label model of these terms.

        Ridge regression is linear in the labels: the column of labels that no protein has twice is the sum of their
        columns. Where proteins have several, the sum is scaled to the share of proteins that have any.

        Args:
            older: That of the older release.
            labels_NS: Labels of the known proteins in it.
            go_ids: Ids of the terms.
            aspects_U: Their aspects.
        """
        held_S = np.asarray(labels_NS.sum(axis=0)).ravel()
        share_U = np.ones(len(self.rows_U))
        joined = np.flatnonzero(np.diff(self.from_US.indptr) > 1)
        either_NJ = (labels_NS.astype(bool) @ self.from_US[joined].T.tocsr()).astype(bool)
        share_U[joined] = np.asarray(either_NJ.sum(axis=0)).ravel() / np.maximum(self.from_US[joined] @ held_S, 1)
        mixing_US = sp.csr_array(self.from_US.multiply(share_U[:, None]), dtype=np.float32)
        regression = older.regression
        if not isinstance(regression, KernelRidge):
            raise TypeError("a model without known proteins has no labels to move")
        weight_MU = np.ascontiguousarray((mixing_US @ regression.weight_MT.T).T)
        mean_U = (mixing_US @ regression.mean_T).astype(np.float32)
        fitted = replace(regression, weight_MT=weight_MU, mean_T=mean_U)
        return replace(older, go_ids=go_ids, aspects_T=aspects_U, regression=fitted)


def _heirs(row_O: NDArray[np.int64], graph: GoGraph, terms: int) -> sp.csr_array:
    heirs: dict[int, set[int]] = {row: {target} for row, target in enumerate(row_O.tolist()) if target != GONE}
    for children, parents, starts in graph.downwards():
        for child, above in zip(children.tolist(), np.split(parents, starts[1:]), strict=True):
            if row_O[child] == GONE:
                heirs[child] = set().union(*(heirs.get(parent, set()) for parent in above.tolist()))
    pairs = [(row, target) for row, targets in sorted(heirs.items()) for target in sorted(targets)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return sp.csr_array((np.ones(len(pairs), bool), (rows, columns)), shape=(len(row_O), terms))


def _nearest_below(graph: GoGraph, own: dict[int, set[int]]) -> dict[int, set[int]]:
    # For each term, the first on every way down that is in `own`.
    below: dict[int, set[int]] = {}
    for parents, children, starts in graph.upwards():
        for parent, under in zip(parents.tolist(), np.split(children, starts[1:]), strict=True):
            found = ({child} if child in own else below.get(child, set()) for child in under.tolist())
            below[parent] = set().union(*found)
    return below
