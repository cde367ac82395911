"""What training measured: a table that is always written, and Weights & Biases beside it where that is wanted.

The key of a W&B account comes from the environment only; offline, neither an account nor a network is needed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gofer.errors import GoferError

COLUMNS = ["stage", "epoch", "step", "split", "metric", "value"]


class Tracker:
    """Collects metrics of one stage.

    Args:
        stage: A, B, C or D.
        mode: "offline", "online" or "disabled" W&B.
        folder: Where W&B may write.
        run: Name of the run, the W&B group.
        settings: What W&B keeps as the configuration.
    """

    def __init__(self, stage: str, *, mode: str, folder: Path, run: str, settings: Mapping[str, Any]) -> None:
        self.stage = stage
        self._rows: list[tuple[str, int, int, str, str, float]] = []
        self._wandb = None if mode == "disabled" else _begin(stage, mode, folder, run, settings)

    def log(self, *, epoch: int, step: int, split: str, **metrics: float) -> None:
        """Keep figures of one moment; NaN says that a figure cannot be had."""
        self._rows += [(self.stage, epoch, step, split, name, float(value)) for name, value in metrics.items()]
        if self._wandb:
            self._wandb.log({f"{split}/{name}": value for name, value in metrics.items()} | {"epoch": epoch}, step=step)

    def table(self) -> pd.DataFrame:
        """Everything so far: columns stage, epoch, step, split, metric, value."""
        return pd.DataFrame(self._rows, columns=COLUMNS)

    def finish(self) -> None:
        """Close the W&B run, if there is one."""
        if self._wandb:
            self._wandb.finish()


def _begin(stage: str, mode: str, folder: Path, run: str, settings: Mapping[str, Any]) -> Any:
    if mode == "online" and not os.environ.get("WANDB_API_KEY"):
        raise GoferError(
            "training.wandb is online, but the environment holds no WANDB_API_KEY",
            help="set it in the environment (never in a config), or use wandb: offline",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for place in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):  # else W&B writes into the home
        os.environ.setdefault(place, str(folder / "wandb" / ".cache"))
    import wandb

    return wandb.init(
        project="gofer",
        group=run,
        name=f"{run}-{stage}",
        dir=folder,
        mode="online" if mode == "online" else "offline",
        config=dict(settings),
        settings=wandb.Settings(
            silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True, x_disable_meta=True
        ),
    )
