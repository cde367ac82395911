"""A workflow stopped or killed on its way resumes with the documented commands, to the bytes of an unbroken one."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gofer.tables import PREDICTION_FILES

pytestmark = [pytest.mark.workflow, pytest.mark.kill]


def group_is_gone(number, seconds=20):
    """Whether no process of the group is left."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.fault(47, 97)
def test_snakemake_predict_terminated_and_then_killed_resumes_to_the_bytes_of_the_command(workspace, tmp_path):
    sequence = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEK"
    query = workspace.folder / "stopped.fasta"
    query.write_text("".join(f">Q{n}\n{sequence[n % 40 :]}{sequence * (n % 9 + 1)}\n" for n in range(700)))
    words = [
        sys.executable,
        "-m",
        "snakemake",
        "predict",
        "--snakefile",
        str(workspace.source / "Snakefile"),
        "--cores",
        "2",
    ]
    words += ["--directory", str(workspace.folder), "--configfile", str(workspace.folder / "small.yaml")]
    words += ["--config", "query=stopped.fasta"]
    made = workspace.results("retrieval/stopped")
    for number in (signal.SIGTERM, signal.SIGKILL):
        seen = len(list(made.glob(".partial/chunk-*")))
        process = subprocess.Popen(
            words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(workspace.folder / "home")},
        )  # fmt: skip
        deadline = time.monotonic() + 300
        while len(list(made.glob(".partial/chunk-*"))) <= seen and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, number)
        assert process.wait() != 0
        assert group_is_gone(process.pid)
    assert not (made / PREDICTION_FILES["tsv"]).exists()
    workspace.snakemake("--unlock", "--config", "query=stopped.fasta")
    workspace.snakemake("predict", "--config", "query=stopped.fasta")
    script = "from gofer.cli.main import app; app()"
    arguments = ["predict", "stopped.fasta", "-m", workspace.results("model/small.gofer"), "-o", tmp_path / "out"]
    environment = {**os.environ, "PYTHONPATH": str(workspace.source / "src")}
    subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], check=True, cwd=workspace.folder, env=environment
    )
    for name in PREDICTION_FILES.values():
        assert (tmp_path / "out" / name).read_bytes() == (made / name).read_bytes()
