"""The pictures of the page, one function each, all from the rows that the page's tables show.

No text of a user is drawn: names are in the HTML next to the picture, where the browser escapes and wraps them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gofer.names import TERM_SETS, titled
from gofer.report import labels_and_help as words
from gofer.report.evidence_section import Example
from gofer.report.metric_tables import Figure, Metrics
from gofer.report.svg import (
    ASPECT_COLOURS,
    COLOURS,
    SPLIT_COLOURS,
    TERM_SET_COLOURS,
    as_png,
    as_svg,
    canvas,
    drawing,
    style,
)

WIDTH = 336  # three side by side on the page, one on a phone
WIDE = 512  # two side by side


def dots_by_metric(metrics: Metrics, aspect: str, names: Sequence[str]) -> Markup:
    """The methods' values and 95 % intervals, one line of the picture per metric, all on a scale from 0 to 1."""
    methods = metrics.measured
    with drawing():
        figure, axes = canvas(WIDTH, 40 + max(44, 11 * len(methods)) * len(names))
        for place, method in zip(_dodged(len(methods), 0.26), methods, strict=True):
            rows = [metrics.figure(method, aspect, "all", name) for name in names]
            _dots(axes, method, np.arange(len(names)) + place, rows, across=True)
        axes.set_yticks(range(len(names)), [words.MEASURES[name].name for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.tick_params(axis="y", length=0, labelcolor=COLOURS["ink"])
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_axisbelow(True)
        about = f"{words.ASPECT_NAMES[aspect]}: values and intervals of the table by method"
        return as_svg(figure, f"dots-{aspect}", about)


def dots_by_terms(
    metrics: Metrics, aspect: str, metric: str, term_sets: Mapping[str, str], *, chance: float | None = None
) -> Markup:
    """The methods' values of one metric, by set of terms (its label by its name); `chance` is drawn as a line."""
    methods = metrics.measured
    with drawing():
        figure, axes = canvas(WIDTH, 216)
        if chance is not None:
            axes.axhline(chance, color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for place, method in zip(_dodged(len(methods), 0.2), methods, strict=True):
            rows = [metrics.figure(method, aspect, name, metric) for name in term_sets]
            _dots(axes, method, np.arange(len(term_sets)) + place, rows, across=False)
        axes.set_xticks(range(len(term_sets)), list(term_sets.values()))
        axes.set_xlim(-0.5, len(term_sets) - 0.5)
        axes.set_ylim(0, 1.03)
        axes.tick_params(axis="x", length=0, labelcolor=COLOURS["ink"])
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        about = f"{words.ASPECT_NAMES[aspect]}: {words.MEASURES[metric].name} by set of terms and method"
        return as_svg(figure, f"{metric}-{aspect}-{len(term_sets)}", about)


def _dodged(count: int, step: float) -> list[float]:
    step = min(step, 0.82 / max(count, 1))
    return [step * (i - (count - 1) / 2) for i in range(count)]


def _dots(axes: Axes, method: str, places: np.ndarray, rows: Sequence[Figure], *, across: bool) -> None:
    colour, marker = style(method)
    for place, row in zip(places, rows, strict=True):
        if not row.known:
            continue
        if np.isfinite([row.low, row.high]).all():
            ends, here = [row.low, row.high], [place, place]
            axes.plot(*((ends, here) if across else (here, ends)), color=COLOURS[colour], linewidth=2, alpha=0.55)
        x, y = (row.value, place) if across else (place, row.value)
        size = 7.5 if marker in "o^" else 6.5
        axes.plot(
            [x], [y], marker, color=COLOURS[colour], markersize=size, markeredgecolor=COLOURS["paper"], clip_on=False
        )


def terms_by_aspect(counts: pd.DataFrame) -> Markup:
    """Terms of each aspect (rows) by term set (columns common, few, zero), as stacked bars."""
    with drawing():
        figure, axes = canvas(WIDTH, 62 + 34 * len(counts))
        left = np.zeros(len(counts))
        for name in TERM_SET_COLOURS:
            values = counts[name].to_numpy(float)
            colour = COLOURS[TERM_SET_COLOURS[name]]
            axes.barh(
                range(len(counts)), values, left=left, height=0.6, color=colour, edgecolor=COLOURS["paper"],
                linewidth=1, label=titled(TERM_SETS[name]),
            )  # fmt: skip
            left += values
        axes.set_yticks(range(len(counts)), list(counts.index))
        axes.set_ylim(len(counts) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelcolor=COLOURS["ink"])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
        return as_svg(figure, "terms", "Terms of each aspect by term set")


def nearest_identities(counts: pd.DataFrame, names: Mapping[str, str], promised: float | None) -> Markup:
    """Shares of the val and test proteins (columns) by the identity of their nearest training protein.

    Args:
        counts: Rows none, then the lower edges of bins in %.
        names: Label by column.
        promised: The identity in (0, 1] that the split keeps them below, drawn as a line.
    """
    shares = 100 * counts / counts.sum().clip(lower=1)
    with drawing():
        figure, none = canvas(WIDE, 208)
        grid = figure.add_gridspec(1, 2, width_ratios=[1, 6])
        none.set_subplotspec(grid[0])
        _none_similar(none, shares.iloc[0])
        axes = figure.add_subplot(grid[1])
        edges = np.array(counts.index[1:], dtype=float)
        step = edges[1] - edges[0]
        for side, split in enumerate(counts.columns):
            axes.bar(
                edges + (0.08 + 0.42 * side) * step, shares[split].iloc[1:], width=0.42 * step, align="edge",
                color=COLOURS[SPLIT_COLOURS[split]], label=names[split],
            )  # fmt: skip
        if promised is not None:
            axes.axvline(100 * promised, color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 1.05 * max(float(shares.iloc[1:].to_numpy().max()), 1))
        axes.set_xlabel("Identity, %")
        axes.set_ylabel("Proteins, %")
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
        return as_svg(figure, "nearest", "Validation and test proteins by identity to the nearest training protein")


def _none_similar(axes: Axes, shares: pd.Series) -> None:
    # On a separate scale, from 0 to 100 %: these are often most of the proteins.
    axes.bar(range(len(shares)), shares, width=0.8, color=[COLOURS[SPLIT_COLOURS[split]] for split in shares.index])
    for place, share in enumerate(shares):
        axes.annotate(
            f"{share:.0f}", (place, share), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=11,
            color=COLOURS["muted"],
        )  # fmt: skip
    axes.set_xlim(-0.6, len(shares) - 0.4)
    axes.set_ylim(0, 110)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("None, %")
    axes.spines["left"].set_visible(False)


def curves(table: pd.DataFrame, lines: Mapping[str, str], name: str, *, steps: Mapping[str, int]) -> Markup:
    """Some metrics over the training steps of all stages, one after the other.

    Args:
        table: Columns stage, step (counted over all stages), metric, value.
        lines: Label by metric.
        name: Of the picture.
        steps: Steps of each stage, in order.
    """
    colours = ["blue", "vermillion", "green", "purple"]
    measured = set(table.loc[table["value"].notna(), "metric"])
    known = {metric: label for metric, label in lines.items() if metric in measured}
    with drawing():
        figure, axes = canvas(WIDTH, 176)
        for colour, (metric, label) in zip(colours, known.items(), strict=False):
            colour = ASPECT_COLOURS.get(metric.removeprefix("fmax_"), colour) if len(known) > 1 else colour
            colour = "ink" if metric == "fmax" else colour
            width = 2.4 if metric == "fmax" else 1.6
            rows = table[table["metric"] == metric]
            for stage, part in rows.groupby("stage", sort=True):
                shown = label if stage == rows["stage"].iloc[0] else None
                marker = "o" if len(part) == 1 else ""
                axes.plot(
                    part["step"], part["value"], marker=marker, markersize=4, color=COLOURS[colour], linewidth=width,
                    label=shown,
                )  # fmt: skip
        whole = bool((table.loc[table["metric"].isin(known), "value"] % 1 == 0).all())
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=whole, min_n_ticks=2))
        _stage_axis(axes, steps)
        if len(known) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(known))
        return as_svg(figure, name, f"{' and '.join(known.values())} over the training steps of the stages")


def curriculum_picture(table: pd.DataFrame, steps: Mapping[str, int]) -> bytes:
    """Every knob of the curriculum over the steps of all stages, one panel each, as a PNG file.

    Args:
        table: Columns stage, step (within the stage), knob, value.
        steps: Steps of each stage, in order.
    """
    before = dict(zip(steps, np.cumsum([0, *steps.values()]), strict=False))
    through = table.assign(step=table["step"] + table["stage"].map(before))
    with drawing():
        figure, first = canvas(2 * WIDTH, 150 * -(-len(words.KNOBS) // 2))
        first.remove()
        for place, (knob, title) in enumerate(words.KNOBS.items(), start=1):
            axes = figure.add_subplot(-(-len(words.KNOBS) // 2), 2, place)
            for _, part in through[through["knob"] == knob].groupby("stage", sort=True):
                axes.plot(part["step"], part["value"], color=COLOURS["blue"], linewidth=1.6)
            axes.set_title(title, loc="left", fontsize=12)
            whole = bool((through.loc[through["knob"] == knob, "value"] % 1 == 0).all())
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=whole, min_n_ticks=2))
            _stage_axis(axes, steps)
        return as_png(figure)


def _stage_axis(axes: Axes, steps: Mapping[str, int]) -> None:
    ends = np.cumsum(list(steps.values()))
    begins = ends - list(steps.values())
    for end in ends[:-1]:
        axes.axvline(end, color=COLOURS["line"], linewidth=1)
    axes.set_xticks((begins + ends) / 2, list(steps))
    axes.set_xlim(0, max(int(ends[-1]) if len(ends) else 0, 1))
    axes.tick_params(axis="x", length=0, labelcolor=COLOURS["ink"])
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def residues(example: Example, name: str) -> Markup:
    """One protein along its residues: impact of masking and attention, with the evidence and the truth below."""
    places = np.arange(1, example.length + 1)
    strips = [("Evidence", example.evidence, "blue"), ("Planted", example.planted, "amber")]
    strips = [strip for strip in strips if strip[0] == "Evidence" or strip[1]]
    with drawing():
        figure, axes = canvas(WIDE, 132 + 24 * len(strips))
        impact = _scaled(example.impact)
        attention = _scaled(example.attention)
        for first, last in example.planted:
            axes.axvspan(first - 0.5, last + 0.5, color=COLOURS["amber"], alpha=0.22, linewidth=0)
        axes.fill_between(places, impact, 0, color=COLOURS["blue"], alpha=0.16, linewidth=0)
        axes.plot(places, impact, color=COLOURS["blue"], linewidth=1.5, label="Impact of masking")
        axes.plot(places, attention, color=COLOURS["green"], linewidth=1.1, label="Attention")
        lowest = min(0.0, float(np.nanmin(impact)))
        unit = 1 - lowest  # strips keep their distance if impact falls below 0
        for row, (label, ranges, colour) in enumerate(strips):
            y = lowest - unit * (0.24 + 0.3 * row)
            axes.broken_barh(
                [(a - 0.5, b - a + 1) for a, b in ranges], (y - 0.09 * unit, 0.18 * unit), color=COLOURS[colour]
            )
            axes.annotate(
                label, (0, y), xycoords=axes.get_yaxis_transform(), xytext=(-6, 0), textcoords="offset points",
                ha="right", va="center", fontsize=12, color=COLOURS["ink"], annotation_clip=False,
            )  # fmt: skip
        axes.axhline(0, color=COLOURS["line"], linewidth=1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(0.5, example.length + 0.5)
        axes.set_ylim(lowest - unit * (0.1 + 0.3 * len(strips)), 1 + 0.06 * unit)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("Residue")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
        return as_svg(figure, name, "Impact and attention along the residues of a protein, with the evidence ranges")


def _scaled(values: np.ndarray) -> np.ndarray:
    top = np.nanmax(np.abs(values)) if len(values) else 0
    return values / top if top > 0 else np.zeros_like(values)
