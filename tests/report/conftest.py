"""A small run, with every table that the page reads, in a separate folder."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import Manifest, write_json, write_table, write_text, write_tsv
from gofer.config import read_config
from gofer.evaluation.leaks import ANCESTORS, SAME_SEQUENCE
from gofer.evaluation.metric_rows import DESCRIPTIVE, not_measured, text_table
from gofer.metrics.bootstrap import differences
from gofer.report.page import Artefacts, build_page
from gofer.tables import DIFFERENCES, LEAKS, PREDICTIONS

RELEASE = Manifest({"go_release": "releases/2015-07-11", "proteins_sha256": "ab" * 32, "residue_encoder": "mini"})
CURVES = ["loss", "con", "dag", "attr", "temperature", "attention_entropy"]


@dataclass
class Run:
    """The run's folder, its config and its artefacts."""

    root: Path
    config: dict[str, Any]
    files: Artefacts

    def page(self) -> str:
        """The page as HTML."""
        return build_page(self.files, self.config, self.root)


def metrics_of(method: str, value: float, aspects: list[str], *, half_width: float = 0.05) -> pd.DataFrame:
    """Every figure of a method, all similar."""
    table = not_measured(method)
    table = table[table["aspect"].isin(aspects)].assign(value=value, low=value - half_width, high=value + half_width)
    return table.assign(n=90, draws=[np.full(3, value, np.float32)] * len(table))


@pytest.fixture(scope="session")
def config(root: Path) -> dict[str, Any]:
    """The demo's config."""
    return read_config(root / "config/defaults.yaml", root / "config/demo.yaml")


@pytest.fixture
def make_run(tmp_path: Path, config: dict[str, Any]) -> Callable[..., Run]:
    """Writes a run; its settings are those of `write_run`."""
    return lambda **settings: write_run(tmp_path / "run", config, **settings)


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any]) -> str:
    """The page of a run in which nothing is special."""
    return write_run(tmp_path_factory.mktemp("plain"), config).page()


def write_run(
    folder: Path,
    config: Mapping[str, Any],
    *,
    aspects: tuple[str, ...] = ("MFO", "BPO", "CCO"),
    diamond: str = "complete",
    protein_id: str = "P1",
    planted: str = "3-6",
    query: bool = True,
    examples: int = 3,
) -> Run:
    """Write all artefacts of a run."""
    _write_metrics(folder, list(aspects), diamond)
    _write_inputs(folder, list(aspects))
    _write_training(folder)
    _write_evidence(folder, protein_id, planted, examples)
    _write_predictions(folder, protein_id)
    return Run(folder, copy.deepcopy(dict(config)), _artefacts(folder, query=query))


def _artefacts(folder: Path, *, query: bool) -> Artefacts:
    names: Mapping[str, str] = {
        "metrics": "evaluation/metrics.tsv",
        "status": "evaluation/metrics.tsv.json",
        "differences": "evaluation/differences.tsv",
        "leaks": "evaluation/leaks.tsv",
        "terms": "inputs/terms.parquet",
        "term_sets": "inputs/term_sets.parquet",
        "splits": "inputs/splits.parquet",
        "evidence": "evaluation/evidence.parquet",
        "faithfulness": "evaluation/faithfulness.tsv",
    }
    return Artefacts(
        **{name: folder / path for name, path in names.items()},
        accounting=[folder / "inputs/accounting-proteins.parquet"],
        training=[folder / f"training/stage-{stage}/metrics.tsv" for stage in "AB"],
        curriculum=folder / "training/curriculum.tsv",
        predictions=[folder / "retrieval/mine/predictions.tsv"] if query else [],
    )


def _write_metrics(folder: Path, aspects: list[str], diamond: str) -> None:
    tables = [metrics_of("gofer", 0.7, aspects), metrics_of("naive", 0.38, aspects)]
    third = metrics_of("diamond", 0.5, aspects) if diamond == "complete" else not_measured("diamond")
    tables.append(third[third["aspect"].isin(aspects)])
    write_text(folder / "evaluation/metrics.tsv", text_table(tables))
    compared = differences(dict(zip(["gofer", "naive", "diamond"], tables, strict=True)), without=DESCRIPTIVE)
    write_text(folder / "evaluation/differences.tsv", text_table([compared], DIFFERENCES))
    checks = [(SAME_SEQUENCE.format(split="test"), 0, 3, "refused"), (ANCESTORS, 12, 3456, "reported")]
    write_tsv(folder / "evaluation/leaks.tsv", pd.DataFrame(checks, columns=LEAKS))
    status = {"gofer": "complete", "naive": "complete", "diamond": diamond}
    write_json(folder / "evaluation/metrics.tsv.json", {"status": status}, RELEASE)


def _write_inputs(folder: Path, aspects: list[str]) -> None:
    go_ids = [f"GO:000000{i}" for i in range(1, 3 * len(aspects) + 1)]
    terms = pd.DataFrame({"go_id": go_ids, "aspect": np.repeat(aspects, 3)})
    sets = pd.DataFrame({"go_id": go_ids, "term_set": ["common", "few", "zero"] * len(aspects)})
    splits = pd.DataFrame(
        {
            "protein_id": [f"P{i}" for i in range(20)],
            "split": ["train"] * 14 + ["val"] * 3 + ["test"] * 3,
            "cluster": [str(i // 2) for i in range(20)],
            "nearest_train": [None] * 15 + ["P0", "P1", "P2", None, "P3"],
            "nearest_identity": [np.nan] * 15 + [0.25, 0.26, 0.29, np.nan, 1.0],
        }
    )
    write_table(folder / "inputs/terms.parquet", terms, RELEASE)
    write_table(folder / "inputs/term_sets.parquet", sets.assign(held_out=sets["term_set"] == "zero"), RELEASE)
    write_table(folder / "inputs/splits.parquet", splits, RELEASE.with_facts(method="identity"))
    accounting = pd.DataFrame({"item": ["proteins"], "reason": ["kept"], "count": [1234]})
    write_table(folder / "inputs/accounting-proteins.parquet", accounting, RELEASE)


def _write_training(folder: Path) -> None:
    for stage, best in (("A", 0.41), ("B", 0.52)):
        rows = [(stage, epoch, 4 * epoch, "train", name, 1 / epoch) for epoch in (1, 2, 3) for name in CURVES]
        rows += [(stage, epoch, 4 * epoch, "val", "fmax", best - 0.1 * (epoch != 2)) for epoch in (1, 2, 3)]
        rows += [(stage, 3, 12, "val", "fmax_CCO", np.nan)]
        columns = ["stage", "epoch", "step", "split", "metric", "value"]
        write_tsv(folder / f"training/stage-{stage}/metrics.tsv", pd.DataFrame(rows, columns=columns))
    knobs = [(stage, step, "hard_frac", step / 20) for stage in "AB" for step in range(12)]
    table = pd.DataFrame(knobs, columns=["stage", "step", "knob", "value"])
    write_tsv(folder / "training/curriculum.tsv", table)


def _write_evidence(folder: Path, protein_id: str, planted: str, examples: int) -> None:
    impact = np.array([0, 0, 3, 4, 4, 3, 0, 0, 1, -1], np.float32)
    rows = [
        {
            "protein_id": protein_id if i == 0 else f"P{i + 1}",
            "go_id": "GO:0000001",
            "name": "first term",
            "score": 0.9 - 0.01 * i,
            "length": 10,
            "evidence": "3-6,9-9",
            "attention": np.full(10, 0.1, np.float32),
            "impact": np.roll(impact, i % 3),
            "planted": planted,
        }
        for i in range(examples)
    ]
    columns = ["protein_id", "go_id", "name", "score", "length", "evidence", "attention", "impact", "planted"]
    write_table(folder / "evaluation/evidence.parquet", pd.DataFrame(rows, columns=columns), RELEASE)
    orders = ("impact", "attention", "chance", "chance in blocks")
    curves = [
        (curve, order, share, 0.3, 0.2, 0.4, examples)
        for curve in ("deletion", "insertion")
        for order in (*orders, *(f"impact - {order}" for order in orders[1:]))
        for share in (["mean"] if " - " in order else ["0.1", "0.9", "mean"])
    ]
    columns = ["curve", "order", "share", "value", "low", "high", "n"]
    write_tsv(folder / "evaluation/faithfulness.tsv", pd.DataFrame(curves if examples else [], columns=columns))


def _write_predictions(folder: Path, protein_id: str) -> None:
    rows = [
        (protein_id, f"GO:000000{i}", 0.9 / i, f"term {i}", "MFO", float(i), "common", None if i == 1 else "P7", "3-6")
        for i in range(1, 8)
    ]
    names = [*PREDICTIONS[:7], "nearest_protein", "evidence"]
    table = pd.DataFrame(rows, columns=names).reindex(columns=PREDICTIONS, fill_value="")
    write_tsv(folder / "retrieval/mine/predictions.tsv", table)
    write_text(folder / "retrieval/mine/predictions.gaf", "!gaf-version: 2.2\n")
