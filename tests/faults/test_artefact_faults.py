"""Kills, full disks and concurrent writers (artefacts): a file is the old or the new one, never a part of one."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import Manifest, read_json, read_table, sha256_of, write_json, write_table, write_text
from gofer.retrieval.cafa_format import read_cafa, write_cafa

KINDS = ["text", "json", "table", "cafa"]


def write(kind, path, n):
    """A file of each kind, of `n` rows."""
    manifest = Manifest({"go_release": str(n)})
    match kind:
        case "text":
            write_text(path, "line\n" * n)
        case "json":
            write_json(path, {"rows": list(range(n))}, manifest)
        case "table":
            write_table(path, pd.DataFrame({"a": np.arange(n), "b": [f"P{i}" for i in range(n)]}), manifest)
        case "cafa":
            write_cafa(path, [f"P{i}" for i in range(n)], ["GO:1"] * n, np.full(n, 0.5))


@pytest.fixture
def python(root):
    """Run Python code in a separate process; it knows `write`."""

    def start(code, *arguments, **options):
        paths = os.pathsep.join([str(root / "src"), str(root / "tests")])
        code = f"import os, signal, sys\nfrom faults.test_artefact_faults import write\n{code}"
        command = [sys.executable, "-c", code, *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": paths}
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)

    return start


def ended(process):
    """Its exit status and what it said."""
    said = process.communicate()[1]
    return process.returncode, said


def readable(kind, path, n):
    """Whether the file is exactly that of `n` rows."""
    match kind:
        case "text":
            return path.read_text() == "line\n" * n
        case "json":
            return read_json(path) == {"rows": list(range(n))}
        case "table":
            return len(read_table(path)) == n
        case "cafa":
            return len(read_cafa(path)) == n


@pytest.mark.fault(20)
@pytest.mark.kill
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moment", ["os.fsync", "os.replace"])
def test_a_kill_in_the_middle_of_a_write_leaves_the_old_file_and_the_next_run_writes_the_new(
    python, tmp_path, kind, moment
):
    path = tmp_path / f"file.{'parquet' if kind == 'table' else kind}"
    write(kind, path, 5)
    before = sha256_of(path)
    dies = f"{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nwrite(sys.argv[1], sys.argv[2], 9)"
    assert ended(python(dies, kind, path))[0] == -signal.SIGKILL
    assert sha256_of(path) == before
    assert readable(kind, path, 5)
    left = [other for other in tmp_path.iterdir() if other != path]
    assert all(other.name.startswith(".file.") and other.name.endswith(".part") for other in left)
    write(kind, path, 9)
    assert readable(kind, path, 9)


@pytest.mark.kill
def test_a_kill_before_the_first_write_leaves_no_file(python, tmp_path):
    dies = "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nwrite('table', sys.argv[1], 9)"
    assert ended(python(dies, tmp_path / "t.parquet"))[0] == -signal.SIGKILL
    assert not (tmp_path / "t.parquet").exists()


@pytest.mark.fault(27)
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "json", "table"])
def test_a_disk_without_room_leaves_the_old_file_and_says_so(python, tmp_path, kind):
    path = tmp_path / f"file.{'parquet' if kind == 'table' else kind}"
    write(kind, path, 5)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    status, said = ended(python("write(sys.argv[1], sys.argv[2], 90_000)", kind, path, preexec_fn=limit))
    assert status == 1
    assert "GoferError" in said
    assert "cannot be written" in said
    assert "make room and run snakemake again" in said
    assert readable(kind, path, 5)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(28)
@pytest.mark.slow
def test_two_writers_at_once_leave_one_whole_file(python, tmp_path):
    path = tmp_path / "t.parquet"
    loop = "for _ in range(15):\n    write('table', sys.argv[1], int(sys.argv[2]))"
    writers = [python(loop, path, n) for n in (100, 2000)]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            seen.add(len(read_table(path)))
    assert [ended(writer) for writer in writers] == [(0, ""), (0, "")]
    seen.add(len(read_table(path)))
    assert seen <= {100, 2000}
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write_table(tmp_path / "file" / "t.parquet", pd.DataFrame({"a": [1]}), Manifest())
