"""Reliability diagrams: how often predictions of a score are true, in bins of equal count."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from gofer.report import labels_and_help as words
from gofer.report.metric_tables import Figure, Metrics
from gofer.report.svg import COLOURS, as_svg, canvas, drawing, style

WIDTH = 336
LOWEST = 0.001  # where a share of 0 is drawn: both scales are logarithmic, since most scores are low
TICKS = (0.001, 0.01, 0.1, 1.0)

Point = tuple[Figure, Figure]  # mean score, share of true pairs


def reliability_points(metrics: Metrics, method: str, aspect: str) -> list[Point]:
    """The bins that have a prediction, lowest score first."""
    points = []
    for name in metrics.table["metric"].unique():
        if str(name).startswith("reliability_score_"):
            number = str(name).removeprefix("reliability_score_")
            score, share = (
                metrics.figure(method, aspect, "all", f"reliability_{what}_{number}") for what in ("score", "share")
            )
            if score.known and share.known:
                points.append((score, share))
    return sorted(points, key=lambda point: point[0].value)


def reliability_diagram(metrics: Metrics, aspect: str, methods: Sequence[str]) -> Markup | None:
    """Share of true pairs by mean score, one line per method, the diagonal dashed; None where nothing is predicted."""
    lines = {method: points for method in methods if (points := reliability_points(metrics, method, aspect))}
    if not lines:
        return None
    with drawing():
        figure, axes = canvas(WIDTH, 280)
        axes.plot([LOWEST, 1], [LOWEST, 1], color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for method, points in lines.items():
            colour, marker = style(method)
            x, y = (np.maximum([point[side].value for point in points], LOWEST) for side in (0, 1))
            low, high = (np.maximum([getattr(share, end) for _, share in points], LOWEST) for end in ("low", "high"))
            axes.vlines(x, low, high, color=COLOURS[colour], linewidth=1.6, alpha=0.5)
            axes.plot(
                x, y, marker=marker, color=COLOURS[colour], linewidth=1.2, markersize=5.5,
                markeredgecolor=COLOURS["paper"], clip_on=False,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(FixedLocator(TICKS))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlim(LOWEST * 0.9, 1.1)
        axes.set_ylim(LOWEST * 0.9, 1.1)
        axes.set_xlabel("Mean score")
        axes.set_ylabel("Share true")
        axes.grid(axis="both")
        axes.set_axisbelow(True)
        about = f"{words.ASPECT_NAMES[aspect]}: share of true predictions by score and method"
        return as_svg(figure, f"reliability-{aspect}", about)
