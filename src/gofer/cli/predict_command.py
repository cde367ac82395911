"""`gofer predict`: a bar on a terminal, nothing when piped, and one sentence at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gofer.cli.running import chosen_model, reported, use_threads
from gofer.errors import GoferError
from gofer.tables import IMPOSSIBLE_IN_TAXON, PREDICTION_FILES

if TYPE_CHECKING:
    from gofer.retrieval.impossible_terms import ImpossibleTerms
    from gofer.retrieval.trained_model import TrainedModel

RESUME = "; the same command resumes where it was"


def predict_file(
    fasta: Path,
    model: Path | None,
    output: Path | None,
    precision: int,
    forms: str,
    slim: Path | None,
    annotations: list[Path],
    of_taxon: tuple[str | None, Path | None, list[Path]],
    device: str,
    threads: int | None,
    force: bool,
) -> None:
    """Predict for the proteins of a file; the options are those of the command."""
    with reported(RESUME):
        number, path = use_threads(threads), chosen_model(model)
        if not fasta.is_file():
            raise GoferError(f"there is no file {fasta}", help="give a FASTA file")
        from gofer.config.files import query_name
        from gofer.retrieval.prediction_run import PredictionRun
        from gofer.retrieval.predictor import Predictor
        from gofer.retrieval.query_annotations import QueryAnnotations
        from gofer.retrieval.query_file import QueryFile
        from gofer.retrieval.trained_model import TrainedModel

        opened = TrainedModel(path)
        impossible = _impossible(opened, *of_taxon)
        predictor = Predictor(opened, percent=precision, device=device, impossible=impossible)
        folder = output or Path(f"{query_name(fasta)}-predictions")
        known = QueryAnnotations.read(annotations, fasta, opened)
        run = PredictionRun(predictor, QueryFile.read(fasta), folder, known)
        chosen = _chosen(forms)
        if not force:
            run.refuse_other_results()
        if run.warning:
            typer.echo(f"warning: {run.warning}", err=True)
        for line in run.about:
            typer.echo(line, err=True)
        if known is not None:
            typer.echo(known.sentence(opened.name), err=True)
        with run.alone():
            if run.is_finished() and not force and slim is None:
                run.clear()
                typer.echo(f"{run.folder} already holds these predictions; --force makes them again.")
                return
            with _bar(run.query.proteins) as done:
                run.predict(done, threads=number)
            summary = run.finish(chosen, slim=slim)
        typer.echo(_sentence(summary, run.folder))
        if impossible is not None:
            typer.echo(_removed(summary, run.folder))


def _impossible(
    model: "TrainedModel", taxon: str | None, lineage: Path | None, constraints: list[Path]
) -> "ImpossibleTerms | None":
    from gofer.retrieval.impossible_terms import ImpossibleTerms

    if taxon is not None:
        return ImpossibleTerms.of_model(model, taxon, lineage, constraints)
    if lineage is not None or constraints:
        named = "--lineage" if lineage is not None else "--constraints"
        raise GoferError(f"{named} is given, and no taxon", help="name the taxon of the proteins: --taxon 9606")
    return None


def _removed(summary: dict, folder: Path) -> str:
    text = (
        f"{summary['removed_predictions']:,} predictions of {summary['removed_terms']:,} terms that cannot be true in "
        f"taxon {summary['taxon']} were removed: {folder / IMPOSSIBLE_IN_TAXON}."
    )
    if unions := summary["undefined_unions"]:
        text += (
            f" Constraints to {len(unions)} unions of taxa were passed over, since no file defines them: "
            f"{', '.join(unions[:5])}{', …' if len(unions) > 5 else ''}; add go-taxon-groupings.obo with --constraints."
        )
    return text


def _chosen(forms: str) -> tuple[str, ...]:
    from gofer.retrieval.forms import FORMS

    names = tuple(FORMS) if forms == "all" else tuple(name.strip() for name in forms.split(",") if name.strip())
    if unknown := [name for name in names if name not in FORMS]:
        raise GoferError(f"--forms names {unknown[0]}, which is no form", help=f"write some of {', '.join(FORMS)}")
    return names


@contextmanager
def _bar(proteins: int) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("predicting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("proteins,"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=proteins)
        yield lambda done: progress.advance(task, done)


def _sentence(summary: dict, folder: Path) -> str:
    with_terms, proteins = summary["proteins_recommended"], summary["proteins"]
    page = PREDICTION_FILES["page"]
    look = f" To look at them, open {folder / page} in a browser." if page in summary["files"] else ""
    return (
        f"{summary['recommended']:,} recommended terms for {with_terms:,} of {proteins:,} proteins, by the model "
        f"{summary['model']}: {folder / 'predictions.tsv'} and {len(summary['files']) - 1} other forms next to it."
        f"{look}"
    )
