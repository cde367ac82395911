"""The Weights & Biases run of a run of gofer: one for all stages, also when a stage was stopped and resumed.

Each stage is a separate job, so W&B writes a folder for each try of a stage. Those of one run have the same id, which
is kept in `run.json` next to them. `wandb sync` joins folders of one id, in the order of their times (its `--help`).
Steps and epochs are counted over all stages, as planned: a stage that stopped early leaves a gap.

The key of a W&B account comes from the environment only; offline runs need neither an account nor a network.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import write_text
from gofer.errors import GoferError


@dataclass(frozen=True)
class WandbRun:
    """One stage's part of the W&B run.

    Attributes:
        run: What `wandb.init` returned.
        epochs_before: Planned epochs of the stages before this one.
        epoch_steps: Steps of an epoch, the same in all stages.
    """

    run: Any
    epochs_before: int
    epoch_steps: int

    @classmethod
    def begin(
        cls,
        stage: str,
        *,
        mode: str,
        folder: Path,
        name: str,
        settings: Mapping[str, Any],
        about: Mapping[str, Any],
        plan: pd.DataFrame,
        epochs_before: int,
        epoch_steps: int,
    ) -> "WandbRun":
        """Begin or continue the run; a new stage sends its curriculum before it begins, as a table and a picture.

        Args:
            stage: A, B, C or D.
            mode: "offline" or "online".
            folder: W&B writes to the folder `wandb` in it, and nowhere else.
            name: Name of the run.
            settings: The configuration that W&B shows.
            about: What the stage is made from, by name. A stage that begins again with something else gets a new id,
                since W&B drops steps that a run has already.
            plan: The curriculum of this stage: columns step, knob, value.
            epochs_before: As in the attributes.
            epoch_steps: As in the attributes.

        Raises:
            GoferError: The run is online, and the environment holds no key.
        """
        if mode == "online" and not os.environ.get("WANDB_API_KEY"):
            raise GoferError(
                "training.wandb is online, but the environment holds no WANDB_API_KEY",
                help="set it in the environment (never in a config), or use wandb: offline",
            )
        (folder / "wandb").mkdir(parents=True, exist_ok=True)
        # W&B and matplotlib would write into the home folder.
        for place in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "MPLCONFIGDIR"):
            os.environ.setdefault(place, str(folder / "wandb" / ".cache"))
        import wandb

        run_id, is_new = _run_id(folder / "wandb" / "run.json", stage, about)
        run = wandb.init(
            project="gofer",
            name=name,
            id=run_id,
            resume="allow",
            dir=folder,
            mode="online" if mode == "online" else "offline",
            config=dict(settings),
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
            ),
        )
        begun = cls(run, epochs_before, epoch_steps)
        if is_new:
            plan = plan[["step", "knob", "value"]].assign(step=plan["step"] + epochs_before * epoch_steps)
            shown = {"curriculum/table": wandb.Table(dataframe=plan), "curriculum/picture": wandb.Image(_picture(plan))}
            run.log(shown, step=epochs_before * epoch_steps)
        return begun

    def log(self, epoch: int, step: int, figures: Mapping[str, float]) -> None:
        """Send figures of an epoch and a step of this stage."""
        self.run.log(
            {**figures, "epoch": self.epochs_before + epoch}, step=self.epochs_before * self.epoch_steps + step
        )

    def finish(self) -> None:
        """Close this part of the run."""
        self.run.finish()


def _run_id(path: Path, stage: str, about: Mapping[str, Any]) -> tuple[str, bool]:
    # The id, and whether the stage is new in it; one that is resumed, or tried again from the same things, is not.
    digest = sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if kept is None or kept["begun"].get(stage, digest) != digest:
        kept = {"id": secrets.token_hex(4), "begun": {}}
    is_new = stage not in kept["begun"]
    kept["begun"][stage] = digest
    write_text(path, json.dumps(kept, indent=1) + "\n")
    return kept["id"], is_new


def _picture(plan: pd.DataFrame) -> NDArray[np.uint8]:
    # One panel for each knob over the steps; pixels of red, green, blue and alpha.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    knobs = list(plan.groupby("knob", sort=False))
    figure = Figure(figsize=(8, 1.6 * len(knobs)), layout="constrained")
    for axes, (knob, points) in zip(figure.subplots(len(knobs), sharex=True, squeeze=False)[:, 0], knobs, strict=True):
        axes.plot(points["step"], points["value"])
        axes.set_title(str(knob), loc="left")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())
