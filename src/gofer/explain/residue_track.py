"""A protein's sequence as a picture: each letter coloured by what the score would lose, a bar of attention above it.

One unit is one CSS pixel. Shapes: L residues.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from gofer.report.svg import COLOURS, as_file, drawing

IN_A_ROW = 60
CELL, BAR, ROW = 13, 18, 62  # width of a letter's cell, height of the highest bar, height of a row
LEFT, RIGHT, HEAD = 46, 50, 96
MOST_LETTERS = 6_000  # of a longer protein only the rows with evidence are drawn


def residue_track(title: str, residues: pd.DataFrame, evidence: Sequence[tuple[int, int]]) -> str:
    """An SVG file.

    Args:
        title: What the picture is about.
        residues: Columns position, residue, attention, cosine_drop of one term, all residues in order.
        evidence: Ranges that are underlined, from 1, inclusive.
    """
    rows = _rows(len(residues), evidence)
    width, height = LEFT + IN_A_ROW * CELL + RIGHT, HEAD + ROW * len(rows) + 4
    with drawing():
        figure = Figure(figsize=(width / 72, height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        drop_L, attention_L = residues["cosine_drop"].to_numpy(float), residues["attention"].to_numpy(float)
        left_out = "" if len(rows) * IN_A_ROW >= len(residues) else "; rows without evidence are left out"
        _head(axes, f"{title}{left_out}", drop_L, attention_L)
        colour_L3 = _colours(drop_L)
        for number, start in enumerate(rows):
            _row(axes, HEAD + ROW * number, start, residues["residue"].tolist(), colour_L3, attention_L, evidence)
        return as_file(figure)


def _rows(length: int, evidence: Sequence[tuple[int, int]]) -> list[int]:
    # The place of the first residue of each row, from 0.
    starts = range(0, length, IN_A_ROW)
    if length <= MOST_LETTERS:
        return list(starts)
    return [n for n in starts if any(first <= n + IN_A_ROW and last > n for first, last in evidence)]


def _colours(drop_L: NDArray) -> NDArray:
    top = max(float(np.abs(drop_L).max()), 1e-12)
    share_L1 = (np.abs(drop_L) / top)[:, None]
    full_L3 = np.where(drop_L[:, None] > 0, to_rgb(COLOURS["blue"]), to_rgb(COLOURS["vermillion"]))
    return 1 - share_L1 * (1 - full_L3)


def _head(axes: Axes, title: str, drop_L: NDArray, attention_L: NDArray) -> None:
    axes.text(LEFT, 18, title, fontsize=13, fontweight="bold", va="center")
    top = float(np.abs(drop_L).max())
    for place, share in enumerate(np.linspace(-1, 1, 41)):
        colour = _colours(np.array([share, 1.0]))[0]
        axes.add_patch(Rectangle((LEFT + 3 * place, 34), 3, 12, facecolor=colour, linewidth=0))
    axes.add_patch(Rectangle((LEFT, 34), 123, 12, facecolor="none", edgecolor=COLOURS["line"]))
    about = f"what the cosine with the term loses without the windows over a residue, from {-top:.3f} to {top:.3f}"
    axes.text(LEFT + 131, 40, about, va="center", color=COLOURS["muted"])
    axes.add_patch(Rectangle((LEFT, 54), 8, 12, facecolor=COLOURS["green"], linewidth=0))
    highest = f"attention of the residue, highest {attention_L.max():.4f}"
    axes.text(LEFT + 14, 60, highest, va="center", color=COLOURS["muted"])
    axes.plot([LEFT + 300, LEFT + 330], [62, 62], color=COLOURS["ink"], linewidth=2.4)
    axes.text(LEFT + 338, 60, "evidence, as in predictions.tsv", va="center", color=COLOURS["muted"])


def _row(
    axes: Axes,
    top: int,
    start: int,
    letters: Sequence[str],
    colour_L3: NDArray,
    attention_L: NDArray,
    evidence: Sequence[tuple[int, int]],
) -> None:
    end = min(start + IN_A_ROW, len(letters))
    base, highest = top + BAR + 4, max(float(attention_L.max()), 1e-12)
    for place in range(start, end):
        x, bar = LEFT + CELL * (place - start), BAR * attention_L[place] / highest
        box = Rectangle((x, base), CELL, 20, facecolor=colour_L3[place], edgecolor=COLOURS["line"], linewidth=0.4)
        axes.add_patch(box)
        axes.add_patch(Rectangle((x + 2, base - 2 - bar), CELL - 4, bar, facecolor=COLOURS["green"], linewidth=0))
        dark = float(colour_L3[place].mean()) < 0.62
        colour = "white" if dark else COLOURS["ink"]
        axes.text(x + CELL / 2, base + 10, letters[place], ha="center", va="center_baseline", color=colour)
    for first, last in evidence:
        a, b = max(first - 1, start), min(last, end)
        if a < b:
            xs = [LEFT + CELL * (a - start) + 1, LEFT + CELL * (b - start) - 1]
            axes.plot(xs, [base + 24, base + 24], color=COLOURS["ink"], linewidth=2.4, solid_capstyle="butt")
    axes.text(LEFT - 6, base + 10, f"{start + 1}", ha="right", va="center_baseline", color=COLOURS["muted"])
    axes.text(LEFT + CELL * (end - start) + 6, base + 10, f"{end}", va="center_baseline", color=COLOURS["muted"])
