"""Figures of training: always a table; optionally W&B, which never asks for a key and writes only to its folder."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from gofer.artefacts import write_tsv
from gofer.errors import GoferError
from gofer.training.columns import COLUMNS
from gofer.training.tracking import Tracker

FAKE_KEY = "fedcba9876543210fedcba9876543210fedcba98"
SCRIPT = """
import sys
from pathlib import Path
import pandas as pd
from gofer.artefacts import write_tsv
from gofer.training.tracking import Tracker

folder = Path(sys.argv[1])
tracker = Tracker("A", mode=sys.argv[2], folder=folder, run="tiny", settings={"gamma": 0.9})
knobs = ["hard_frac", "random_k"]
tracker.preview(pd.DataFrame({"step": [0, 0], "knob": knobs, "value": [0.25, 512.0]}))
tracker.log(epoch=1, step=3, split="train", loss=0.5)
tracker.log(epoch=1, step=3, split="val", fmax=float("nan"))
write_tsv(folder / "metrics.tsv", tracker.table())
tracker.finish()
"""


def files_below(folder):
    return {path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


@pytest.fixture
def run(tmp_path, root):
    """Run a stage's tracking in a separate process, with a separate home, working folder and temporary folder."""

    def start(mode, *, key=None):
        for name in ("home", "cwd", "tmp"):
            (tmp_path / name).mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "XDG"))}
        environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
        environment |= {"PYTHONPATH": str(root / "src")}
        environment |= {"WANDB_API_KEY": key} if key else {}
        command = [sys.executable, "-B", "-c", SCRIPT, str(tmp_path / "out"), mode]
        options = {"cwd": tmp_path / "cwd", "env": environment, "capture_output": True, "text": True}
        return subprocess.run(command, check=False, **options)

    return start


@pytest.mark.fault(70, 71)
@pytest.mark.parametrize("key", [None, FAKE_KEY])
def test_offline_needs_no_key_keeps_to_its_folder_and_writes_no_secret(run, tmp_path, key):
    done = run("offline", key=key)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/metrics.tsv").read_text().startswith("stage\tepoch\tstep\tsplit\tmetric\tvalue\n")
    written = files_below(tmp_path)
    assert any(path.suffix == ".wandb" for path in written)
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"out"}
    assert {path.relative_to(tmp_path / "out").parts[0] for path in written} == {"metrics.tsv", "wandb"}
    for path in written:
        if path.is_symlink():
            assert (tmp_path / "out") in path.resolve().parents
            continue
        assert FAKE_KEY.encode() not in path.read_bytes()
    assert FAKE_KEY not in done.stdout + done.stderr


def test_wandb_shows_the_curriculum_before_training_as_a_table_and_a_line_per_knob(run, tmp_path):
    done = run("offline")
    assert done.returncode == 0, done.stderr
    kept = [path for path in (tmp_path / "out/wandb").rglob("*.table.json") if not path.is_symlink()]
    *lines, whole = sorted((json.loads(path.read_text()) for path in kept), key=lambda table: len(table["data"]))
    assert whole["columns"] == ["step", "knob", "value"]
    assert sorted(row[1:] for row in whole["data"]) == [["hard_frac", 0.25], ["random_k", 512.0]]
    assert sorted(row[-1] for table in lines for row in table["data"]) == [0.25, 512.0]


def test_disabled_writes_only_the_table(run, tmp_path):
    assert run("disabled").returncode == 0
    assert files_below(tmp_path) == {tmp_path / "out/metrics.tsv"}


@pytest.mark.fault(71)
def test_online_without_a_key_is_refused_before_anything_is_sent(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(GoferError, match="holds no WANDB_API_KEY") as caught:
        Tracker("A", mode="online", folder=tmp_path, run="tiny", settings={})
    assert "never in a config" in caught.value.help
    assert not files_below(tmp_path)


def test_the_table_holds_every_figure_in_order(tmp_path):
    tracker = Tracker("B", mode="disabled", folder=tmp_path, run="tiny", settings={})
    tracker.log(epoch=1, step=7, split="train", loss=0.25, con=0.5)
    tracker.log(epoch=2, step=14, split="val", fmax=1)
    tracker.finish()
    table = tracker.table()
    assert table.columns.tolist() == COLUMNS
    assert table.values.tolist() == [
        ["B", 1, 7, "train", "loss", 0.25], ["B", 1, 7, "train", "con", 0.5], ["B", 2, 14, "val", "fmax", 1.0],
    ]  # fmt: skip
    assert not files_below(tmp_path)


def test_a_table_is_written_with_six_figures_and_n_a(tmp_path):
    write_tsv(tmp_path / "t.tsv", pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, float("nan")]}))
    assert (tmp_path / "t.tsv").read_bytes() == b"name\tvalue\na\t0.333333\nb\tn/a\n"


RESUMED = """
import sys
from pathlib import Path
import pandas as pd
from gofer.training.tracking import Tracker

folder, kept = Path(sys.argv[1]), None
for step in (3, 6):
    tracker = Tracker("A", mode="offline", folder=folder, run="tiny", settings={"gamma": 0.9}, kept=kept)
    tracker.preview(pd.DataFrame({"step": [0, 9], "knob": ["hard_frac"] * 2, "value": [0.25, 0.5]}))
    tracker.log(epoch=step // 3, step=step, split="train", loss=1 / step)
    kept = tracker.state()
    tracker.finish()
"""


def records_of(path):
    """The records of a .wandb file: frames as in LevelDB's log, read by W&B's own messages."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, place, held = path.read_bytes(), 7, b""
    assert content[:4] == b":W&B"
    while place < len(content):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        length, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        held += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(held)
            held = b""


def test_wandbs_own_messages_hold_config_curriculum_and_metrics_under_one_id_after_a_resume(tmp_path, root):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    environment |= {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-c", RESUMED, str(tmp_path / "out")], check=True, env=environment)
    records = [record for path in sorted(tmp_path.rglob("*.wandb")) for record in records_of(path)]
    runs = [record.run for record in records if record.WhichOneof("record_type") == "run"]
    assert len({run.run_id for run in runs}) == 1
    config = {item.key: json.loads(item.value_json) for run in runs for item in run.config.update}
    assert config["gamma"] == 0.9
    history = [
        {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for record in records
        if record.WhichOneof("record_type") == "history"
    ]
    figures = [(row["_step"], row["epoch"], row["train/loss"]) for row in history if "train/loss" in row]
    assert figures == [(3, 1, 1 / 3), (6, 2, 1 / 6)]
    assert any(name.startswith("curriculum/table") for row in history for name in row)
    assert any(name.startswith("curriculum/hard_frac") for row in history for name in row)
