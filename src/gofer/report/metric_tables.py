"""How good the predictions are: `metrics.tsv` as rows for the page.

A value that is not defined stays `n/a`. A value is marked as the best of its column only where its 95 % interval is
wholly beyond that of every other method, and where at least `FEWEST` test proteins were measured: anything less could
be chance, and resampling a handful of proteins gives intervals that are too narrow.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.artefacts import read_json
from gofer.errors import ArtefactError
from gofer.methods import METHODS, method_name
from gofer.names import ASPECTS, TERM_SETS, titled
from gofer.report import labels_and_help as words
from gofer.tables import METRICS

COMPLETE = "complete"
MAIN = ["fmax", "weighted_fmax", "smin", "micro_aupr", "macro_aupr", "coverage"]
THRESHOLDS = [
    "best_threshold", "validation_threshold", "f_at_validation_threshold", "weighted_f_at_validation_threshold",
    "s_at_validation_threshold",
]  # fmt: skip
RETRIEVAL = ["recall_at_10", "mrr", "proteins_recall_at_10", "proteins_mrr", "macro_auroc", "calibration_error"]
PICTURED = ["fmax", "weighted_fmax", "micro_aupr", "macro_aupr"]
OF_TERM_SETS = ["fmax", "recall_at_10", "macro_aupr", "macro_auroc"]
FEWEST = 20
NEVER_BEST = ("coverage", "best_threshold", "validation_threshold")  # high or low says nothing about quality


@dataclass(frozen=True)
class Figure:
    """One value with its 95 % interval; NaN if it is not defined. `n` counts proteins, or terms for macro figures."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: int = 0

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))


@dataclass(frozen=True)
class Cell:
    """A figure as text."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True)
class MethodRow:
    """A method's figures, in the order of the table's columns."""

    method: str
    cells: list[Cell]
    n: str


@dataclass(frozen=True)
class Block:
    """Rows of a table under one head, e.g. those of an aspect.

    Attributes:
        key: Aspect, or term set.
        title: Its name in words.
        about: What n is.
        rows: One per method.
    """

    key: str
    title: str
    about: str
    rows: list[MethodRow]


@dataclass(frozen=True, eq=False)
class Metrics:
    """The metrics of a run.

    Attributes:
        table: Columns `tables.METRICS`; NaN where a figure is not defined.
        status: By method, "complete" or why it could not run.
    """

    table: pd.DataFrame
    status: Mapping[str, str]

    @classmethod
    def read(cls, metrics: Path | str, status: Path | str) -> "Metrics":
        """Read `metrics.tsv` and its status, `metrics.tsv.json`.

        Raises:
            ArtefactError: One of them is missing or is something else.
        """
        try:
            table = pd.read_csv(metrics, sep="\t", keep_default_na=False, na_values=[words.NOT_AVAILABLE])
            table = table[METRICS].astype(dict.fromkeys(["value", "low", "high"], float))
        except (OSError, ValueError, KeyError) as error:
            raise ArtefactError(f"{metrics} cannot be read as metrics ({error})", help="run snakemake again") from error
        return cls(table, read_json(status)["status"])

    @property
    def methods(self) -> list[str]:
        """All methods, the known ones first."""
        rest = [method for method in self.status if method not in METHODS]
        return [method for method in METHODS if method in self.status] + sorted(rest)

    @property
    def measured(self) -> list[str]:
        """The methods that ran."""
        return [method for method in self.methods if self.status[method] == COMPLETE]

    @property
    def missing(self) -> list[tuple[str, str]]:
        """Name of each method that could not run, and why."""
        return [(method_name(m), self.status[m]) for m in self.methods if self.status[m] != COMPLETE]

    @property
    def aspects(self) -> list[str]:
        """The aspects of the table, in the usual order."""
        return [aspect for aspect in ASPECTS if (self.table["aspect"] == aspect).any()]

    @property
    def count_bins(self) -> list[str]:
        """The sets of terms made by their number of training proteins, in the order of the table."""
        return [name for name in self.table["term_set"].unique() if name.startswith("train_")]

    def figure(self, method: str, aspect: str, term_set: str, metric: str, split: str = "test") -> Figure:
        """One figure; all NaN where the table does not have it."""
        return self._figures.get((method, split, aspect, term_set, metric), Figure())

    @cached_property
    def _figures(self) -> dict[tuple[str, str, str, str, str], Figure]:
        keys = zip(*(self.table[name] for name in ("method", "split", "aspect", "term_set", "metric")), strict=True)
        values = zip(*(self.table[name] for name in ("value", "low", "high", "n")), strict=True)
        return {
            key: Figure(float(value), float(low), float(high), int(n))
            for key, (value, low, high, n) in zip(keys, values, strict=True)
        }

    def proteins(self, aspect: str, term_set: str, split: str = "test") -> int:
        """Test proteins that have a term of the set."""
        return self._proteins.get((split, aspect, term_set), 0)

    @cached_property
    def _proteins(self) -> dict[tuple[str, str, str], int]:
        of_terms = [name for name, measure in words.MEASURES.items() if measure.of_terms]
        of_proteins = self.table[self.table["method"].isin(self.measured) & ~self.table["metric"].isin(of_terms)]
        return of_proteins.groupby(["split", "aspect", "term_set"])["n"].max().astype(int).to_dict()

    @property
    def few_proteins(self) -> list[str]:
        """Aspects with fewer than `FEWEST` test proteins, in words."""
        counts = {aspect: self.proteins(aspect, "all") for aspect in self.aspects}
        return [f"{words.ASPECT_NAMES[aspect].lower()} ({count})" for aspect, count in counts.items() if count < FEWEST]

    def has_values(self, aspect: str, term_sets: Iterable[str], names: Iterable[str]) -> bool:
        """Whether any method has any of the figures."""
        where = list(itertools.product(self.measured, term_sets, names))
        return any(self.figure(method, aspect, term_set, name).known for method, term_set, name in where)


def clearly_best(figures: Mapping[str, Figure], *, lower_is_better: bool = False) -> str | None:
    """The method whose interval is wholly beyond all others'; None if there is none, or nothing to compare."""
    known = {method: figure for method, figure in figures.items() if figure.known}
    if len(known) < 2 or not all(np.isfinite([figure.low, figure.high]).all() for figure in known.values()):
        return None
    sign = -1 if lower_is_better else 1
    best = max(known, key=lambda method: sign * known[method].value)
    worst_of_best = min(sign * known[best].low, sign * known[best].high)
    rest = [max(sign * figure.low, sign * figure.high) for method, figure in known.items() if method != best]
    return best if worst_of_best > max(rest) else None


def block(
    metrics: Metrics, aspect: str, term_set: str, names: Iterable[str], title: str, *, split: str = "test"
) -> Block:
    """The methods' figures of one aspect and set of terms."""
    names, n_proteins = list(names), metrics.proteins(aspect, term_set, split)
    figures = {
        name: {method: metrics.figure(method, aspect, term_set, name, split) for method in metrics.methods}
        for name in names
    }
    best = {
        name: None
        if name in NEVER_BEST or n_proteins < FEWEST
        else clearly_best(figures[name], lower_is_better=words.MEASURES[name].lower_is_better)
        for name in names
    }
    rows = []
    for method in metrics.methods:
        of_method = {name: figures[name][method] for name in names}
        cells = [_cell(of_method[name], name, best=best[name] == method) for name in names]
        rows.append(MethodRow(method, cells, _counts(of_method)))
    return Block(aspect, title, words.counted(n_proteins, "test protein"), rows)


def _cell(figure: Figure, metric: str, *, best: bool) -> Cell:
    places = words.MEASURES[metric].decimals
    return Cell(words.number(figure.value, places), words.interval(figure.low, figure.high, 2), best)


def _counts(figures: Mapping[str, Figure]) -> str:
    # Proteins, and terms where a mean over terms is shown; a method that did not run counted nothing.
    if not any(figure.known for figure in figures.values()):
        return words.NOT_AVAILABLE
    proteins = [figure.n for name, figure in figures.items() if not words.MEASURES[name].of_terms]
    terms = [figure.n for name, figure in figures.items() if words.MEASURES[name].of_terms]
    return " / ".join(f"{max(counts):,}" for counts in (proteins, terms) if counts)


def main_blocks(metrics: Metrics, names: Iterable[str] = tuple(MAIN)) -> list[Block]:
    """One block per aspect, over all terms."""
    return [block(metrics, aspect, "all", names, words.ASPECT_NAMES[aspect]) for aspect in metrics.aspects]


def term_set_blocks(
    metrics: Metrics, term_sets: Iterable[str], names: Sequence[str] = tuple(OF_TERM_SETS)
) -> list[tuple[str, list[Block]]]:
    """Per aspect (its name), one block per set of terms."""
    return [
        (words.ASPECT_NAMES[aspect], list(_of_sets(metrics, aspect, term_sets, names))) for aspect in metrics.aspects
    ]


def _of_sets(metrics: Metrics, aspect: str, term_sets: Iterable[str], names: Sequence[str]) -> Iterator[Block]:
    for name in term_sets:
        title = titled(TERM_SETS[name]) if name in TERM_SETS else words.count_bin(name)
        yield block(metrics, aspect, name, names, title)
