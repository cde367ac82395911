"""One figure by which settings are chosen on validation proteins: of all three by which CAFA judges.

quality = Fmax + weighted Fmax - Smin / Smin of no prediction at all. Either alone misleads: Fmax hardly feels a wrong
informative term, Smin hardly a missed common one. What is missed where nothing is predicted is the mean information of
the labels. Shapes: B proteins, C terms of one aspect.
"""

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.metrics import Counts, count, fmax_of, smin_of


def quality(scores_BC: NDArray, labels_BC: NDArray[np.bool_], accretion_C: NDArray) -> float:
    """Higher is better; a part that cannot be had counts as 0.

    Args:
        scores_BC: Scores in [0, 1], propagated.
        labels_BC: Labels, propagated.
        accretion_C: Information accretion of each term.
    """
    scores_BC = np.asarray(scores_BC, np.float64)
    return quality_of(*(count(scores_BC, labels_BC, weights_C) for weights_C in (None, accretion_C)))


def quality_of(plain: Counts, weighted: Counts) -> float:
    """The same of what was counted, each term as 1 and as its information accretion."""
    if not len(weighted.labels_B):
        return 0.0
    nothing, smin = float(weighted.labels_B.mean()), float(smin_of(weighted)[0])
    lost = (smin if np.isfinite(smin) else nothing) / nothing if nothing > 0 else 0.0
    return float(np.nan_to_num([fmax_of(plain)[0], fmax_of(weighted)[0], -lost]).sum())
