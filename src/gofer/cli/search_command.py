"""`gofer search`: a table on a terminal, TSV when piped or in a file, JSON, or a page."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gofer.cli.running import use_threads

if TYPE_CHECKING:
    import pandas as pd

    from gofer.retrieval.term_search import Closest


def print_closest(
    query: str,
    model: Path,
    proteins: Path | None,
    number: int,
    as_json: bool,
    output: Path | None,
    page: Path | None,
    text_encoder: str | None,
    device: str,
    threads: int | None,
) -> None:
    """Search, and print or write what was found; the options are those of the command.

    Raises:
        GoferError: The query, a file or the model is at fault.
    """
    use_threads(threads)
    from gofer.artefacts import write_text
    from gofer.retrieval.predictor import SYNTHETIC, Predictor
    from gofer.retrieval.term_search import TermSearch
    from gofer.retrieval.trained_model import TrainedModel

    opened = TrainedModel(model)
    if opened.card["synthetic"]:
        typer.echo(f"warning: the model {opened.name} was {SYNTHETIC}", err=True)
    search = TermSearch.of_model(Predictor(opened, device=device), proteins=proteins, encoder=text_encoder)
    found = search.closest(query, number)
    if page is not None:
        from gofer.retrieval.forms.search_page import search_page

        warning = f"The model was {SYNTHETIC}." if opened.card["synthetic"] else ""
        write_text(page, search_page(found, opened.name, warning))
        typer.echo(f"page: {page}", err=True)
    if output is None and not as_json and is_terminal():
        _show(found)
        return
    text = _json(found, opened.name) if as_json else _tsv(found)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
        typer.echo(f"{len(found.terms)} terms and {len(found.proteins)} proteins: {output}")


def is_terminal() -> bool:
    """Whether the output is read by a person."""
    return sys.stdout.isatty()


def _tsv(found: "Closest") -> str:
    return found.table.to_csv(sep="\t", index=False, float_format="%.6g", na_rep="n/a", lineterminator="\n")


def _json(found: "Closest", model: str) -> str:
    of_terms, of_proteins = ["id", "name", "aspect", "cosine", "training_count"], ["id", "name", "cosine"]
    content = {
        "query": found.query,
        "query_kind": found.kind,
        "model": model,
        "terms": _records(found.terms[of_terms]),
        "proteins": _records(found.proteins[of_proteins]),
    }
    return json.dumps(content, indent=2) + "\n"


def _records(table: "pd.DataFrame") -> list[dict]:
    return json.loads(table.to_json(orient="records", double_precision=6))


def _show(found: "Closest") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    terms = Table("GO id", "name", "aspect", title=Text(f"terms closest to the {found.kind} {found.query}"))
    proteins = Table("protein", "name", title=Text("closest proteins"))
    terms.add_column("cosine", justify="right")
    terms.add_column("training proteins", justify="right")
    proteins.add_column("cosine", justify="right")
    for row in found.terms.itertuples():
        terms.add_row(row.id, Text(row.name), row.aspect, f"{row.cosine:.3f}", f"{row.training_count:,}")
    for row in found.proteins.itertuples():
        proteins.add_row(Text(row.id), Text(row.name), f"{row.cosine:.3f}")
    console.print(terms)
    console.print(proteins)
