"""`gofer predict` killed, without room on the disk, started twice, or on another machine: the same bytes in the end."""

import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from cli.test_cli import ENTRY, run
from filelock import FileLock
from running import as_another_user

from gofer.retrieval import query_file
from gofer.retrieval.prediction_run import LOCK
from gofer.tables import PREDICTION_FILES

NAMES = [*PREDICTION_FILES.values(), "not_predicted.tsv", "summary.json"]
SMALL = f"from gofer.retrieval import query_file; query_file.MOST_PROTEINS = 2\n{ENTRY}"


def start(tiny, fasta, out, *, environment=None, folder=None, most_bytes=None, user=()):
    """The command in a process group of its own, two proteins to a chunk."""
    words = ["predict", str(fasta), "-m", str(tiny.path), "-o", str(out), "--threads", "1"]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most_bytes, most_bytes)) if most_bytes else None
    return subprocess.Popen(
        [*user, sys.executable, "-c", SMALL, *words],
        cwd=folder, env={**os.environ, **(environment or {})}, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=limit,
    )  # fmt: skip


@pytest.fixture
def whole(tiny, tmp_path, monkeypatch):
    """The query, and the bytes of every form of its predictions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(query_file, "MOST_PROTEINS", 2)
    tiny.fasta(tmp_path / "my.fasta")
    assert run("predict", "my.fasta", "-m", tiny.path, "-o", "whole", "--threads", 1)[0] == 0
    return contents(tmp_path / "whole")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in NAMES}


@pytest.mark.kill
@pytest.mark.fault(20, 97)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_killed_after_some_chunks_the_same_command_makes_the_same_bytes(tiny, whole, tmp_path, number):
    process = start(tiny, "my.fasta", "out")
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "out/.partial").glob("chunk-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, number)
    process.communicate()
    (tmp_path / "out/.predictions.tsv.abc.part").write_text("half")  # as a kill during the last step leaves it
    assert not (tmp_path / "out/summary.json").exists()
    assert run("predict", "my.fasta", "-m", tiny.path, "-o", "out", "--threads", 1)[0] == 0
    assert contents(tmp_path / "out") == whole
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*NAMES, "predictions.cafa.tsv.json"}


@pytest.mark.kill
@pytest.mark.fault(27)
def test_without_room_on_the_disk_it_says_so_and_resumes(tiny, whole, tmp_path):
    process = start(tiny, "my.fasta", "out", most_bytes=2500)
    said = process.communicate()[1]
    assert process.returncode == 3
    assert said.startswith("gofer: ")
    assert "Traceback" not in said
    assert run("predict", "my.fasta", "-m", tiny.path, "-o", "out", "--threads", 1)[0] == 0
    assert contents(tmp_path / "out") == whole


@pytest.mark.fault(28)
def test_a_second_command_into_the_same_folder_is_refused(tiny, whole, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / LOCK):
        code, output = run("predict", "my.fasta", "-m", tiny.path, "-o", "out")
    assert (code, "another gofer predict is writing to out" in output) == (3, True)
    assert run("predict", "my.fasta", "-m", tiny.path, "-o", "out")[0] == 0
    assert contents(tmp_path / "out") == whole


@pytest.mark.fault(30)
def test_a_folder_that_cannot_be_made_is_named(tiny, whole):
    code, output = run("predict", "my.fasta", "-m", tiny.path, "-o", "my.fasta/out")
    assert (code, "my.fasta/out cannot be written to" in output) == (3, True)


@pytest.mark.fault(30, 50, 95)
def test_another_folder_locale_time_zone_hash_seed_and_home_change_no_byte(tiny, whole, tmp_path):
    other = tmp_path / "an other" / "ü"
    other.mkdir(parents=True)
    tiny.fasta(other / "my.fasta")
    environment = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "COLUMNS": "20"}
    environment |= {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": str(tmp_path / "fresh cache")}
    process = start(tiny, "my.fasta", "out", environment=environment, folder=other)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert contents(other / "out") == whole


@pytest.mark.skipif(not as_another_user(), reason="user namespaces are not allowed here")
def test_a_user_without_an_account_gets_the_same_bytes(tiny, whole, tmp_path):
    process = start(
        tiny, "my.fasta", "out", environment={"HOME": "/proc/nowhere"}, folder=tmp_path, user=as_another_user()
    )
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert contents(tmp_path / "out") == whole
