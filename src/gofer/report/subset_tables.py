"""Quality by similarity to training and on subsets, ranks of unseen terms, and gofer minus each other method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.methods import shown_everywhere
from gofer.names import BELOW_IDENTITY, IDENTITY_BINS, titled
from gofer.report import labels_and_help as words
from gofer.report.input_tables import read_tsv
from gofer.report.metric_tables import COMPLETE, FEWEST, Block, Cell, MethodRow, Metrics, block
from gofer.tables import DIFFERENCES

BELOW_NAMES = {split: f"All below {limit:.0%}".replace("%", " %") for split, limit in BELOW_IDENTITY.items()}
IDENTITY_NAMES = {**{one.split: titled(one.name) for one in IDENTITY_BINS}, **BELOW_NAMES}
LISTED = "listed"  # the term set of evaluation.terms
OF_IDENTITY = ["fmax", "weighted_fmax", "smin", "micro_aupr", "coverage"]
SETTING_NAMES = {
    "seen_among_all": "Seen, among all",
    "unseen_among_all": "Unseen, among all",
    "harmonic_mean": "Harmonic mean",
    "unseen_among_unseen": "Unseen, among unseen",
}
OF_RANKS = ["hits_at_10", "hits_at_100", "rank_mrr", "rank_auroc"]
Figure = tuple[str, str]  # term set, metric
COMPARED = [
    ("all", "fmax"), ("all", "weighted_fmax"), ("all", "smin"), ("all", "micro_aupr"),
    ("zero", "macro_aupr"), ("zero", "macro_auroc"),
]  # fmt: skip


def identity_blocks(metrics: Metrics) -> list[tuple[str, list[Block]]]:
    """Per aspect (its name), one block per bin of identity to the nearest training protein that has a test protein."""
    by_aspect = []
    for aspect in metrics.aspects:
        # What is below a limit is shown where it is neither all proteins nor one bin.
        number = {split: metrics.proteins(aspect, "all", split) for split in [*IDENTITY_NAMES, "test"]}
        bins = {number[split] for split in [*(one.split for one in IDENTITY_BINS), "test"]}
        some = [s for s in IDENTITY_NAMES if number[s] and (s not in BELOW_IDENTITY or number[s] not in bins)]
        names = {split: f"{IDENTITY_NAMES[split]} ({metrics.proteins(aspect, 'all', split):,})" for split in some}
        whole = [block(metrics, aspect, "all", OF_IDENTITY, names[split], split=split) for split in some]
        few = shown_everywhere(metrics.methods)
        shown = [replace(full, rows=[row for row in full.rows if row.method in few]) for full in whole]
        by_aspect.append((words.ASPECT_NAMES[aspect], shown))
    return by_aspect


def below_identity(metrics: Metrics) -> dict[str, str]:
    """Name by split, of the sets of test proteins below an identity to training that are neither empty nor all."""

    def number(split: str) -> int:
        return sum(metrics.proteins(aspect, "all", split) for aspect in metrics.aspects)

    return {split: name for split, name in BELOW_NAMES.items() if 0 < number(split) < number("test")}


def subset_blocks(metrics: Metrics) -> list[tuple[str, list[Block]]]:
    """Per aspect (its name), one block per subset (vocabulary or set of proteins); empty if there is none."""
    keys = metrics.table[["split", "term_set"]].drop_duplicates().itertuples(index=False)
    named = [
        (split, term_set)
        for split, term_set in keys
        if term_set == LISTED or (split.startswith("test_") and split not in IDENTITY_NAMES)
    ]
    by_aspect = []
    for aspect in metrics.aspects if named else []:
        some = [key for key in named if metrics.proteins(aspect, key[1], key[0])]
        blocks = [
            block(metrics, aspect, term_set, OF_IDENTITY, _subset_name(metrics, aspect, split, term_set), split=split)
            for split, term_set in some
        ]
        by_aspect.append((words.ASPECT_NAMES[aspect], blocks))
    return by_aspect


def _subset_name(metrics: Metrics, aspect: str, split: str, term_set: str) -> str:
    proteins = split.removeprefix("test").removeprefix("_").replace("_", " ").capitalize() or "All"
    listed = ", listed terms" if term_set == LISTED else ""
    return f"{proteins}{listed} ({metrics.proteins(aspect, term_set, split):,})"


def generalised_blocks(metrics: Metrics) -> list[tuple[str, list[Block]]]:
    """Per aspect (its name), one block per setting of generalised zero-shot retrieval."""
    return [
        (
            words.ASPECT_NAMES[aspect],
            [block(metrics, aspect, setting, OF_RANKS, name) for setting, name in SETTING_NAMES.items()],
        )
        for aspect in metrics.aspects
    ]


@dataclass(frozen=True, eq=False)
class Differences:
    """Differences between gofer and each other method.

    Attributes:
        table: `tables.DIFFERENCES`.
    """

    table: pd.DataFrame

    @classmethod
    def read(cls, path: Path | str) -> "Differences":
        """Read `differences.tsv`.

        Raises:
            ArtefactError: The file is missing or is something else.
        """
        return cls(read_tsv(path, DIFFERENCES))

    def blocks(
        self, metrics: Metrics, method: str = "gofer", *, split: str = "test", figures: Sequence[Figure] = COMPARED
    ) -> list[Block]:
        """One block per aspect, one row per other method; marked if the interval is on gofer's side of 0."""
        rows = self.table[(self.table["method"] == method) & (self.table["split"] == split)]
        keyed = {
            (row.aspect, row.against, row.term_set, row.metric): row
            for row in rows[rows["n"] > 0].itertuples(index=False)
        }
        others = [name for name in metrics.methods if name != method and metrics.status[name] == COMPLETE]
        return [_block(keyed, aspect, others, figures) for aspect in metrics.aspects if others]


def _block(
    keyed: Mapping[tuple[str, str, str, str], object], aspect: str, others: list[str], figures: Sequence[Figure]
) -> Block:
    rows = [
        MethodRow(
            other,
            [_cell(keyed.get((aspect, other, *figure)), figure[1]) for figure in figures],
            "",
        )
        for other in others
    ]
    return Block(aspect, words.ASPECT_NAMES[aspect], "", rows)


def _cell(row: object, metric: str) -> Cell:
    value, low, high, n = (getattr(row, name, np.nan) for name in ("value", "low", "high", "n"))
    measure = words.MEASURES[metric]
    clear = high < 0 if measure.lower_is_better else low > 0
    return Cell(words.number(value, measure.decimals), words.interval(low, high, 2), best=bool(clear and n >= FEWEST))
