"""What labels of alike proteins say of terms that training has never seen, by way of the seen terms next to them.

The log-odds that the text gives an unseen term u are raised by the mean of two lifts, of how much more often than on
average labels of alike proteins make a seen term expected of the protein:

- of the seen terms t of its aspect whose texts are most like its own, with weights w(t), a softmax of the cosines:
  log of Σ w(t) · expected(t) over Σ w(t) · mean(t);
- of its nearest seen ancestors a, the mean of log of expected(a) over mean(a): what is true of a term is true of them.

To both sides of a lift `PSEUDO_SHARE` is added: what is never expected of alike proteins may still be true, and what is
expected of a term that one protein in a thousand has is mostly noise.

Their sum orders proteins as well, but has thousands of unseen terms expected of every protein.

Shapes: B proteins, T terms, S seen terms, U unseen terms, G text width.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit

from gofer.evaluation.calibration import LOWEST_SCORE
from gofer.evaluation.hierarchy import Hierarchy

NEAREST = 32  # seen terms that count for an unseen one
TEMPERATURE = 0.05  # of the softmax over their cosines
PSEUDO_SHARE = 0.01  # of the known proteins


@dataclass(frozen=True, eq=False)
class RelatedTerms:
    """Seen terms by unseen term.

    Attributes:
        alike_US: Weight of each seen term of like text, rows sum to 1; empty rows where an aspect has no seen term.
        ancestors_US: Weight of the nearest seen ancestors, rows sum to 1; empty rows where none below the root is seen.
        mean_S: Share of the known proteins that have each seen term.
    """

    alike_US: sp.csr_array
    ancestors_US: sp.csr_array
    mean_S: NDArray[np.float32]

    @classmethod
    def of_terms(
        cls,
        texts_TG: NDArray[np.float32],
        aspects_T: NDArray,
        hierarchy: Hierarchy,
        unseen: NDArray[np.int64],
        seen: NDArray[np.int64],
        mean_S: NDArray[np.float32],
    ) -> "RelatedTerms":
        """Those of a release.

        Args:
            texts_TG: Unit vectors of the terms' texts.
            aspects_T: Aspect of each term.
            hierarchy: Of the terms, within aspects.
            unseen: Rows of the unseen terms, roots left out.
            seen: Rows of the seen terms, roots left out.
            mean_S: Share of the known proteins that have each seen term.
        """
        alike_US = _alike(texts_TG[unseen], texts_TG[seen], aspects_T[unseen], aspects_T[seen])
        return cls(alike_US, _nearest_ancestors(hierarchy, unseen, seen), mean_S)

    def raised(self, scores_BU: NDArray[np.float32], expected_BS: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the unseen terms in (0, 1), (B, U).

        Args:
            scores_BU: What their texts say, in (0, 1].
            expected_BS: What labels of alike proteins say of the seen terms, in [0, 1].
        """
        alike_BU = _log_lift((self.alike_US @ expected_BS.T).T, self.alike_US @ self.mean_S)
        ancestors_BU = (self.ancestors_US @ _log_lift(expected_BS, self.mean_S).T).T
        lifts_U = np.maximum(self._told(self.alike_US) + self._told(self.ancestors_US), 1)
        odds_BU = logit(np.clip(scores_BU, LOWEST_SCORE, 1 - LOWEST_SCORE)) + (alike_BU + ancestors_BU) / lifts_U
        return np.clip(expit(odds_BU), LOWEST_SCORE, 1).astype(np.float32)

    @staticmethod
    def _told(weights_US: sp.csr_array) -> NDArray[np.int64]:
        # 1 where seen terms tell of the unseen one, else 0.
        return (np.diff(weights_US.indptr) > 0).astype(np.int64)


def _log_lift(expected_BX: NDArray[np.float32], mean_X: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.log((expected_BX + np.float32(PSEUDO_SHARE)) / (mean_X + np.float32(PSEUDO_SHARE)))


def _alike(
    unseen_UG: NDArray[np.float32], seen_SG: NDArray[np.float32], aspect_U: NDArray, aspect_S: NDArray
) -> sp.csr_array:
    weights_US = sp.csr_array((len(unseen_UG), len(seen_SG)), dtype=np.float32)
    for aspect in np.unique(aspect_U):
        rows, columns = np.flatnonzero(aspect_U == aspect), np.flatnonzero(aspect_S == aspect)
        if not len(columns):
            continue
        most = min(NEAREST, len(columns))
        cosine_UK, place_UK = faiss.knn(unseen_UG[rows], seen_SG[columns], most, faiss.METRIC_INNER_PRODUCT)
        weight_UK = np.exp((cosine_UK - cosine_UK[:, :1]) / TEMPERATURE)
        weight_UK /= weight_UK.sum(axis=1, keepdims=True)
        places = np.repeat(rows, most), columns[place_UK.ravel()]
        weights_US = weights_US + sp.csr_array((weight_UK.ravel(), places), shape=weights_US.shape)
    return sp.csr_array(weights_US)


def _nearest_ancestors(hierarchy: Hierarchy, unseen: NDArray[np.int64], seen: NDArray[np.int64]) -> sp.csr_array:
    # Along every way upwards the first that is seen.
    column_of = {row: column for column, row in enumerate(seen.tolist())}
    above: dict[int, set[int]] = {}
    for children, parents, starts in hierarchy.downwards():
        for child, own in zip(children.tolist(), np.split(parents, starts[1:]), strict=True):
            nearest = (
                {column_of[parent]} if parent in column_of else above.get(parent, set()) for parent in own.tolist()
            )
            above[child] = set().union(*nearest)
    found = [sorted(above.get(row, ())) for row in unseen.tolist()]
    sizes = np.array([len(columns) for columns in found], dtype=np.int64)
    columns = np.array([column for own in found for column in own], dtype=np.int64)
    weights = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32)
    return sp.csr_array((weights, columns, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(unseen), len(seen)))
