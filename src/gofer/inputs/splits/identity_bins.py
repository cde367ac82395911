"""Bins of the identity to the nearest training protein.

They have a separate module, since evaluation needs them and has no aligner in its environment.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gofer.names import IDENTITY_BINS


def identity_bins(identity: Iterable[float]) -> pd.Series:
    """The bin of each identity, its lower edge included; "none similar" where there is none (NaN).

    Args:
        identity: In [0, 1], or NaN.

    Returns:
        An ordered categorical series of the names of `names.IDENTITY_BINS`.
    """
    names = np.array([bin_.name for bin_ in IDENTITY_BINS], dtype=object)
    edges = [bin_.least for bin_ in IDENTITY_BINS if bin_.least is not None]
    values = np.array(list(identity), dtype=np.float64)
    place = np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="right"))
    return pd.Series(pd.Categorical(names[place], categories=names, ordered=True))
