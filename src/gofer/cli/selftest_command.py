"""The checks of a model, printed as they are made."""

from pathlib import Path

import typer

from gofer.cli.running import use_threads


def all_hold(path: Path, device: str, threads: int | None) -> bool:
    """Print each check; whether all of them hold."""
    number = use_threads(threads)
    import torch

    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.selftest import checks
    from gofer.retrieval.trained_model import TrainedModel

    torch.set_num_threads(number)
    good = True
    for check in checks(Predictor(TrainedModel(path), device=device)):
        typer.echo(f"{'ok    ' if check.holds else 'FAILED'}  {check.about}: {check.found}")
        good = good and check.holds
    typer.echo(f"{path} works here" if good else f"{path} does not work here: do not use its predictions")
    return good
