"""What labels of alike proteins say of terms that training has never seen: carried over from seen terms of like text.

For an unseen term u the seen terms t of its aspect with the nearest vectors count with weights w(t), a softmax of their
cosines. Where a protein is expected to have these terms more often than proteins do on average, it is more likely to
have u as well: the log-odds of u that its text gives are raised by log(Σ w(t) · expected(t) / Σ w(t) · mean(t)).
Shapes: B proteins, S seen terms, U unseen terms, D shared width.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit

from gofer.evaluation.calibration import LOWEST_SCORE

NEAREST = 32  # seen terms that count for an unseen one
TEMPERATURE = 0.05  # of the softmax over their cosines
LEAST_LIFT = 0.05  # what is never expected of alike proteins may still be true


@dataclass(frozen=True, eq=False)
class RelatedTerms:
    """Seen terms by unseen term.

    Attributes:
        weights_US: Weight of each seen term, rows sum to 1; empty rows where an aspect has no seen term.
        mean_U: Weighted mean frequency of the seen terms among the known proteins.
    """

    weights_US: sp.csr_array
    mean_U: NDArray[np.float32]

    @classmethod
    def of_vectors(
        cls,
        unseen_UD: NDArray[np.float32],
        seen_SD: NDArray[np.float32],
        aspect_U: NDArray,
        aspect_S: NDArray,
        mean_S: NDArray[np.float32],
    ) -> "RelatedTerms":
        """The nearest seen terms within each aspect, by cosine.

        Args:
            unseen_UD: Unit vectors of the unseen terms.
            seen_SD: Of the seen ones.
            aspect_U: Aspect of each unseen term.
            aspect_S: Of each seen one.
            mean_S: Share of the known proteins that have each seen term.
        """
        weights_US = sp.csr_array((len(unseen_UD), len(seen_SD)), dtype=np.float32)
        for aspect in np.unique(aspect_U):
            rows, columns = np.flatnonzero(aspect_U == aspect), np.flatnonzero(aspect_S == aspect)
            if not len(columns):
                continue
            most = min(NEAREST, len(columns))
            cosine_UK, place_UK = faiss.knn(unseen_UD[rows], seen_SD[columns], most, faiss.METRIC_INNER_PRODUCT)
            weight_UK = np.exp((cosine_UK - cosine_UK[:, :1]) / TEMPERATURE)
            weight_UK /= weight_UK.sum(axis=1, keepdims=True)
            places = np.repeat(rows, place_UK.shape[1]), columns[place_UK.ravel()]
            weights_US = weights_US + sp.csr_array((weight_UK.ravel(), places), shape=weights_US.shape)
        return cls(sp.csr_array(weights_US), weights_US @ mean_S)

    def raised(self, scores_BU: NDArray[np.float32], expected_BS: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the unseen terms in (0, 1), (B, U).

        Args:
            scores_BU: What their texts say, in (0, 1].
            expected_BS: What labels of alike proteins say of the seen terms, in [0, 1].
        """
        told_U = self.mean_U > 0
        expected_BU = (self.weights_US @ expected_BS.T).T
        lift_BU = np.divide(expected_BU, self.mean_U, out=np.ones_like(scores_BU), where=told_U)
        odds_BU = logit(np.clip(scores_BU, LOWEST_SCORE, 1 - LOWEST_SCORE)) + np.log(np.maximum(lift_BU, LEAST_LIFT))
        return np.clip(expit(odds_BU), LOWEST_SCORE, 1).astype(np.float32)
