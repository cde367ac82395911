"""Deletion and insertion curves of residue evidence, as the page shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from gofer.report import labels_and_help as words
from gofer.report import metric_tables as quality
from gofer.report.input_tables import read_tsv
from gofer.report.svg import COLOURS, as_svg, canvas, drawing
from gofer.tables import FAITHFULNESS

ORDERS = {
    "impact": ("Impact", "blue"),
    "attention": ("Attention", "vermillion"),
    "chance in blocks": ("Chance in blocks", "amber"),
    "chance": ("Chance", "grey"),
}
COMPARED = ("chance in blocks", "chance", "attention")  # the fair comparison first
CURVES = {"deletion": "Residues removed, %", "insertion": "Residues kept, %"}
WIDTH, HEIGHT = 330, 210


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """The table that rule explain_held_out left.

    Attributes:
        table: Columns curve, order, share, value, low, high, n.
    """

    table: pd.DataFrame

    @classmethod
    def read(cls, path: Path | str) -> "Faithfulness":
        """From evaluation/faithfulness.tsv.

        Raises:
            ArtefactError: It is missing or is no such table.
        """
        return cls(read_tsv(path, FAITHFULNESS))

    @property
    def examples(self) -> int:
        """Examples, 0 where there was none."""
        return int(self.table["n"].max()) if len(self.table) else 0

    def pictures(self) -> list[Markup]:
        """One picture per curve, all orders in it."""
        return [self._picture(curve) for curve in CURVES] if len(self.table) else []

    def _picture(self, curve: str) -> Markup:
        with drawing():
            figure, axes = canvas(WIDTH, HEIGHT)
            for order, (name, colour) in ORDERS.items():
                rows = self.table[(self.table["curve"] == curve) & (self.table["order"] == order)]
                rows = rows[rows["share"] != "mean"]
                percent = 100 * rows["share"].astype(float)
                axes.fill_between(percent, rows["low"], rows["high"], color=COLOURS[colour], alpha=0.12, linewidth=0)
                axes.plot(percent, rows["value"], color=COLOURS[colour], linewidth=2, label=name)
            axes.set_xlabel(CURVES[curve])
            axes.set_ylabel("Similarity with the term")
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
            return as_svg(
                figure, f"faithfulness-{curve}", f"Similarity with the term, {curve} curve, by order of residues"
            )

    def rows(self) -> Iterator[tuple[str, list[quality.Cell]]]:
        """What is compared, and the paired difference of the mean over each curve with its interval."""
        for other in COMPARED if len(self.table) else ():
            yield f"Impact minus {other}", [self._cell(curve, f"impact - {other}", compared=True) for curve in CURVES]

    def _cell(self, curve: str, order: str, *, compared: bool = False) -> quality.Cell:
        row = self._areas.loc[(curve, order)]
        good = row["high"] < 0 if curve == "deletion" else row["low"] > 0
        interval = words.interval(row["low"], row["high"], 3)
        return quality.Cell(words.number(row["value"], 3), interval, best=bool(compared and good))

    @cached_property
    def _areas(self) -> pd.DataFrame:
        return self.table[self.table["share"] == "mean"].set_index(["curve", "order"])
