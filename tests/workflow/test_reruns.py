"""Jobs run again give the same bytes, whatever the cores, the caches, the user, the locale and the time zone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import as_another_user

pytestmark = pytest.mark.workflow

# Rules that the small run has no job of, since they are requested by name; other tests run them.
NOT_IN_THE_RUN = {
    "check", "compare_releases", "pretrain_esm", "ablate", "ablation", "results_page", "read_judged_annotations",
    "predict_own_annotations", "download_data",
}  # fmt: skip


@pytest.fixture(scope="module")
def reruns(workspace):
    """Rule, job, file and whether its bytes are the same, of every job with a script.

    They run as another user where the system allows it, in another locale and time zone, without caches.
    """
    caches, aside = workspace.folder / "results/cache", workspace.folder / "cache"
    caches.rename(aside)
    script = [*as_another_user(), sys.executable, str(Path(__file__).parents[1] / "rerunning.py")]
    places = [workspace.source / "Snakefile", workspace.folder / "small.yaml", workspace.folder]
    other = {**os.environ, "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland", "COLUMNS": "20"}
    try:
        done = subprocess.run([*script, *map(str, places)], capture_output=True, text=True, check=False, env=other)
    finally:
        shutil.rmtree(caches, ignore_errors=True)
        aside.rename(caches)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_job_run_again_gives_the_same_bytes(reruns):
    assert [f"{job}: {file}" for _, job, file, same in reruns if not same] == []


def test_no_rule_is_left_out(root, reruns):
    texts = [path.read_text() for path in (root / "rules").glob("*.smk")]
    rules = {name for text in texts for name in re.findall(r"^ *(?:use rule \w+ as|rule) (\w+)", text, re.MULTILINE)}
    assert {rule for rule, *_ in reruns} == rules - NOT_IN_THE_RUN


def test_the_run_is_as_it_was(workspace, reruns):
    assert "Nothing to be done" in workspace.snakemake("-n").stdout


def test_a_stage_alone_is_one_job_and_gives_the_same_bytes(workspace):
    outputs = [workspace.results(f"training/stage-C/{name}") for name in ("model.safetensors", "metrics.tsv")]
    kept = [path.rename(workspace.folder / path.name) for path in outputs]
    done = workspace.snakemake("results/small/training/stage-C/model.safetensors")
    assert re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", done.stdout) == ["train_stage"]
    assert [path.read_bytes() for path in outputs] == [path.read_bytes() for path in kept]
    for path, before in zip(outputs, kept, strict=True):
        before.replace(path)
