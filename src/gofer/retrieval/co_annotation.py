"""What all that is stated of a protein, in every aspect, says about the terms of one aspect.

Where "nucleus" is stated, "chromatin binding" is more often true than the scores say, and "ion channel activity" less
often. Ridge regression learns from validation proteins what is left of the truth after all other evidence:

    x     = 1, and for each stated term sqrt(log(proteins / proteins with it)), these at length 1 together
    score = score + x W        W minimises the sum of (truth - score - x W)² + RIDGE |W|², of rank `RANK` at most

Of all W of that rank this is the best one on the proteins that it was fitted on (reduced-rank regression: Izenman 1975,
doi:10.1016/0047-259X(75)90042-1). Terms that few proteins have are neither read nor changed.
Shapes: B proteins, T terms, S stated terms that are read and the constant, C terms of an aspect, R rank.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.linalg as la
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.metrics.logistic_calibration import LOWEST_SCORE

ENOUGH_STATED = 30  # validation proteins with a stated term, from which it is read
ENOUGH_TRUE = 10  # validation proteins that have a term, or expected to, from which it is changed
RIDGE = 2.0
RANK = 64


@dataclass(frozen=True, eq=False)
class CoAnnotation:
    """How terms of one aspect depend on all stated terms.

    Attributes:
        stated: GO ids of the stated terms that are read.
        weights_S: What each stands for in x, before x is scaled to length 1; without the constant.
        changed: GO ids of the terms that are changed.
        left_SR: Half of W; the first row is that of the constant.
        right_RC: The other half.
    """

    stated: Sequence[str]
    weights_S: NDArray[np.float32]
    changed: Sequence[str]
    left_SR: NDArray[np.float16]
    right_RC: NDArray[np.float16]

    @classmethod
    def fit(
        cls,
        stated_BT: sp.csr_array,
        go_ids: Sequence[str],
        scores_BC: NDArray,
        truth_BC: NDArray[np.bool_],
        columns: NDArray[np.int64],
    ) -> "CoAnnotation | None":
        """Fit on validation proteins; None where no term is stated or true often enough.

        Args:
            stated_BT: What is stated of them, in all aspects.
            go_ids: The terms T.
            scores_BC: Scores of the aspect's terms with all other evidence, each by proteins other than its own.
            truth_BC: What is true.
            columns: Place of each of the aspect's terms among the terms T.
        """
        count_T = stated_BT.astype(bool).sum(axis=0)
        read = np.flatnonzero(count_T >= ENOUGH_STATED)
        changed = np.flatnonzero(np.maximum(truth_BC.sum(axis=0), scores_BC.sum(axis=0)) >= ENOUGH_TRUE)
        if not len(read) or not len(changed):
            return None
        weights_S = np.sqrt(np.log(stated_BT.shape[0] / count_T[read])).astype(np.float32)
        x_BS = _described(stated_BT[:, read], weights_S)
        lower_SS = la.cholesky(x_BS.T @ x_BS + RIDGE * np.eye(x_BS.shape[1]), lower=True)
        missed_BC = truth_BC[:, changed] - scores_BC[:, changed]
        wide_SC = la.solve_triangular(lower_SS, x_BS.T @ missed_BC, lower=True)
        u_SR, size_R, v_RC = la.svd(wide_SC, full_matrices=False)
        size_R = np.sqrt(size_R[:RANK])
        left_SR = la.solve_triangular(lower_SS.T, u_SR[:, :RANK] * size_R, lower=False)
        return cls(
            [go_ids[term] for term in read.tolist()],
            weights_S,
            [go_ids[term] for term in columns[changed].tolist()],
            left_SR.astype(np.float16),
            (size_R[:, None] * v_RC[:RANK]).astype(np.float16),
        )

    def changes(self, stated_BT: sp.csr_array, go_ids: pd.Index) -> NDArray[np.float32]:
        """What is added to the scores of `changed`, (B, C).

        Args:
            stated_BT: What is stated of proteins of which each has a statement.
            go_ids: The terms T; what is stated of others counts as not stated.
        """
        places_S = go_ids.get_indexer(pd.Index(self.stated))
        known_S = places_S >= 0
        left_SR = self.left_SR.astype(np.float32)[np.r_[True, known_S]]
        x_BS = _described(stated_BT[:, places_S[known_S]], self.weights_S[known_S])
        return (x_BS.astype(np.float32) @ left_SR) @ self.right_RC.astype(np.float32)

    def apply(
        self, scores_BC: NDArray[np.float32], stated_BT: sp.csr_array, go_ids: pd.Index, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Scores in (0, 1].

        Args:
            scores_BC: Scores of some terms with all other evidence.
            stated_BT: As in `changes`.
            go_ids: The terms T.
            columns: Which of them the scores are of.
        """
        places_C = pd.Index(go_ids[columns]).get_indexer(pd.Index(self.changed))
        here_C = places_C >= 0
        after_BC = scores_BC.copy()
        if here_C.any():
            added_BC = self.changes(stated_BT, go_ids)[:, here_C]
            after_BC[:, places_C[here_C]] = np.clip(scores_BC[:, places_C[here_C]] + added_BC, LOWEST_SCORE, 1)
        return after_BC

    def to_json(self) -> dict[str, Any]:
        """As plain values; arrays as base64."""
        arrays = {name: _text(getattr(self, name)) for name in ("weights_S", "left_SR", "right_RC")}
        return {"stated": list(self.stated), "changed": list(self.changed), **arrays}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "CoAnnotation":
        """The inverse of `to_json`.

        Raises:
            KeyError: A part is missing.
            ValueError: The parts do not fit each other.
        """
        stated, changed = list(content["stated"]), list(content["changed"])
        weights_S = _array(content["weights_S"], np.float32).reshape(len(stated))
        left_SR = _array(content["left_SR"], np.float16).reshape(len(stated) + 1, -1)
        right_RC = _array(content["right_RC"], np.float16).reshape(left_SR.shape[1], len(changed))
        if not all(np.isfinite(array).all() for array in (weights_S, left_SR, right_RC)):
            raise ValueError("a number is not finite")
        return cls(stated, weights_S, changed, left_SR, right_RC)


def _described(stated_BS: sp.csr_array, weights_S: NDArray[np.float32]) -> NDArray[np.float64]:
    # x of each protein, with the constant first.
    weighted_BS = stated_BS.astype(bool).toarray() * weights_S.astype(np.float64)
    length_B1 = np.linalg.norm(weighted_BS, axis=1, keepdims=True)
    return np.hstack([np.ones_like(length_B1), weighted_BS / np.where(length_B1 > 0, length_B1, 1)])


def _text(array: NDArray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _array(text: str, kind: type) -> NDArray:
    return np.frombuffer(base64.b64decode(text, validate=True), np.dtype(kind).newbyteorder("<"))
