"""The figures of training: a table that is always written, and a Weights & Biases run if the config asks for one.

The key of a W&B account comes from the environment only; offline runs need neither an account nor a network.
"""

import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gofer.errors import GoferError
from gofer.training.columns import COLUMNS

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
        mode: "offline", "online" or "disabled" W&B.
        folder: Where W&B may write.
        run: Name of the run, the W&B group.
        settings: The configuration that W&B shows.
        kept: `state` of the same stage before it was stopped: its W&B run is resumed.
    """

    def __init__(
        self,
        stage: str,
        *,
        mode: str,
        folder: Path,
        run: str,
        settings: Mapping[str, Any],
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        self.stage = stage
        self._rows: list[Row] = []
        self._costs: list[Row] = []
        run_id = (kept or {}).get("wandb_id")
        self._wandb = None if mode == "disabled" else _begin(stage, mode, folder, run, settings, run_id)

    def preview(self, plan: pd.DataFrame) -> None:
        """Send W&B the curriculum of this stage before it begins: a table, and a line per knob."""
        if not self._wandb:
            return
        import wandb

        plan = plan[["step", "knob", "value"]]
        table = wandb.Table(dataframe=plan)
        lines = {
            f"curriculum/{knob}": wandb.plot.line(wandb.Table(dataframe=points), "step", "value", title=str(knob))
            for knob, points in plan.groupby("knob")
        }
        self._wandb.log({"curriculum/table": table, **lines}, step=0)

    def log(self, *, epoch: int, step: int, split: str, **metrics: float) -> None:
        """Record figures of one moment; NaN where a figure is not defined."""
        self._rows += [(self.stage, epoch, step, split, name, float(value)) for name, value in metrics.items()]
        if self._wandb:
            self._wandb.log({f"{split}/{name}": value for name, value in metrics.items()} | {"epoch": epoch}, step=step)

    def log_cost(self, epoch: int, step: int, cost: Cost) -> None:
        """Record the costs of an epoch, separately from the metrics, since they differ from run to run."""
        figures = cost.figures()
        self._costs += [(self.stage, epoch, step, "train", name, value) for name, value in figures.items()]
        if self._wandb:
            self._wandb.log({f"cost/{name}": value for name, value in figures.items()}, step=step)

    def table(self) -> pd.DataFrame:
        """All figures so far: columns stage, epoch, step, split, metric, value."""
        return pd.DataFrame(self._rows, columns=COLUMNS)

    def costs(self) -> pd.DataFrame:
        """The costs of the epochs, in the same columns."""
        return pd.DataFrame(self._costs, columns=COLUMNS)

    def state(self) -> dict[str, Any]:
        """What a resumed stage needs of its tracker, as plain JSON."""
        return {"rows": self._rows, "costs": self._costs, "wandb_id": self._wandb.id if self._wandb else None}

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


def _begin(stage: str, mode: str, folder: Path, run: str, settings: Mapping[str, Any], run_id: str | None) -> Any:
    if mode == "online" and not os.environ.get("WANDB_API_KEY"):
        raise GoferError(
            "training.wandb is online, but the environment holds no WANDB_API_KEY",
            help="set it in the environment (never in a config), or use wandb: offline",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for place in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):  # W&B would write into the home folder
        os.environ.setdefault(place, str(folder / "wandb" / ".cache"))
    import wandb

    return wandb.init(
        project="gofer",
        group=run,
        name=f"{run}-{stage}",
        id=run_id,
        resume="allow" if run_id else None,
        dir=folder,
        mode="online" if mode == "online" else "offline",
        config=dict(settings),
        settings=wandb.Settings(
            silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True, x_disable_meta=True
        ),
    )
