"""`gofer serve`: the web app, until Ctrl-C."""

import tempfile
from pathlib import Path

import typer

from gofer.cli.running import use_threads
from gofer.errors import GoferError


def serve_model(
    model: Path, host: str, port: int, names: list[str], proteins: int, device: str, threads: int | None
) -> None:
    """Serve; the options are those of the command.

    Raises:
        GoferError: The model is at fault, Flask or waitress is not installed, or the port is taken.
    """
    number = use_threads(threads)
    try:
        from gofer.serve.jobs import Jobs, ServeLimits
        from gofer.serve.server import in_address, is_loopback, open_server
    except ModuleNotFoundError as error:
        raise GoferError(f"{error.name} is not installed", help="pip install 'gofer[serve]'") from error
    import torch

    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.trained_model import TrainedModel

    torch.set_num_threads(number)
    predictor = Predictor(TrainedModel(model), device=device)
    predictor.load()
    with tempfile.TemporaryDirectory(prefix="gofer-serve-") as folder:
        jobs = Jobs(predictor, Path(folder), ServeLimits(proteins=proteins))
        server = open_server(jobs, host, port, names)
        if not is_loopback(host):
            typer.echo(f"warning: everybody who reaches {host} can use this server; there is no password", err=True)
        jobs.start()
        address = f"http://{in_address(host)}:{server.effective_port}/"
        typer.echo(f"The model {predictor.model.name} is at {address} until Ctrl-C.")
        server.run()
