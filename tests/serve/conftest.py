import threading
from contextlib import suppress

import pytest
from retrieval.tiny_model import make_model

pytest.importorskip("flask", reason="gofer[serve] is not installed")
pytest.importorskip("waitress", reason="gofer[serve] is not installed")

from gofer.retrieval.predictor import Predictor
from gofer.retrieval.trained_model import TrainedModel
from gofer.serve.jobs import Jobs, ServeLimits
from gofer.serve.server import open_server


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A packed model of a few proteins."""
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def predictor(tiny):
    """The model, opened."""
    predictor = Predictor(TrainedModel(tiny.path), device="cpu")
    predictor.load()
    return predictor


@pytest.fixture
def served(predictor, tmp_path):
    """A running server, as `gofer serve` starts it, that takes queries as fast as a test sends them."""
    jobs = Jobs(predictor, tmp_path, ServeLimits(per_minute=1000))
    server = open_server(jobs, "127.0.0.1", 0)
    jobs.start()
    threading.Thread(target=_run, args=(server,), daemon=True).start()
    yield server
    server.close()


def _run(server):
    with suppress(OSError):  # it is closed while it waits
        server.run()
