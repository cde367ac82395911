"""gofer.workflow: log and progress of a rule, and the fingerprint of its code."""

import ast
import logging
import os
import shutil
import subprocess
import sys

import pytest

from gofer import workflow
from gofer.errors import InputError
from gofer.workflow import fingerprint, imported_modules, logged_to, logger, progress


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logs" / "rule.log"


def test_a_jobs_log_holds_its_messages_and_starts_empty(log):
    for text in ("first", "second"):
        with logged_to(log):
            logging.getLogger("gofer.training.stage").info("%s epoch", text)
    assert "second epoch" in log.read_text()
    assert "first epoch" not in log.read_text()
    assert logger.handlers == []


def test_a_users_fault_ends_the_job_with_its_message_and_no_traceback(log):
    with pytest.raises(SystemExit) as caught, logged_to(log):
        raise InputError("is empty", path="p.fasta", help="give proteins")
    assert str(caught.value) == "gofer: p.fasta: is empty\nhelp: give proteins"
    assert "Traceback" not in log.read_text()
    assert "p.fasta: is empty\nhelp: give proteins" in log.read_text()


def test_any_other_error_ends_the_job_and_leaves_its_traceback_in_the_log(log):
    with pytest.raises(SystemExit) as caught, logged_to(log):
        raise KeyError("surprise")
    assert str(log) in str(caught.value)
    assert "Traceback" in log.read_text()
    assert "KeyError: 'surprise'" in log.read_text()
    assert logger.handlers == []


def test_an_interrupt_goes_through(log):
    with pytest.raises(KeyboardInterrupt), logged_to(log):
        raise KeyboardInterrupt


def test_the_exit_status_of_a_failed_job_is_one_and_its_error_is_short(tmp_path, root):
    script = "from gofer.workflow import logged_to\nwith logged_to('j.log'):\n    raise ValueError('x')\n"
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "gofer: an unexpected error; its traceback is in j.log"


def test_threads_are_set_for_the_libraries_that_are_loaded(log):
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    try:
        with logged_to(log, threads=1):
            assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_progress_yields_everything_and_writes_to_the_log(caplog, monkeypatch):
    monkeypatch.setattr(workflow, "SECONDS_BETWEEN_LINES", -1.0)
    with caplog.at_level(logging.INFO, logger="gofer"):
        assert list(progress(range(3), "counting")) == [0, 1, 2]
        assert list(progress(iter([]), "nothing")) == []
        assert list(progress((i for i in range(2)), "counting", total=2)) == [0, 1]
    assert "counting: 2 of 3" in caplog.text
    assert "counting: done, 3 in" in caplog.text
    assert "nothing: done, 0 in" in caplog.text
    assert "counting: 1 of 2" in caplog.text


@pytest.fixture
def package(tmp_path, root, monkeypatch):
    """A copy of the package for the fingerprint to look at."""
    shutil.copytree(root / "src/gofer", tmp_path / "gofer", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(workflow, "SOURCE", tmp_path / "gofer")
    forget()
    yield tmp_path / "gofer"
    forget()


def forget():
    imported_modules.cache_clear()
    workflow.content.cache_clear()


def fingerprint_now(*modules):
    forget()
    return fingerprint(*modules)


@pytest.mark.parametrize("edited", ["training/stage", "training/losses", "mining/curriculum", "metrics/fmax", "errors"])
def test_a_fingerprint_changes_with_the_module_and_with_all_that_it_imports(package, edited):
    before = fingerprint_now("gofer.training.stage")
    path = package / f"{edited}.py"
    path.write_text(path.read_text() + "\n# edited\n")
    after = fingerprint_now("gofer.training.stage")
    assert after != before
    path.write_text(path.read_text().removesuffix("\n# edited\n"))
    assert fingerprint_now("gofer.training.stage") == before


@pytest.mark.parametrize("edited", ["retrieval/model_file", "baselines/naive", "training/tracking"])
def test_a_fingerprint_does_not_change_with_any_other_module(package, edited):
    before = fingerprint_now("gofer.mining.faiss_index", "gofer.evaluation.metric_rows")
    path = package / f"{edited}.py"
    path.write_text(path.read_text() + "\n# edited\n")
    (package / "evaluation/notes.txt").write_text("a new file")
    (package / "__pycache__").mkdir(exist_ok=True)
    os.utime(package / "errors.py", (1, 1))
    assert fingerprint_now("gofer.mining.faiss_index", "gofer.evaluation.metric_rows") == before


def test_a_fingerprint_does_not_depend_on_the_order_of_its_modules_or_the_place_of_the_package(package):
    here = fingerprint_now("gofer.training.stage", "gofer.retrieval.cafa_format")
    assert fingerprint_now("gofer.retrieval.cafa_format", "gofer.training.stage") == here
    moved = shutil.move(package, package.with_name("elsewhere"))
    workflow.SOURCE = type(package)(moved)
    assert fingerprint_now("gofer.training.stage", "gofer.retrieval.cafa_format") == here


def test_a_new_import_brings_the_imported_module_into_the_fingerprint(package):
    path = package / "mining/curriculum.py"
    path.write_text(
        path.read_text() + "\n\ndef late():\n    from gofer.retrieval import model_file\n    return model_file\n"
    )
    before = fingerprint_now("gofer.mining.curriculum")
    other = package / "retrieval/model_file.py"
    other.write_text(other.read_text() + "\n# edited\n")
    assert fingerprint_now("gofer.mining.curriculum") != before


def test_imports_are_found_anywhere_in_a_module_and_only_those_of_gofer(package):
    (package / "probe.py").write_text(
        "import numpy\nimport gofer.errors\nfrom gofer.training import losses, no_such\n"
        "from gofer.artefacts import Manifest\ndef f():\n    from gofer.mining.miner import Miner\n"
    )
    forget()
    assert imported_modules("gofer.probe") == {
        "gofer.errors", "gofer.training", "gofer.training.losses", "gofer.artefacts", "gofer.mining.miner",
    }  # fmt: skip


def test_imports_are_those_that_pythons_own_parser_finds(root):
    paths = sorted((root / "src/gofer").rglob("*.py"))
    assert paths
    for path in paths:
        parsed = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                parsed.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                parsed.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        name = ".".join(path.relative_to(root / "src").with_suffix("").parts).removesuffix(".__init__")
        modules = {module for module in parsed if module.startswith("gofer") and workflow._source_of(module).exists()}
        assert imported_modules(name) == modules, path


def test_an_interpreter_in_a_folder_with_a_space_is_found_by_its_name(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/a b/bin/python3.11")
    monkeypatch.setenv("PATH", "/usr/bin")
    workflow.share_interpreter()
    assert sys.executable == "python3.11"
    assert os.environ["PATH"] == "/a b/bin:/usr/bin"


def test_an_interpreter_with_a_plain_path_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/bin/python3.11")
    workflow.share_interpreter()
    assert sys.executable == "/opt/bin/python3.11"
