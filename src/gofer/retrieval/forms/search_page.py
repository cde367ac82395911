"""What a search found as a page: one file without scripts that loads nothing, with links to QuickGO and UniProt."""

import re
from functools import cache
from typing import TYPE_CHECKING

import jinja2

from gofer.inputs.proteins.protein_names import UNIPROT_ACCESSION
from gofer.retrieval.forms.query_page import FOLDER, inlined

if TYPE_CHECKING:
    from gofer.retrieval.term_search import Closest


def search_page(found: "Closest", model: str, warning: str = "") -> str:
    """The page; all that comes from a user or a model is text in it, never markup.

    Args:
        found: What was found.
        model: Name of the model.
        warning: Said at the top.
    """
    return _template().render(
        found=found,
        terms=list(found.terms.itertuples()),
        proteins=list(found.proteins.itertuples()),
        model=model,
        warning=warning,
        style=inlined("page.css"),
        of_uniprot=re.compile(UNIPROT_ACCESSION).fullmatch,
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(FOLDER)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("search_page.html.j2")
