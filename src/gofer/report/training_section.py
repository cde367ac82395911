"""Training over all stages: metrics and curricula, with steps counted through from A to D."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from gofer.mining.curriculum import COLUMNS as CURRICULUM_COLUMNS
from gofer.report import labels_and_help as words
from gofer.report import plots as figures
from gofer.report.input_tables import read_tsv
from gofer.training.columns import COLUMNS as METRIC_COLUMNS


@dataclass(frozen=True)
class StageRow:
    """A stage in short.

    Attributes:
        stage: A to D.
        text_phase: Phase of the GO texts that it reads.
        epochs: Passes over the training proteins.
        learning_rate: Highest learning rate.
        first_loss: Mean training loss of the first epoch.
        last_loss: That of the last.
        best_fmax: Best validation Fmax.
        best_epoch: Its epoch; those weights are kept.
        temperature: At the end.
        step: Time of a step.
        mining: Share of it that the search for hard negatives takes.
        speed: Residues per second.
        memory: Most memory of the job.
    """

    stage: str
    text_phase: str
    epochs: int
    learning_rate: str
    first_loss: str
    last_loss: str
    best_fmax: str
    best_epoch: str
    temperature: str
    step: str
    mining: str
    speed: str
    memory: str


@dataclass(frozen=True)
class Panel:
    """A picture with its head and one sentence."""

    title: str
    meaning: str
    svg: Markup


@dataclass(frozen=True, eq=False)
class TrainingStory:
    """All stages together.

    Attributes:
        metrics: `METRIC_COLUMNS`; `through` is the step counted over all stages.
        curriculum: `CURRICULUM_COLUMNS` with `through`.
        costs: `METRIC_COLUMNS`; empty where it is not known what training took.
        steps: Steps by stage, in order.
    """

    metrics: pd.DataFrame
    curriculum: pd.DataFrame
    costs: pd.DataFrame
    steps: Mapping[str, int]

    @classmethod
    def read(
        cls, metrics: Iterable[Path | str], curriculum: Path | str, costs: Iterable[Path | str]
    ) -> "TrainingStory":
        """Read the stages' `metrics.tsv`, the curriculum, and what training took, as far as it is there."""
        measured = pd.concat([read_tsv(path, METRIC_COLUMNS) for path in metrics], ignore_index=True)
        planned = read_tsv(curriculum, CURRICULUM_COLUMNS)
        steps = {stage: int(last) for stage, last in measured.groupby("stage", sort=True)["step"].max().items()}
        before, begin = {}, 0
        for stage, count in steps.items():
            before[stage], begin = begin, begin + count
        return cls(
            measured.assign(through=measured["step"] + measured["stage"].map(before)),
            planned.assign(through=planned["step"] + planned["stage"].map(before)),
            pd.concat([pd.DataFrame(columns=METRIC_COLUMNS), *(read_tsv(path, METRIC_COLUMNS) for path in costs)]),
            steps,
        )

    def of(self, split: str) -> pd.DataFrame:
        """Columns stage, step (counted through), metric, value of one split."""
        rows = self.metrics[self.metrics["split"] == split]
        return rows[["stage", "through", "metric", "value"]].rename(columns={"through": "step"})

    def rows(self, training: Mapping[str, Any]) -> list[StageRow]:
        """The stages in short; `training` is that section of the config."""
        return [self._row(stage, training["stages"][stage]) for stage in self.steps]

    def _row(self, stage: str, settings: Mapping[str, Any]) -> StageRow:
        rows = self.metrics[self.metrics["stage"] == stage]
        losses = _values(rows, "train", "loss")
        fmax = _values(rows, "val", "fmax").dropna()
        temperature = _values(rows, "train", "temperature")
        return StageRow(
            stage=stage,
            text_phase=str(settings["text_phase"]),
            epochs=int(rows["epoch"].max()),
            learning_rate=f"{settings['learning_rate']:g}",
            first_loss=words.number(losses.iloc[0] if len(losses) else float("nan"), 3),
            last_loss=words.number(losses.iloc[-1] if len(losses) else float("nan"), 3),
            best_fmax=words.number(fmax.max(), 3),
            best_epoch=str(fmax.idxmax()) if len(fmax) else words.NOT_AVAILABLE,
            temperature=words.number(temperature.iloc[-1] if len(temperature) else float("nan"), 3),
            **self._took(stage),
        )

    def _took(self, stage: str) -> dict[str, str]:
        rows = self.costs[self.costs["stage"] == stage]
        means = {name: _values(rows, "train", name).mean() for name in rows["metric"].unique()}
        step = means.get("seconds_per_step", float("nan"))
        return {
            "step": words.with_unit(1000 * step, "ms"),
            "mining": words.with_unit(100 * means.get("mining_seconds_per_step", float("nan")) / step, "%"),
            "speed": words.with_unit(means.get("residues_per_second", float("nan")), "/s"),
            "memory": words.with_unit(means.get("peak_memory_gib", float("nan")), "GiB", 1),
        }

    def panels(self) -> list[Panel]:
        """Losses, validation Fmax, and other curves."""
        train, val = self.of("train"), self.of("val")
        both = pd.concat([train, val.assign(metric="val_" + val["metric"])], ignore_index=True)
        aspects = {f"fmax_{aspect}": aspect for aspect in words.ASPECT_NAMES}
        plan = [
            ("Validation Fmax", "fmax", val, {"fmax": "mean", **aspects}),
            ("Total loss", "loss", both, {"loss": "training", "val_loss": "validation"}),
            ("Contrastive loss", "con", both, {"con": "training", "val_con": "validation"}),
            ("Ontology loss", "dag", both, {"dag": "training", "val_dag": "validation"}),
            ("Attribution loss", "attr", both, {"attr": "training", "val_attr": "validation"}),
            ("Temperature", "temperature", train, {"temperature": "temperature"}),
            ("Attention entropy", "attention_entropy", train, {"attention_entropy": "attention entropy"}),
            ("Alignment", "alignment", train, {"alignment": "alignment"}),
            ("Uniformity", "uniformity", train, {"uniformity": "uniformity"}),
            ("Few-shot share", "few_share", train, {"few_share": "few-shot share"}),
            ("Negatives per protein", "negatives", train, {"negatives": "negatives"}),
            ("Age of the index", "index_age", train, {"index_age": "index age"}),
        ]
        return [
            Panel(title, words.CURVES[key], figures.curves(table, lines, f"curve-{key}", steps=self.steps))
            for title, key, table, lines in plan
            if table.loc[table["metric"].isin(lines), "value"].fillna(0).ne(0).any()
        ]

    def knobs(self) -> list[Panel]:
        """The curriculum, one small picture per knob that there is."""
        table = self.curriculum.assign(step=self.curriculum["through"], metric=self.curriculum["knob"])
        return [
            Panel(title, knob, figures.curves(table, {knob: title}, f"knob-{knob}", steps=self.steps))
            for knob, title in words.KNOBS.items()
            if (table["metric"] == knob).any()
        ]


def _values(table: pd.DataFrame, split: str, metric: str) -> pd.Series:
    rows = table[(table["split"] == split) & (table["metric"] == metric)]
    return rows.set_index("epoch")["value"].astype(float)
