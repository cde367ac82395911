"""A tiny world, made once."""

import pytest
from training.tiny_world import make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))
