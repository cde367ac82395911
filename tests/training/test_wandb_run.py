"""The W&B run of a run: one id for all stages; offline it needs no key and writes only to its folder.

What was written is read by W&B's own reader, `wandb leet inspect`.
"""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from running import records_of

from gofer.errors import GoferError
from gofer.training.wandb_run import WandbRun

FAKE_KEY = "fedcba9876543210fedcba9876543210fedcba98"
TRY = """
import json, sys
from pathlib import Path
import pandas as pd
from gofer.training.tracking import Tracker
from gofer.training.wandb_run import WandbRun

folder, stage, epochs, about = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
plan = pd.DataFrame({"step": [0, 2], "knob": ["hard_frac"] * 2, "value": [0.25, 0.5]})
run = WandbRun.begin(
    stage, mode="offline", folder=folder, name="tiny", settings={"gamma": 0.9, f"stage_{stage}": about}, about=about,
    plan=plan, epochs_before=2 if stage == "B" else 0, epoch_steps=3,
)
tracker = Tracker(stage, run)
for epoch in epochs:
    tracker.log(epoch=epoch, step=3 * epoch, split="train", loss=1 / epoch)
    tracker.log(epoch=epoch, step=3 * epoch, split="val", fmax=float("nan"))
tracker.finish()
"""


@pytest.fixture
def folder(tmp_path):
    """The folder of training."""
    return tmp_path / "training"


@pytest.fixture
def try_stage(folder, tmp_path, root):
    """Track one try of a stage in a separate process, with a separate home, working folder and temporary folder."""

    def start(stage, epochs, about, *, key=None):
        for name in ("home", "cwd", "tmp"):
            (tmp_path / name).mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "XDG"))}
        environment |= {
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
            "PYTHONPATH": str(root / "src"),
        }
        environment |= {"WANDB_API_KEY": key} if key else {}
        command = [sys.executable, "-B", "-c", TRY, str(folder), stage, json.dumps(epochs), json.dumps(about)]
        done = subprocess.run(
            command, check=False, cwd=tmp_path / "cwd", env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done

    return start


def parts_of(folder):
    """The .wandb files of a run, oldest first."""
    return sorted(folder.glob("wandb/offline-run-*/*.wandb"), key=lambda path: path.stat().st_mtime_ns)


def files_below(folder):
    return {path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_a_resume_and_the_next_stage_have_one_id_and_count_steps_and_epochs_on(folder, try_stage):
    try_stage("A", [1], {"rate": 0.1})
    try_stage("A", [2], {"rate": 0.1})
    try_stage("B", [1], {"rate": 0.2})
    parts = parts_of(folder)
    assert len(parts) == 3
    runs = [run for part in parts for run in records_of(part, "run")]
    assert len({run["run_id"] for run in runs}) == 1
    assert {run["display_name"] for run in runs} == {"tiny"}
    config = {name: value for run in runs for name, value in run["config"]["update"].items()}
    assert (config["gamma"], config["stage_A"], config["stage_B"]) == (0.9, {"rate": 0.1}, {"rate": 0.2})
    rows = [row["item"] for part in parts for row in records_of(part, "history")]
    figures = [(row["_step"], row["epoch"], row["train/loss"]) for row in rows if "epoch" in row]
    assert figures == [(3, 1, 1), (6, 2, 0.5), (9, 3, 1)]


def test_each_stage_sends_its_curriculum_once_as_a_table_and_a_picture(folder, try_stage):
    try_stage("A", [1], {})
    try_stage("A", [2], {})
    try_stage("B", [1], {})
    rows = [[row["item"] for row in records_of(part, "history")] for part in parts_of(folder)]
    with_picture = [row for part in rows for row in part if "curriculum/picture._type" in row]
    assert [(row["_step"], row["curriculum/picture._type"]) for row in with_picture] == [
        (0, "image-file"),
        (6, "image-file"),
    ]
    tables = [
        json.loads(path.read_text()) for path in sorted(folder.rglob("files/media/table/curriculum/*.table.json"))
    ]
    assert tables[0]["columns"] == ["step", "knob", "value"]
    assert sorted(row for table in tables for row in table["data"]) == [
        [0, "hard_frac", 0.25], [2, "hard_frac", 0.5], [6, "hard_frac", 0.25], [8, "hard_frac", 0.5],
    ]  # fmt: skip
    pictures = [path.read_bytes() for path in folder.rglob("files/media/images/curriculum/*.png")]
    assert [picture[:4] for picture in pictures] == [b"\x89PNG"] * 2


def test_a_stage_trained_again_with_other_settings_begins_a_new_run(folder, try_stage):
    try_stage("A", [1], {"rate": 0.1})
    try_stage("A", [1], {"rate": 0.3})
    try_stage("B", [1], {"rate": 0.2})
    first, second, third = (records_of(part, "run")[0]["run_id"] for part in parts_of(folder))
    assert first != second == third


@pytest.mark.fault(70, 71)
@pytest.mark.parametrize("key", [None, FAKE_KEY])
def test_offline_needs_no_key_keeps_to_its_folder_and_writes_no_secret(folder, try_stage, tmp_path, key):
    before = files_below(tmp_path)
    done = try_stage("A", [1], {}, key=key)
    written = files_below(tmp_path) - before
    assert any(path.suffix == ".wandb" for path in written)
    assert {path.relative_to(folder).parts[0] for path in written} == {"wandb"}
    for path in written:
        if path.is_symlink():
            assert folder in path.resolve().parents
            continue
        assert FAKE_KEY.encode() not in path.read_bytes()
    assert FAKE_KEY not in done.stdout + done.stderr


@pytest.mark.fault(71)
def test_online_without_a_key_is_refused_before_anything_is_sent(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(GoferError, match="holds no WANDB_API_KEY") as caught:
        WandbRun.begin(
            "A",
            mode="online",
            name="tiny",
            folder=tmp_path,
            settings={},
            about={},
            plan=pd.DataFrame(),
            epochs_before=0,
            epoch_steps=1,
        )
    assert "never in a config" in caught.value.help
    assert not files_below(tmp_path)
