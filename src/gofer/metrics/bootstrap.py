"""Bootstrap intervals over proteins, for one figure and for the difference of two methods on the same draws.

Shapes: B proteins, N resamples; the first has every protein once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.methods import OURS
from gofer.tables import DIFFERENCES, METRIC_KEYS

DRAWS = "draws"  # column of the resampled values in a table of measures
UNBOUNDED = (-np.inf, np.inf)


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: 95 % percentile intervals over proteins drawn with replacement, corrected for bias.

    A protein drawn twice is an easy neighbour to itself, so resampled macro figures are too high (Efron and
    Tibshirani 1993, chapter 10); the mean difference is subtracted from both ends.

    Attributes:
        resamples: How many.
        seed: Makes them repeatable; every method sees the same draws.
    """

    resamples: int = 200
    seed: int = 1

    def draws(self, n_proteins: int) -> NDArray[np.float64]:
        """How often each protein is drawn, (1 + resamples, B); the first row is every protein once."""
        rng = np.random.default_rng(self.seed)
        shares = np.full(n_proteins, 1 / max(n_proteins, 1))
        drawn = rng.multinomial(n_proteins, shares, self.resamples) if n_proteins else np.zeros((self.resamples, 0))
        return np.concatenate([np.ones((1, n_proteins)), drawn])


def interval(values_N: NDArray, bounds: tuple[float, float] = (0, 1)) -> dict[str, float]:
    """Value, low and high of a figure; low and high are NaN where there is no interval.

    Args:
        values_N: The figure of each resample, every protein once first; NaN where it is not defined.
        bounds: Lowest and highest possible value.
    """
    values_N = np.asarray(values_N, np.float64)
    value, drawn = float(values_N[0]), values_N[1:][np.isfinite(values_N[1:])]
    if not np.isfinite(value) or not len(drawn):
        return {"value": value, "low": np.nan, "high": np.nan}
    low, high = np.clip(np.percentile(drawn, [2.5, 97.5]) - (drawn.mean() - value), *bounds)
    return {"value": value, "low": float(low), "high": float(high)}


def differences(
    measures: Mapping[str, pd.DataFrame], *, method: str = OURS, without: Iterable[str] = ()
) -> pd.DataFrame:
    """Paired differences between one method and each other, metric by metric, with their intervals.

    Both methods see the same draws, so what makes a sample of proteins easy or hard for both cancels.

    Args:
        measures: By method, the rows of the metrics table with all draws.
        method: Compared with all others.
        without: Metrics that are not compared.

    Returns:
        `tables.DIFFERENCES`: value is that of `method` minus that of `against`. Values that one of the two lacks are
        left out.
    """
    parts = [pd.DataFrame(columns=DIFFERENCES)]
    for against in (name for name in measures if name != method and method in measures):
        both = measures[method].merge(measures[against], on=METRIC_KEYS, suffixes=("", "_against"))
        known = both["value"].notna() & both["value_against"].notna()
        both = both[known & ~both["metric"].isin(list(without))]
        intervals = [
            interval(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64), UNBOUNDED)
            for ours, theirs in zip(both[DRAWS], both[f"{DRAWS}_against"], strict=True)
        ]
        values = pd.DataFrame(intervals, index=both.index, columns=["value", "low", "high"])
        parts.append(both.assign(method=method, against=against, **values)[DIFFERENCES])
    return pd.concat(parts[1:] or parts, ignore_index=True)
