"""Every command and code block of README and docs is run, or read by the real command; else it says why not."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import typer
import yaml
from documented import SHELL, blocks, commands
from inputs.annotation_lines import gaf
from retrieval.tiny_model import make_model
from typer.testing import CliRunner

from gofer.cli.main import app
from gofer.cli.running import THREADS
from gofer.config import read_config

# First words of lines that are not run here, and why.
NOT_RUN = {
    "pip": "changes the environment; what `pip install .` gives is tested by tests/test_package.py",
    "python3.11": "makes an environment",
    "source": "changes the shell",
    "cp": "copies a file of the user",
    "rm": "deletes files of the user",
    "du": "shows what is on the disk",
    "apt": "needs root and a network",
    "podman": "needs a container engine: docs/containers.md says that it was not built",
    "pixi": "needs pixi: docs/containers.md says that it was not run",
    "cat": "needs the files of a benchmark",
    "zcat": "needs the files of a benchmark",
    "for": "needs the files of a benchmark",
    "unzip": "needs the files of a benchmark",
    "done": "needs the files of a benchmark",
    "awk": "needs the files of a benchmark",
    "sort": "needs the files of a benchmark",
    "--config": "options of snakemake, checked as its keys",
}
# Commands of gofer that are only read here, and why. The others are run on a small model.
ONLY_READ = {
    "serve": "ends with Ctrl-C: tests/serve",
    "search": "needs the text encoder of the model: tests/cli/test_search_command.py",
    "update-go": "needs the text encoder of the model: tests/cli/test_update_command.py",
    "explain": "needs terms of GO that the small model lacks: tests/cli/test_explain_command.py",
    "pack": "needs a run: tests/workflow/test_workflow.py",
    "download": "needs a network: tests/inputs/test_download.py has a server",
    "bank add": "needs a network, or files of a user: tests/cli/test_bank_command.py",
    "bank remove": "needs a bank: tests/cli/test_bank_command.py",
}
OF_THE_USER = {"config/my.yaml", "my.yaml", "C"}
USAGE = typer.BadParameter.__base__  # of the click that typer brings
RULE = re.compile(r"^ *rule (\w+):", flags=re.MULTILINE)


@pytest.fixture(scope="module")
def by_program(root):
    found = {}
    for command in commands(root):
        found.setdefault(command.words[0], []).append(command)
    return found


def test_every_line_of_a_block_is_tested_or_has_a_reason(by_program, root):
    tested = {"gofer", "snakemake", "make", "python", ".venv/bin/python"}
    assert [str(line) for word in by_program.keys() - tested - NOT_RUN.keys() for line in by_program[word]] == []
    assert {block.language for block in blocks(root)} <= {*SHELL, "inline", "text", "python", "yaml"}
    assert len(by_program["gofer"]) > 40
    assert len(by_program["snakemake"]) > 30


def test_every_gofer_command_has_these_options_and_arguments(by_program):
    group = typer.main.get_command(app)
    faults = []
    for command in by_program["gofer"]:
        words, place = [*command.words[1:]], group
        try:
            while hasattr(place, "commands") and words and not words[0].startswith("-"):
                _, place, words = place.resolve_command(
                    place.make_context("gofer", [words[0], "-h"], resilient_parsing=True), words
                )
            if words != ["--help"] and words != ["--version"] and not hasattr(place, "commands"):
                place.make_context("gofer", words)
        except USAGE as error:
            if not (command.inline and type(error).__name__ == "MissingParameter"):
                faults.append(f"{command}: {error.format_message()}")
    assert faults == []


def test_every_snakemake_command_has_these_options_targets_configs_and_keys(by_program, root):
    from snakemake.cli import get_argument_parser

    parser, faults = get_argument_parser(), []
    parser.error = lambda message: (_ for _ in ()).throw(ValueError(message))
    sources = [root / "Snakefile", *(root / "rules").glob("*.smk")]
    rules = {name for path in sources for name in RULE.findall(path.read_text())}
    for command in by_program["snakemake"]:
        try:
            given = parser.parse_args(list(command.words[1:]))
        except ValueError as error:
            faults.append(f"{command}: {error}")
            continue
        unknown = [target for target in given.targets if target not in rules]
        unknown += [str(rule) for rule in given.forcerun or [] if str(rule) not in rules]
        unknown += [path for path in map(str, given.configfile or []) if not known_config(root, path)]
        unknown += [pair for pair in given.config or [] if not is_key(root, pair)]
        faults += [f"{command}: {name}" for name in unknown]
    assert faults == []


def known_config(root, path):
    return path in OF_THE_USER or (root / path).is_file()


def is_key(root, pair):
    place = read_config(root / "config/defaults.yaml", root / "config/demo.yaml") | {"judged_annotations": None}
    for name in pair.partition("=")[0].split("__"):
        if not isinstance(place, dict) or name not in place:
            return False
        place = place[name]
    return True


def test_options_of_the_page_on_configs_are_keys(by_program, root):
    pairs = [word for line in by_program["--config"] for word in line.words[1:]]
    assert len(pairs) > 4
    assert [pair for pair in pairs if not is_key(root, pair)] == []


def test_every_make_target_exists(by_program, root):
    targets = {word for line in by_program["make"] for word in line.words[1:] if "=" not in word}
    done = subprocess.run(["make", "-n", *sorted(targets)], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_script_exists_and_has_these_options(by_program, root):
    for line in by_program["python"] + by_program[".venv/bin/python"]:
        first, *rest = line.words[1:]
        if first not in ("-c", "-m"):
            code = (root / first).read_text()
            options = [word for word in rest if word.startswith("--")]
            assert [option for option in options if f'"{option}"' not in code] == [], str(line)


def test_yaml_of_the_docs_has_keys_of_the_config(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    for block in blocks(root):
        if block.language == "yaml":
            content = yaml.safe_load(block.text)
            assert content.get("gofer", content).keys() <= schema["properties"].keys(), block.page


def test_python_blocks_run_on_a_small_model(root, tmp_path, monkeypatch):
    make_model(tmp_path).path.rename(tmp_path / "my.gofer")
    (tmp_path / "my.fasta").write_text(">P1\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks(root) if ">>>" in block.text for line in block.text.splitlines()]
    code = [line.removeprefix(">>> ") for line in lines if ".search(" not in line]  # ONLY_READ says why
    assert sum("predict" in line for line in code) > 0
    found = {}
    for line in code:
        exec(line, found)
    assert len(found["table"]) > 0


def test_gofer_commands_run_on_a_small_model(by_program, tmp_path, monkeypatch):
    tiny = make_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in THREADS:
        monkeypatch.setenv(name, "1")
    for name in ("my.gofer", "M"):
        shutil.copy(tiny.path, name)
    tiny.fasta(tmp_path / "my.fasta", slice(2))
    (tmp_path / "my.gaf").write_text(gaf("Q001", term="GO:0016740", code="IEA"))
    ran = set()
    for command in by_program["gofer"]:
        words = ["my.gofer" if word.startswith("results/") else word for word in command.words[1:]]
        if (
            command.inline
            or is_only_read(words)
            or "--taxon" in words
            or "--model" not in words
            and "info" not in words
        ):
            continue
        if tuple(words) not in ran:
            done = CliRunner().invoke(app, words + (["--force"] if words[0] == "predict" else []))
            assert done.exit_code == 0, f"{command}: {done.output}"
            ran.add(tuple(words))
    assert {words[0] for words in ran} >= {"predict", "info", "selftest", "bank"}


def is_only_read(words):
    return words[0] in ONLY_READ or " ".join(words[:2]) in ONLY_READ


@pytest.mark.slow
def test_the_first_protein_of_the_tutorial_is_predicted_with_the_model_that_ships(root, tmp_path):
    from gofer.names import SHIPPED_MODEL

    if not SHIPPED_MODEL.is_file():
        pytest.skip("this copy of gofer has no models/default.gofer")
    (block,) = [block for block in blocks(root) if block.page == "docs/tutorial.md" and "<<'END'" in block.text]
    command = tmp_path / "bin/gofer"
    command.parent.mkdir()
    python = shlex.quote(sys.executable)
    command.write_text(f'#!/bin/sh\nexec {python} -c "from gofer.cli.main import app; app()" "$@"\n')
    command.chmod(0o755)
    environment = {"PATH": f"{command.parent}:/usr/bin:/bin", "PYTHONPATH": str(root / "src"), "HOME": str(tmp_path)}
    subprocess.run(["bash", "-ec", block.text], cwd=tmp_path, env=environment, check=True, capture_output=True)
    best = (tmp_path / "ribonuclease-predictions/predictions.best.tsv").read_text()
    assert "\tprotein binding\t" in best
    assert (tmp_path / "ribonuclease-predictions/index.html").stat().st_size > 10_000
