"""`snakemake --generate-unit-tests` on a finished run: the generated tests pass, as outputs are the same bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import copy_of

pytestmark = pytest.mark.workflow

UNIT = Path(".tests/unit")
CALL = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "small.yaml"]


def run(command, folder):
    """What a program says; it finds python as the generated tests ask for it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "HOME": str(folder / "home")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def generated(root, workspace, tmp_path_factory):
    """A folder that holds the workflow, the finished small run, and the tests that Snakemake writes for its rules."""
    folder = copy_of(root, tmp_path_factory.mktemp("unit") / "gofer")
    shutil.copytree(workspace.folder / "results", folder / "results")
    shutil.copy(workspace.folder / "small.yaml", folder)
    status, output = run([*CALL, "--generate-unit-tests"], folder)
    assert status == 0, output[-3000:]
    return folder


@pytest.mark.parametrize("rule", ["read_proteins", "label_terms", "embed_proteins", "collect_metrics"])
def test_the_test_of_a_rule_passes(generated, rule):
    if rule == "embed_proteins":  # as CONTRIBUTING.md says: the shards next to the manifest are not inputs
        for shard in (generated / "results/small/embeddings").rglob("shard-*.parquet"):
            shutil.copy(shard, generated / UNIT / rule / "data" / shard.parent.relative_to(generated))
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", f"{UNIT}/test_{rule}.py"]
    status, output = run(command, generated)
    assert status == 0, output[-3000:]
    assert "1 passed" in output
