"""The share of pairs of protein and term that are true, as an increasing function of their score (isotonic regression).

Beyond `MOST_PAIRS` pairs, those of about the same score are counted together: 5,000 proteins × 17,000 terms are 85
million pairs, of which isotonic regression would hold many copies. Shapes: P pairs, G groups of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

MOST_PAIRS = 5_000_000
GROUPS = 100_000  # of equal width, between the scores 0 and 1


class Increasing(NamedTuple):
    """Groups of pairs, by increasing score; of few pairs each is its own group.

    Attributes:
        least_G: Lowest score of each group, or a lower one that no pair of another group has.
        total_G: Sum of its scores.
        pairs_G: Number of its pairs.
        share_G: Fitted share of true ones, in [0, 1], increasing.
    """

    least_G: NDArray
    total_G: NDArray
    pairs_G: NDArray[np.int64]
    share_G: NDArray[np.float64]


def increasing(scores_P: NDArray[np.floating], truth_P: NDArray[np.bool_]) -> Increasing:
    """Fit the shares.

    Args:
        scores_P: Scores in [0, 1].
        truth_P: Which pairs are true.
    """
    # Of scores that are nearly equal, scikit-learn keeps one; the others are beyond its range by a hair.
    regression = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    if len(scores_P) <= MOST_PAIRS:
        order = np.argsort(scores_P, kind="stable")
        sorted_P, ones_P = scores_P[order], np.ones(len(order), np.int64)
        return Increasing(sorted_P, sorted_P, ones_P, regression.fit_transform(sorted_P, truth_P[order].astype(float)))
    group_P = (scores_P * np.float32(GROUPS)).astype(np.int32)
    pairs_G, true_G, total_G = (np.bincount(group_P, weights) for weights in (None, truth_P, scores_P))
    groups = np.flatnonzero(pairs_G)
    pairs_G, total_G, share_G = pairs_G[groups], total_G[groups], true_G[groups] / pairs_G[groups]
    fitted_G = regression.fit_transform(total_G / pairs_G, share_G, sample_weight=pairs_G)
    return Increasing(groups / GROUPS, total_G, pairs_G, fitted_G)
