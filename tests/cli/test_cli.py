"""The command `gofer` as a user types it: what it makes, what it says, how it ends, and that it resumes."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from functools import partial

import pandas as pd
import pytest
from typer.testing import CliRunner

import gofer
from gofer.cli.main import app
from gofer.cli.running import THREADS, use_threads
from gofer.retrieval import prediction_run, predictor, query_file
from gofer.tables import PREDICTION_FILES
from gofer.workflow import SHAPES_KEPT

FILES = [*PREDICTION_FILES.values(), "not_predicted.tsv", "summary.json"]
ENTRY = "from gofer.cli.main import app; app()"


def run(*arguments):
    """(exit code, what it printed)."""
    with pytest.MonkeyPatch.context() as patch:  # the number of threads goes into the environment
        for name in THREADS:
            patch.setenv(name, "1")
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture
def fasta(tiny, tmp_path):
    return tiny.fasta(tmp_path / "my.fasta")


def test_predict_writes_every_form_and_ends_with_one_sentence(tiny, fasta, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output = run("predict", fasta, "-m", tiny.path)
    assert code == 0
    assert {path.name for path in (tmp_path / "my-predictions").iterdir()} == {*FILES, "predictions.cafa.tsv.json"}
    assert output.count("\n") == 1
    assert "24 of 24 proteins, by the model tiny: my-predictions/predictions.tsv and 8 other forms" in output


def test_python_gives_the_same_table_as_the_command(tiny, fasta, tmp_path):
    assert run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out", "--forms", "parquet")[0] == 0
    table = gofer.load(tiny.path).predict(fasta)
    pd.testing.assert_frame_equal(table, pd.read_parquet(tmp_path / "out/predictions.parquet"), check_dtype=False)


def test_few_compiled_shapes_are_kept_unless_the_user_says_how_many(monkeypatch):
    for name in (*THREADS, SHAPES_KEPT[0]):
        monkeypatch.setenv(name, "1000")
    use_threads(2)
    assert os.environ[SHAPES_KEPT[0]] == "1000"
    monkeypatch.delenv(SHAPES_KEPT[0])
    assert (use_threads(2), os.environ[SHAPES_KEPT[0]]) == (2, "64")


def test_the_number_of_threads_changes_no_byte(tiny, fasta, tmp_path, monkeypatch):
    monkeypatch.setattr(query_file, "MOST_PROTEINS", 3)
    for threads in (1, 3):
        run("predict", fasta, "-m", tiny.path, "-o", tmp_path / str(threads), "--threads", threads)
    for name in PREDICTION_FILES.values():
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_only_chosen_forms_are_written_and_an_unknown_one_is_named(tiny, fasta, tmp_path):
    assert run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out", "--forms", "tsv, gaf")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"predictions.tsv", "predictions.gaf", "not_predicted.tsv", "summary.json"}
    code, output = run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out", "--forms", "xml")
    assert code == 3
    assert "--forms names xml, which is no form" in output


@pytest.mark.fault(76)
def test_another_file_of_the_same_name_never_overwrites_results(tiny, fasta, tmp_path):
    out = tmp_path / "out"
    assert run("predict", fasta, "-m", tiny.path, "-o", out)[0] == 0
    before = {name: (out / name).read_bytes() for name in FILES}
    (tmp_path / "other").mkdir()
    other = tiny.fasta(tmp_path / "other/my.fasta", slice(3, 6))
    code, output = run("predict", other, "-m", tiny.path, "-o", out)
    assert code == 3
    assert f"{out} holds the predictions of {fasta}" in output.replace("\n", "")
    assert {name: (out / name).read_bytes() for name in FILES} == before
    assert run("predict", other, "-m", tiny.path, "-o", out, "--force")[0] == 0
    assert pd.read_csv(out / "predictions.tsv", sep="\t")["protein_id"].nunique() == 3


def test_the_same_command_again_does_nothing(tiny, fasta, tmp_path):
    assert run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out")[0] == 0
    before = (tmp_path / "out/predictions.tsv").stat().st_mtime_ns
    code, output = run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out")
    assert (code, "already holds these predictions" in output) == (0, True)
    assert (tmp_path / "out/predictions.tsv").stat().st_mtime_ns == before


def test_after_a_stop_the_same_command_resumes_and_makes_the_same_bytes(tiny, fasta, tmp_path, monkeypatch):
    monkeypatch.setattr(query_file, "MOST_PROTEINS", 5)
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    assert run("predict", fasta, "-m", tiny.path, "-o", whole)[0] == 0
    computed, of_chunk = [], predictor.Predictor.of_chunk

    def stopped(self, proteins, *more):
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(len(proteins))
        return of_chunk(self, proteins, *more)

    monkeypatch.setattr(prediction_run.Predictor, "of_chunk", stopped)
    code, output = run("predict", fasta, "-m", tiny.path, "-o", halved, "--threads", 1)
    assert code == 130
    assert output == "gofer: stopped; the same command resumes where it was\n"
    assert [path.name for path in halved.iterdir()] == [".partial"]
    damaged = halved / ".partial/chunk-000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    computed.append(0)
    assert run("predict", fasta, "-m", tiny.path, "-o", halved, "--threads", 1)[0] == 0
    assert computed == [5, 5, 0, 5, 5, 5, 4]  # the first chunk was kept, the damaged one made again
    for name in [*PREDICTION_FILES.values(), "not_predicted.tsv"]:
        assert (halved / name).read_bytes() == (whole / name).read_bytes()


def test_chunks_of_another_model_or_query_are_not_used(tiny, fasta, tmp_path, monkeypatch):
    monkeypatch.setattr(query_file, "MOST_PROTEINS", 5)
    monkeypatch.setattr(prediction_run.PredictionRun, "finish", lambda self, forms, slim: {})
    monkeypatch.setattr("gofer.cli.predict_command._sentence", lambda summary, folder: "")
    run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out")
    seen, of_chunk = [], predictor.Predictor.of_chunk
    monkeypatch.setattr(
        prediction_run.Predictor, "of_chunk", lambda self, *asked: (seen.append(1), of_chunk(self, *asked))[1]
    )
    run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out")
    assert len(seen) == 0
    run("predict", fasta, "-m", tiny.path, "-o", tmp_path / "out", "--precision", "70")
    assert len(seen) == 5


@pytest.mark.kill
def test_ctrl_c_ends_in_one_line_and_the_exit_code_says_so(tiny, tmp_path):
    fasta = tmp_path / "many.fasta"
    sequence = tiny.proteins["sequence"].iloc[0] * 20
    fasta.write_text("".join(f">Q{i}\n{sequence}\n" for i in range(4000)))
    command = [sys.executable, "-c", ENTRY, "predict", str(fasta), "-m", str(tiny.path), "-o", str(tmp_path / "out")]
    # A test run in the background ignores Ctrl-C, and so would its child.
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeded)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out/.partial").glob("chunk-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (stdout, stderr) == ("", "gofer: stopped; the same command resumes where it was\n")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "there is no file"), ("", "no FASTA record in this file"),
        ('>a"b\nMKV\n', "holds a quote"),
        (">a\nMKV1\n", "is not an amino-acid code"), (">a\nMKV\n>a\nMKL\n", "id a was used in line 1"),
    ],
)  # fmt: skip
def test_a_faulty_query_is_named_without_traceback_and_leaves_nothing(tiny, tmp_path, content, what):
    path = tmp_path / "bad.fasta"
    if content is not None:
        path.write_text(content)
    code, output = run("predict", path, "-m", tiny.path, "-o", tmp_path / "out")
    assert code == 3
    assert what in output
    assert "Traceback" not in output
    assert not (tmp_path / "out").exists()


def test_without_a_model_in_this_copy_the_error_says_where_to_get_one(fasta, tmp_path, monkeypatch):
    monkeypatch.setattr("gofer.cli.running.SHIPPED_MODEL", tmp_path / "default.gofer")
    code, output = run("predict", fasta)
    assert code == 3
    assert "none for real proteins is in this copy of gofer" in output
    assert "--model results/<run>/model/<run>.gofer" in output


def test_info_names_releases_sizes_and_cutoffs_in_words_and_as_json(tiny):
    code, output = run("info", tiny.path)
    assert code == 0
    assert "Gene Ontology: releases/2015-07-11" in output
    assert "12 GO terms, 24 known proteins" in output
    assert "from 0.400" in output
    assert "never" in output
    printed = json.loads(run("info", tiny.path, "--json")[1])
    assert (printed["card"]["name"], printed["cutoffs"]["MFO"]["50"]) == ("tiny", 0.2)


def test_info_loads_neither_torch_nor_pandas(tiny):
    script = (
        f"import sys; sys.argv = ['gofer', 'info', {str(tiny.path)!r}]\n"
        "from gofer.cli.main import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'pandas', 'pyarrow', 'scipy', 'faiss'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_package_and_names_the_model_format(root):
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    code, output = run("--version")
    assert (code, output.splitlines()[0]) == (0, f"gofer {version}, reads and writes model format 2")


def test_selftest_ends_well_with_a_whole_model_and_badly_with_a_damaged_one(tiny, tmp_path):
    code, output = run("selftest", "-m", tiny.path)
    assert code == 0
    assert output.count("ok  ") == 5
    content = bytearray(tiny.path.read_bytes())
    content[-5] ^= 1
    (tmp_path / "bad.gofer").write_bytes(content)
    code, output = run("selftest", "-m", tmp_path / "bad.gofer")
    assert code == 1
    assert "does not work here" in output


@pytest.mark.parametrize("command", [(), ("predict",), ("info",), ("selftest",), ("pack",)])
def test_help_has_an_example_or_the_exit_codes(command):
    code, output = run(*command, "--help")
    assert code == 0
    assert "Example" in output if command else "130 stopped" in output


def test_pack_refuses_a_folder_that_is_no_finished_run(tmp_path):
    code, output = run("pack", tmp_path)
    assert code == 3
    assert "is not a finished run" in output.replace("\n", " ")


def test_a_wrong_option_is_a_wrong_usage(tiny, fasta):
    assert run("predict", fasta, "--modell", tiny.path)[0] == 2


def test_a_closed_pipe_is_no_error(tiny):
    command = f"{shlex.quote(sys.executable)} -c '{ENTRY}' info {shlex.quote(str(tiny.path))} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr == ""
