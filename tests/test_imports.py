"""One direction of imports, and no code in the library that executes what it reads."""

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

# From the top down: each imports only from those below it (and from itself).
ORDER = [
    "cli", "check", "serve", "explain", "report", "evaluation", "baselines", "retrieval", "training", "mining",
    "embeddings", "inputs", "metrics",
    "config_reference", "config", "workflow", "artefacts", "tables", "methods", "names", "errors",
]  # fmt: skip
RUNS = {"eval", "exec", "compile", "__import__", "os.system", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
UNPICKLES = {"pickle", "dill", "cloudpickle", "joblib", "marshal"}
SOURCE = Path(__file__).parents[1] / "src" / "gofer"
FILES = sorted(SOURCE.rglob("*.py"))
ROOT = SOURCE.parents[1]
ADAPTERS = sorted([*ROOT.glob("workflow/scripts/*.py"), *ROOT.glob("benchmarks/*.py")])


def imports_of(path):
    """Dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            yield node.module
            if node.module == "gofer":
                yield from (f"gofer.{alias.name}" for alias in node.names)


def part_of(name):
    return name.split(".")[1]


def unsafe_calls(text):
    """Lines of calls that run, or unpickle, what they are given."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name, options = ast.unparse(node.func), {option.arg: ast.unparse(option.value) for option in node.keywords}
        first, last = name.split(".")[0], name.split(".")[-1]
        unsafe = (
            name in RUNS
            or (first in UNPICKLES and last in {"load", "loads", "Unpickler"})
            or (name == "torch.load" and options.get("weights_only") != "True")
            or (name in {"np.load", "numpy.load"} and options.get("allow_pickle", "False") != "False")
            or last == "read_pickle"
            or options.get("shell") == "True"
            or options.get("trust_remote_code", "False") != "False"
        )
        if unsafe:
            yield f"{node.lineno}: {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_only_from_below(path):
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    for name in imports_of(path):
        if name.startswith("gofer."):
            assert ORDER.index(part_of(name)) >= ORDER.index(part), f"{path.relative_to(SOURCE)} imports {name}"


def test_every_part_of_the_package_has_its_place_in_the_order():
    parts = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
    assert parts <= set(ORDER)


def test_the_library_knows_nothing_of_snakemake():
    for path in FILES:
        assert not any(name.split(".")[0] == "snakemake" for name in imports_of(path)), path


def test_the_foundation_needs_neither_torch_nor_faiss():
    heavy = {"torch", "faiss", "esm", "wandb"}
    for path in [SOURCE / f"{name}.py" for name in ("errors", "artefacts", "workflow")] + [*SOURCE.glob("config/*.py")]:
        assert not heavy & {imported.split(".")[0] for imported in imports_of(path)}


@pytest.mark.fault(56, 72)
def test_nothing_in_the_library_runs_or_unpickles_what_it_reads():
    found = [f"{path.relative_to(SOURCE)}:{call}" for path in FILES for call in unsafe_calls(path.read_text())]
    assert found == []


@pytest.mark.fault(56)
@pytest.mark.parametrize(
    ("line", "unsafe"),
    [
        ("torch.load(p)", True), ("torch.load(p, weights_only=False)", True),
        ("torch.load(p, weights_only=True)", False),
        ("pickle.load(f)", True), ("pickle.loads(b)", True), ("yaml.load(f)", True), ("yaml.safe_load(f)", False),
        ("eval(s)", True), ("exec(s)", True), ("model.eval()", False), ("json.load(f)", False),
        ("pd.read_pickle(p)", True),
        ("np.load(p)", False), ("np.load(p, allow_pickle=True)", True), ("subprocess.run(c, shell=True)", True),
        ("AutoModel.from_pretrained(n, trust_remote_code=True)", True),
        ("AutoModel.from_pretrained(n, trust_remote_code=False)", False),
    ],
)  # fmt: skip
def test_the_check_itself_sees_what_is_unsafe(line, unsafe):
    assert bool(list(unsafe_calls(line))) == unsafe


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_what_a_script_imports_from_the_library_exists(path):
    imported = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "gofer"
        for alias in node.names
    ]
    for module, name in imported:
        assert hasattr(importlib.import_module(module), name) or importlib.util.find_spec(f"{module}.{name}")
