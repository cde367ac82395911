"""Scores at the three significant figures that the CAFA challenge allows."""

import numpy as np
from numpy.typing import NDArray

SIGNIFICANT_FIGURES = 3  # all that the challenge allows
LEAST_ROUNDED = 1e-300  # below, the power of ten that rounding needs is no finite number


def rounded(scores: NDArray) -> NDArray[np.float64]:
    """Scores at three significant figures, as a CAFA file holds them; positive scores stay positive."""
    scores = np.asarray(scores, np.float64)
    small = np.abs(scores) < LEAST_ROUNDED
    magnitude = np.floor(np.log10(np.abs(scores), where=~small, out=np.zeros_like(scores)))
    decimals = SIGNIFICANT_FIGURES - 1 - magnitude
    return np.where(small, scores, np.rint(scores * 10.0**decimals) / 10.0**decimals)
