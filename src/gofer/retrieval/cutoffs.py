"""From which score on a prediction may be believed: cutoffs at a stated precision, measured on validation proteins.

Precision is the share of pairs of protein and term, roots left out, that are true, over the proteins that have a label
in the aspect. Shapes: B proteins, S terms seen in training.
"""

import numpy as np
from numpy.typing import NDArray

PERCENTS = (50, 70, 90)
RECOMMENDED = 50  # of what is recommended at least so many percent were right
FEWEST = 20  # pairs above a cutoff: of fewer, the share that is right says little


def precision_cutoffs(
    scores_BS: NDArray[np.float32], truth_BS: NDArray[np.bool_], aspects_S: NDArray
) -> dict[str, dict[str, float | None]]:
    """By aspect and percent, the lowest score from which at least so many percent are right; None where none is.

    Args:
        scores_BS: Scores of validation proteins, by a model that has not seen their labels.
        truth_BS: What is true of them.
        aspects_S: Aspect of each term.
    """
    found = {}
    for aspect in np.unique(aspects_S):
        columns = np.flatnonzero(aspects_S == aspect)
        labelled_B = truth_BS[:, columns].any(axis=1)
        own = np.ix_(labelled_B, columns)
        found[str(aspect)] = _of_pairs(scores_BS[own].ravel(), truth_BS[own].ravel())
    return found


def _of_pairs(scores_P: NDArray[np.float32], truth_P: NDArray[np.bool_]) -> dict[str, float | None]:
    order = np.argsort(-scores_P, kind="stable")
    scores_P, right_P = scores_P[order], np.cumsum(truth_P[order])
    number_P = np.arange(1, len(scores_P) + 1)
    # Pairs of the same score are predicted together: only the last of them may be a cutoff.
    last_P = np.append(np.diff(scores_P) < 0, True)[: len(scores_P)] & (number_P >= FEWEST)
    cutoffs: dict[str, float | None] = {}
    for percent in PERCENTS:
        good = np.flatnonzero(last_P & (100 * right_P >= percent * number_P))
        cutoffs[str(percent)] = float(scores_P[good[-1]]) if len(good) else None
    return cutoffs
