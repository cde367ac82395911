"""What each part of training contributes: validation metrics without it, compared with the full model, seed by seed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import t

from gofer.errors import GoferError
from gofer.report.svg import COLOURS, as_png, canvas, drawing
from gofer.tables import ABLATION

FULL = "full"
COMPARED_WITH = {"go_to_protein": "infonce"}  # a part of InfoNCE only; all others are parts of the full model
CONFIDENCE = 0.95
PARTS = {
    "mining": "without hard negatives",
    "curriculum": "no curriculum (final hardness throughout)",
    "dag": "without the ontology loss",
    "attribution": "without the attribution loss",
    "phase_texts": "with whole texts in all stages",
    "go_to_protein": "InfoNCE in one direction (protein to term)",
    "expansion": "without propagated labels",
    "free_term_vectors": "without learned term vectors",
    "windows": "mean over residues instead of windows",
    "infonce": "with InfoNCE",
    "sigmoid": "with the sigmoid loss",
    "bce": "as a classifier of all terms (BCE)",
}
PANELS = {
    "fmax": "Fmax, mean of the aspects",
    "seen_macro_aupr": "AUPR of terms seen in training",
    "zero_macro_auroc": "AUROC of terms never seen",
}


def compare(figures: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, and paired differences to what each part is compared with.

    Args:
        figures: Columns part, seed, metric, value.

    Returns:
        `tables.ABLATION`, parts and metrics in the order of `figures`: low and high are the ends of the 95 % t interval
        of the mean of the seeds' differences, missing with a single seed.

    Raises:
        GoferError: The figures that a part is compared with are not there.
    """
    values = figures.pivot(index="seed", columns=["part", "metric"], values="value")
    rows = []
    for part, metric in figures[["part", "metric"]].drop_duplicates().itertuples(index=False):
        other = COMPARED_WITH.get(part, FULL)
        if (other, metric) not in values:
            raise GoferError(f"{part} is compared with {other}, which has not been trained", help="add it to the parts")
        own_S = values[part, metric].dropna()
        difference_S = (own_S - values[other, metric]).dropna().to_numpy()
        low, high = (np.nan, np.nan) if part == other else _interval(difference_S)
        mean = difference_S.mean() if len(difference_S) else np.nan
        rows.append((part, metric, own_S.mean(), other, mean, low, high, len(difference_S)))
    return pd.DataFrame(rows, columns=ABLATION)


def _interval(difference_S: np.ndarray) -> tuple[float, float]:
    # Student's t for the mean of paired differences; it covers only the variation between seeds.
    if len(difference_S) < 2:
        return np.nan, np.nan
    error = difference_S.std(ddof=1) / np.sqrt(len(difference_S))
    reach = t.ppf(0.5 + CONFIDENCE / 2, len(difference_S) - 1) * error
    return difference_S.mean() - reach, difference_S.mean() + reach


def ablation_picture(table: pd.DataFrame) -> bytes:
    """A panel per metric of `PANELS`, a line per part: how much the figure changes without it, as a PNG file.

    Args:
        table: What `compare` gave.
    """
    parts = [part for part in table["part"].drop_duplicates() if part != FULL]
    rows = table.set_index(["part", "metric"])
    seeds = int(table["seeds"].max())
    with drawing():
        figure, first = canvas(1000, 110 + 26 * len(parts))
        first.remove()
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, (metric, title) in zip(panels, PANELS.items(), strict=True):
            _panel(axes, {part: rows.loc[(part, metric)] for part in parts if (part, metric) in rows.index}, parts)
            whole = rows["value"].get((FULL, metric), np.nan)
            axes.set_title(f"{title}\nfull model: {whole:.3f}", loc="left", fontsize=12)
        panels[0].set_yticks(range(len(parts)), [_name(part) for part in parts])
        panels[0].set_ylim(len(parts) - 0.5, -0.5)
        figure.supxlabel(
            f"change from the full model (of *: from InfoNCE), mean of {seeds} seeds and its 95 % interval; "
            "left of the line, the part helps",
            fontsize=11,
            color=COLOURS["muted"],
        )
        return as_png(figure)


def _name(part: str) -> str:
    return PARTS[part] + (" *" if part in COMPARED_WITH else "")


def _panel(axes: Axes, rows: Mapping[str, pd.Series], parts: list[str]) -> None:
    axes.axvline(0, color=COLOURS["muted"], linewidth=1)
    for place, part in enumerate(parts):
        if part not in rows or not np.isfinite(rows[part]["difference"]):
            continue
        row = rows[part]
        clear = np.isfinite(row["low"]) and (row["low"] > 0 or row["high"] < 0)
        colour = COLOURS["blue" if clear else "grey"]
        if np.isfinite([row["low"], row["high"]]).all():
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, alpha=0.55)
        axes.plot([row["difference"]], [place], "o", color=colour, markersize=7, markeredgecolor=COLOURS["paper"])
    axes.tick_params(axis="y", length=0, labelcolor=COLOURS["ink"])
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
