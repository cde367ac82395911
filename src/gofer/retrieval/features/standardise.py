"""Numbers on one scale: each by its mean and deviation over the training proteins. Shapes: N proteins, C numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FARTHEST = 6.0  # standard deviations; larger values are clipped


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and deviation of each number over the training proteins.

    Attributes:
        mean_C: Their mean.
        deviation_C: Their standard deviation, 1 where there is none.
    """

    mean_C: NDArray[np.float64]
    deviation_C: NDArray[np.float64]

    @classmethod
    def of_training(cls, values_NC: NDArray) -> "Scale":
        """Measure them on the training proteins."""
        values_NC = np.asarray(values_NC, np.float64)
        deviation_C = values_NC.std(axis=0)
        return cls(values_NC.mean(axis=0), np.where(deviation_C > 0, deviation_C, 1.0))

    def __call__(self, values_NC: NDArray) -> NDArray[np.float64]:
        """Deviations from the mean, within ±`FARTHEST`."""
        return np.clip((np.asarray(values_NC, np.float64) - self.mean_C) / self.deviation_C, -FARTHEST, FARTHEST)
