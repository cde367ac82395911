"""How hard the negatives are at each step: every knob moves from a first to a last value over one stage."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

TABLE_POINTS = 101


@dataclass(frozen=True)
class Knobs:
    """The curriculum at one step.

    Attributes:
        hard_frac: Share of the `k_hard` places that mined negatives fill, in [0, 1]; siblings fill the rest.
        shortlist_M: Terms asked of the index per protein.
        k_hard: Places for hard negatives per protein.
        random_k: Random terms, the same for the whole batch.
        inbatch_easy: Share of the batch's other terms that are negatives, in [0, 1].
        hier_up: Ancestors of a stated positive within this many hops are no negatives.
        hier_down: Descendants likewise.
    """

    hard_frac: float
    shortlist_M: int
    k_hard: int
    random_k: int
    inbatch_easy: float
    hier_up: int
    hier_down: int


COLUMNS = ["stage", "step", "knob", "value"]
KNOBS = tuple(Knobs.__dataclass_fields__)
SHARES = ("hard_frac", "inbatch_easy")


@dataclass(frozen=True)
class CurriculumConfig:
    """First and last value of each knob, and the path between them.

    Attributes:
        shape: "linear", or "cosine" (slow, fast, slow).
        warmup: Share of the steps, in [0, 1), that stay at the first values.
        ranges: (first, last) by name of the knob.
    """

    shape: str
    warmup: float
    ranges: Mapping[str, tuple[float, float]]

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> "CurriculumConfig":
        """From the `curriculum` block of a stage."""
        ranges = {knob: (float(settings[knob][0]), float(settings[knob][1])) for knob in KNOBS}
        return cls(shape=settings["shape"], warmup=float(settings["warmup"]), ranges=ranges)

    def at(self, step: int, steps: int) -> Knobs:
        """The knobs at `step` in 0..steps-1; counts are rounded to the nearest whole number."""
        way = progress_at(step, steps, warmup=self.warmup, shape=self.shape)
        values = {knob: first + way * (last - first) for knob, (first, last) in self.ranges.items()}
        return Knobs(**{k: v if k in SHARES else round(v) for k, v in values.items()})  # type: ignore[arg-type]


def progress_at(step: int, steps: int, *, warmup: float, shape: str) -> float:
    """Progress of a schedule, in [0, 1]: 0 during the warm-up, 1 at the last step."""
    begin = warmup * (steps - 1)
    way = min(max((step - begin) / max(steps - 1 - begin, 1e-9), 0.0), 1.0)
    return way if shape == "linear" else 0.5 - 0.5 * math.cos(math.pi * way)


def curriculum_table(config: CurriculumConfig, stage: str, steps: int) -> pd.DataFrame:
    """The curriculum of a stage before it begins: `COLUMNS`, at up to `TABLE_POINTS` steps."""
    points = sorted({round(i * (steps - 1) / (TABLE_POINTS - 1)) for i in range(TABLE_POINTS)})
    rows = [(stage, step, knob, value) for step in points for knob, value in asdict(config.at(step, steps)).items()]
    return pd.DataFrame(rows, columns=COLUMNS)
