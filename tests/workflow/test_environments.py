"""One version of each package everywhere: in the conda environments and in pyproject.toml."""

import tomllib

import pytest
import yaml


@pytest.fixture
def pinned(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return dict(requirement.split("==") for requirement in project["dependencies"])


def environments(root):
    return sorted((root / "envs").glob("*.yaml"))


def test_every_environment_pins_the_versions_of_the_project(root, pinned):
    for path in environments(root):
        *_, last = yaml.safe_load(path.read_text())["dependencies"]
        versions = dict(requirement.split("==") for requirement in last["pip"])
        assert {name: pinned[name] for name in versions} == versions, path.name


def test_every_rule_has_an_environment_that_exists(root):
    for rules in sorted((root / "rules").glob("*.smk")):
        text = rules.read_text()
        own = [line for line in text.splitlines() if line.startswith(("rule ", "    rule "))]
        named = [line.strip().strip('"') for line in text.splitlines() if ".yaml" in line and "envs/" in line]
        assert len(named) >= len(own), rules.name
        assert all((rules.parent / name).exists() for name in named)


def test_every_rule_has_a_script_of_its_name(root):
    for path in sorted((root / "workflow/scripts").glob("*.py")):
        rules = "".join(file.read_text() for file in (root / "rules").glob("*.smk"))
        assert f"rule {path.stem}:" in rules
        assert "\ndef " not in path.read_text(), f"{path.name}: scripts only connect"
