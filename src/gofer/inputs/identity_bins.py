"""Bins of the identity to the nearest training protein, by which leaks are counted and results can be told apart."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

NONE_FOUND = "none found"
EDGES = (0.3, 0.5, 0.7, 0.95)
BINS = ("under 30 %", "30–50 %", "50–70 %", "70–95 %", "95 % or more")


def identity_bins(identity: Iterable[float]) -> pd.Series:
    """The bin of each identity, its lower edge included; `NONE_FOUND` where there is none (NaN).

    Args:
        identity: In [0, 1], or NaN.

    Returns:
        An ordered categorical series, `NONE_FOUND` first.
    """
    names = np.array([NONE_FOUND, *BINS], dtype=object)
    values = np.array(list(identity), dtype=np.float64)
    place = np.where(np.isnan(values), 0, 1 + np.searchsorted(EDGES, values, side="right"))
    return pd.Series(pd.Categorical(names[place], categories=names, ordered=True))
