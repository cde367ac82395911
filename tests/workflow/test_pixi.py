"""pixi.toml is not solved here; its versions are held to those of the project."""

import re
import tomllib

import pytest


@pytest.fixture
def pixi(root):
    return tomllib.loads((root / "pixi.toml").read_text())


def test_pixi_asks_for_the_versions_of_the_project_and_for_the_project_itself(root, pixi):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = dict(requirement.split("==") for requirement in project["dependencies"])
    asked = dict(pixi["pypi-dependencies"])
    assert asked.pop("gofer") == {"path": ".", "editable": True}
    assert asked == {name: f"=={version}" for name, version in wanted.items()}


def test_pixi_asks_conda_for_what_the_environments_have_from_there(root, pixi):
    texts = [path.read_text() for path in (root / "envs").glob("*.yaml")]
    asked = {name: version.removesuffix(".*") for name, version in pixi["dependencies"].items()}
    assert asked == dict(pin for text in texts for pin in re.findall(r"^  - (\w+) =(\S+)$", text, re.MULTILINE))
