"""The page of a query, `index.html`: one file that needs no network, with all predictions in it.

The page has a strict Content-Security-Policy: only the scripts and styles in this file run, named by their digests, and
nothing is loaded. Proteins and terms are in blocks (`page_blocks`); they become text of the page, never markup. Tables
are Tabulator's, and the layout of a graph is dagre's (`page/vendor`). Memory does not grow with the predictions.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from gofer.artefacts import atomic
from gofer.names import ASPECTS, TERM_SETS, in_words
from gofer.retrieval.forms.form import Chunks, Context
from gofer.retrieval.forms.page_blocks import PageBlocks

FOLDER = Path(__file__).with_name("page")
STYLES = ("vendor/tabulator_simple.min.css", "page.css")
SCRIPTS = (
    "vendor/tabulator.min.js", "vendor/dagre.min.js", "elements.js", "blocks.js", "rows.js", "tables.js", "graph.js",
    "protein.js", "start.js",
)  # fmt: skip
LICENCES = {"vendor/tabulator.min.js": "vendor/LICENSE.tabulator", "vendor/dagre.min.js": "vendor/LICENSE.dagre"}
SOURCE_MAP = re.compile(r"^(//|/\*)# sourceMappingURL=.*$", re.MULTILINE)  # a browser's tools would look for it
MOST_PROTEINS = 50_000  # of a page; a browser that opened more would need gigabytes


class Inlined(NamedTuple):
    """A script or style in the page, and its digest as a Content-Security-Policy names it."""

    text: Markup
    digest: str


def write_page(path: Path, chunks: Chunks, context: Context) -> None:
    """Write the page; of more than `MOST_PROTEINS` proteins it shows the first chunks, and says so."""
    blocks, shown = PageBlocks(context.terms, context.relations), Shown()
    page = _template().generate(
        styles=[inlined(name) for name in STYLES],
        scripts=[inlined(name) for name in SCRIPTS],
        context=context,
        cutoffs=[(in_words(aspect), context.cutoffs.get(aspect)) for aspect in ASPECTS],
        blocks=shown.blocks(chunks, blocks),
        terms=blocks.terms,
        shown=shown,
        most=MOST_PROTEINS,
        term_sets=list(TERM_SETS.values()),
    )
    with atomic(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(page)


class Shown:
    """Counts the proteins that are on the page, and those that are not."""

    def __init__(self) -> None:
        self.proteins = 0
        self.left_out = 0

    def blocks(self, chunks: Chunks, blocks: PageBlocks) -> Iterator[tuple[str, list[str]]]:
        """The blocks of the proteins that are shown."""
        for predicted in chunks():
            if self.proteins >= MOST_PROTEINS:
                self.left_out += len(predicted.proteins)
                continue
            self.proteins += len(predicted.proteins)
            yield blocks.of_chunk(predicted)


@cache
def inlined(name: str) -> Inlined:
    """A file of the page's folder, with its licence where it has one."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    text = SOURCE_MAP.sub("", text)
    if name in LICENCES:
        text = f"/*\n{(FOLDER / LICENCES[name]).read_text(encoding='utf-8')}*/\n{text}"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inlined(Markup(text), f"'sha256-{digest}'")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("query_page.html.j2")
