import pytest
from retrieval.tiny_model import make_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A packed model of a few proteins."""
    return make_model(tmp_path_factory.mktemp("model"))
