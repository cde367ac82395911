"""One figure by which settings are chosen on validation proteins: of all three by which CAFA judges.

quality = Fmax + weighted Fmax - Smin / Smin of no prediction at all. Either alone misleads: Fmax hardly feels a wrong
informative term, Smin hardly a missed common one. Shapes: B proteins, C terms of one aspect.
"""

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.metrics import count, fmax_of, smin_of


def quality(scores_BC: NDArray, labels_BC: NDArray[np.bool_], accretion_C: NDArray) -> float:
    """Higher is better; a part that cannot be had counts as 0.

    Args:
        scores_BC: Scores in [0, 1], propagated.
        labels_BC: Labels, propagated.
        accretion_C: Information accretion of each term.
    """
    scores_BC = np.asarray(scores_BC, np.float64)
    plain, weighted = (count(scores_BC, labels_BC, weights_C) for weights_C in (None, accretion_C))
    told_B = labels_BC @ np.asarray(accretion_C, np.float64)
    nothing = float(
        told_B.sum() / max(int(labels_BC.any(axis=1).sum()), 1)
    )  # what is missed where nothing is predicted
    smin = float(smin_of(weighted)[0])
    lost = (smin if np.isfinite(smin) else nothing) / nothing if nothing > 0 else 0.0
    return float(np.nan_to_num([fmax_of(plain)[0], fmax_of(weighted)[0], -lost]).sum())
