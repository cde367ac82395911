"""ARCHITECTURE.md names files and classes that exist, and gives the order of imports that is tested."""

import re

import pytest
from test_imports import ORDER

PATH = re.compile(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:py|smk|yaml|j2|md))`")
DEFINED = re.compile(r"`([\w./]+\.py)`: ((?:`\w+`(?:, )?)+)")
# Of a run, not of the repository.
OF_A_RUN = ("inputs/pid2pos.parquet", "logs/", "benchmarks/")


@pytest.fixture
def text(root):
    return (root / "ARCHITECTURE.md").read_text(encoding="utf-8")


def place_of(root, path):
    return next((base / path for base in (root / "src/gofer", root) if (base / path).exists()), None)


def test_every_path_that_the_architecture_names_exists(root, text):
    paths = {path for path in PATH.findall(text) if path not in OF_A_RUN}
    assert len(paths) > 60
    assert not [path for path in sorted(paths) if place_of(root, path) is None]


def test_every_class_or_function_is_defined_in_the_file_next_to_it(root, text):
    named = [(path, name) for path, names in DEFINED.findall(text) for name in re.findall(r"\w+", names)]
    assert len(named) > 15
    for path, name in named:
        code = (root / "src/gofer" / path).read_text(encoding="utf-8")
        assert re.search(rf"^(class|def) {name}\b", code, flags=re.MULTILINE), f"{path} does not define {name}"


def test_every_rule_of_the_walks_exists(root, text):
    walks = text.split("## One protein")[1].split("## One step")[0]
    rules = {
        name
        for row in re.findall(r"^\|[^|]*\|([^|]*)\|", walks, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    code = "".join(path.read_text(encoding="utf-8") for path in (root / "rules").glob("*.smk"))
    assert len(rules) > 8
    assert not [name for name in sorted(rules) if f"rule {name}:" not in code]


def test_the_architecture_gives_the_order_of_imports(text):
    assert " > ".join(ORDER) in text
