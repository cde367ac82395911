"""Pictures as SVG text that takes its colours and its font from the page, and is the same bytes for the same figures.

Matplotlib draws with the light colours of `COLOURS`; in the text each becomes a CSS variable, so that the page's dark
colours apply to pictures too. One unit is one CSS pixel. Text stays text.
"""

import io
import re
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from gofer.methods import METHODS

# Okabe & Ito's palette, which the colour-blind can distinguish; every hex value stands for one CSS variable.
COLOURS = {
    "ink": "#1c2430",
    "muted": "#5b6673",
    "line": "#d8dde3",
    "paper": "#fefefe",
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "green": "#009e73",
    "amber": "#e69f00",
    "sky": "#56b4e9",
    "purple": "#cc79a7",
    "grey": "#767f8a",
}
OTHER_STYLE = ("ink", "o")
ASPECT_COLOURS = {"MFO": "blue", "BPO": "vermillion", "CCO": "green"}
SPLIT_COLOURS = {"val": "purple", "test": "green"}
TERM_SET_COLOURS = {"common": "blue", "few": "sky", "zero": "amber"}

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gofer",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 12,
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.labelsize": 12,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "grid.color": COLOURS["line"],
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "ytick.labelcolor": COLOURS["muted"],
    "text.color": COLOURS["ink"],
    "lines.linewidth": 1.8,
    "hatch.color": COLOURS["paper"],
    "legend.frameon": False,
    "legend.fontsize": 12,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.1,
    "legend.borderaxespad": 0.1,
}


def style(method: str) -> tuple[str, str]:
    """Colour and marker of a method."""
    return (METHODS[method].colour, METHODS[method].marker) if method in METHODS else OTHER_STYLE


def drawing() -> AbstractContextManager[None]:
    """The style of every picture, for as long as it is drawn."""
    return matplotlib.rc_context(STYLE)


def canvas(width: int, height: int) -> tuple[Figure, Axes]:
    """A figure of so many CSS pixels with one axes."""
    layout = ConstrainedLayoutEngine(w_pad=2 / 72, h_pad=3 / 72)
    figure = Figure(figsize=(width / 72, height / 72), layout=layout)
    return figure, figure.add_subplot()


def as_png(figure: Figure) -> bytes:
    """The picture as a separate file, for places that show no page."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=144, facecolor="white", metadata={"Software": None})
    return content.getvalue()


def as_file(figure: Figure) -> str:
    """The picture as an SVG file that needs no page: light colours, white background."""
    text = io.StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    figure.savefig(text, format="svg", facecolor="white", metadata=nothing)
    in_pixels = re.sub(r'( (?:width|height)="[\d.]+)pt"', r'\g<1>px"', text.getvalue(), count=2)
    return in_pixels.replace("font-family: 'DejaVu Sans'", "font-family: 'DejaVu Sans', sans-serif")


def as_svg(figure: Figure, name: str, description: str) -> Markup:
    """The picture as an inline `<svg>`.

    Args:
        figure: The picture, drawn within `drawing()`.
        name: Unique on the page: the beginning of every id in the SVG.
        description: What it shows, for those who do not see it.
    """
    text = io.StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    width, height = (round(72 * inches) for inches in figure.get_size_inches())
    body = re.sub(r"(?s)^.*?<svg[^>]*>|</svg>\s*$|<style.*?</style>", "", text.getvalue())
    body = re.sub(r' id="(?:[a-z0-9]+_\d+|matplotlib[^"]*)"', "", body)
    body = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", body.replace("xlink:href", "href"))
    body = re.sub(r" font-family:[^;\"]*;?|\s*<defs>\s*</defs>", "", body)
    for variable, colour in COLOURS.items():
        body = body.replace(colour, f"var(--{variable})")
    head = Markup(
        '<svg class="picture" role="img" aria-label="{}" viewBox="0 0 {} {}" style="max-width:{}px" '
        'stroke-linejoin="round">'
    ).format(description, width, height, width)
    # Matplotlib has escaped all text in its SVG.
    return head + Markup(re.sub(r"\s*\n\s*", "\n", body).strip()) + Markup("</svg>")
