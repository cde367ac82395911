"""From which score on a prediction may be believed: cutoffs at a stated precision, measured on validation proteins.

Precision is the share of pairs of protein and term, roots left out, that are true, over the proteins that have a label
in the aspect. It is that of the pairs of about one score, by isotonic regression, and not that of all above it: many
good predictions do not make up for bad ones. Shapes: B proteins, S terms seen in training, P pairs.
"""

import numpy as np
from numpy.typing import NDArray

from gofer.metrics.isotonic import increasing

PERCENTS = (50, 70, 90)
RECOMMENDED = 50  # of what is recommended at least so many percent were right
FEWEST = 20  # pairs above a cutoff: of fewer, the share that is right says little


def precision_cutoffs(
    scores_BS: NDArray[np.float32], truth_BS: NDArray[np.bool_], aspects_S: NDArray
) -> dict[str, dict[str, float | None]]:
    """By aspect and percent, the score from which at least so many percent are right; None where none is.

    Args:
        scores_BS: Scores of validation proteins, by a model that has not seen their labels.
        truth_BS: What is true of them.
        aspects_S: Aspect of each term.
    """
    found = {}
    for aspect in np.unique(aspects_S):
        columns = np.flatnonzero(aspects_S == aspect)
        labelled_B = truth_BS[:, columns].any(axis=1)
        labelled = np.ix_(labelled_B, columns)
        found[str(aspect)] = _of_pairs(scores_BS[labelled].ravel(), truth_BS[labelled].ravel())
    return found


def _of_pairs(scores_P: NDArray[np.float32], truth_P: NDArray[np.bool_]) -> dict[str, float | None]:
    if len(scores_P) < FEWEST:
        return {str(percent): None for percent in PERCENTS}
    found = increasing(scores_P, truth_P)
    cutoffs: dict[str, float | None] = {}
    for percent in PERCENTS:
        good = np.flatnonzero(100 * found.share_G >= percent)
        enough = found.pairs_G[good].sum() >= FEWEST
        cutoffs[str(percent)] = float(found.least_G[good[0]]) if enough else None
    return cutoffs
