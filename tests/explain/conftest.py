import pytest
from retrieval.tiny_model import make_model

from gofer.retrieval.predictor import Predictor
from gofer.retrieval.trained_model import TrainedModel


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A packed model of a few proteins."""
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def predictor(tiny):
    """The model, opened."""
    return Predictor(TrainedModel(tiny.path), device="cpu")
