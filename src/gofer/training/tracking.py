"""The figures of training: a table that is always written, and a Weights & Biases run if the config asks for one."""

import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gofer.training.columns import COLUMNS
from gofer.training.wandb_run import WandbRun

Row = tuple[str, int, int, str, str, float]


@dataclass(frozen=True)
class Cost:
    """Time and residues of the steps of an epoch, as far as this process did them.

    Attributes:
        seconds: Time of all steps.
        steps: Number of steps.
        residues: Residues that they read.
        mining_seconds: Time of searches in the index, part of `seconds`.
    """

    seconds: float
    steps: int
    residues: int
    mining_seconds: float

    def figures(self) -> dict[str, float]:
        """Costs per step and per second, and the peak memory of the process."""
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {
            "seconds_per_step": self.seconds / self.steps,
            "mining_seconds_per_step": self.mining_seconds / self.steps,
            "residues_per_second": self.residues / self.seconds,
            "peak_memory_gib": peak_bytes / 2**30,
        }


class Tracker:
    """Collects metrics of one stage.

    Args:
        stage: A, B, C or D.
        wandb: Where the figures are sent too.
    """

    def __init__(self, stage: str, wandb: WandbRun | None = None) -> None:
        self.stage = stage
        self._rows: list[Row] = []
        self._costs: list[Row] = []
        self._wandb = wandb

    def log(self, *, epoch: int, step: int, split: str, **metrics: float) -> None:
        """Record figures of one moment; NaN where a figure is not defined."""
        self._rows += [(self.stage, epoch, step, split, name, float(value)) for name, value in metrics.items()]
        if self._wandb:
            self._wandb.log(epoch, step, {f"{split}/{name}": value for name, value in metrics.items()})

    def log_cost(self, epoch: int, step: int, cost: Cost) -> None:
        """Record the costs of an epoch, separately from the metrics, since they differ from run to run."""
        figures = cost.figures()
        self._costs += [(self.stage, epoch, step, "train", name, value) for name, value in figures.items()]
        if self._wandb:
            self._wandb.log(epoch, step, {f"cost/{name}": value for name, value in figures.items()})

    def table(self) -> pd.DataFrame:
        """All figures so far: columns stage, epoch, step, split, metric, value."""
        return pd.DataFrame(self._rows, columns=COLUMNS)

    def costs(self) -> pd.DataFrame:
        """The costs of the epochs, in the same columns."""
        return pd.DataFrame(self._costs, columns=COLUMNS)

    def state(self) -> dict[str, Any]:
        """What a resumed stage needs of its tracker, as plain JSON."""
        return {"rows": self._rows, "costs": self._costs}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Load the figures of `state`."""
        self._rows = [tuple(row) for row in state["rows"]]
        self._costs = [tuple(row) for row in state["costs"]]

    def finish(self) -> None:
        """Close the W&B run, if there is one."""
        if self._wandb:
            self._wandb.finish()


def means(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure over the steps that have it."""
    names = dict.fromkeys(name for row in figures for name in row)
    return {name: float(np.mean([row[name] for row in figures if name in row])) for name in names}
