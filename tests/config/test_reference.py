"""config/README.md: every key in words, with its default."""

import pytest
import yaml

from gofer.config import read_config
from gofer.config_reference import reference


@pytest.fixture
def schema(root):
    return yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())


def test_the_page_is_the_one_that_schema_and_defaults_give(root, schema):
    page = (root / "config/README.md").read_text()
    assert page == reference(schema, read_config(root / "config/defaults.yaml")), "run make docs"


def test_every_key_of_the_schema_has_a_description(schema):
    def without(node, path):
        if isinstance(node, dict):
            for name, below in node.get("properties", {}).items():
                stage = path[-1:] == ("stages",)
                if "description" not in below and not stage:
                    yield (*path, name)
                yield from without(below, (*path, name))

    assert [key for node in [schema, *schema["$defs"].values()] for key in without(node, ())] == []


def test_each_key_is_given_with_its_default(root):
    lines = (root / "config/README.md").read_text().splitlines()
    for start in (
        "- `run` (no default):",
        "- `keep_ids` (default null):",
        '- `prompt` (default ""):',
        "- `relations` (default [is_a, part_of]):",
        "- `epochs` (default 10 / 10 / 8 / 8):",
        "- `lambda_con` (default 1.0):",
    ):
        assert sum(line.startswith(start) for line in lines) == 1, start
