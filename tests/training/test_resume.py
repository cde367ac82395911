"""A stage stopped at any moment resumes and ends with the same weights and figures."""

import json
import os
import signal
import subprocess
import sys

import pytest
import torch
from training.tiny_world import BLOCK, CURRICULUM, RELEASE, TRAINING, make_world

from gofer.errors import ArtefactError
from gofer.training.checkpoint import write_checkpoint
from gofer.training.resume import BEFORE, NEWEST, TRY_AGAIN, ResumePoint, flat
from gofer.training.stage import train_stage
from gofer.training.tracking import Tracker

SETTINGS = {**TRAINING, "stages": dict.fromkeys("ABCD", {**BLOCK, "epochs": 4, "lambda_attr_start": 0.1})}

TRAIN = """
import os, random, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.test_resume import train
import gofer.artefacts
from gofer.training.optimiser import Optimiser

world, folder, sign, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
moment = random.Random(seed).randrange(1, 12)
calls = []

def counted(plain):
    def call(*arguments, **options):
        calls.append(1)
        if sign and len(calls) == moment:
            os.kill(os.getpid(), sign)
        return plain(*arguments, **options)
    return call

Optimiser.step = counted(Optimiser.step)
os.replace = counted(os.replace)
os.fsync = counted(os.fsync)
train(world, folder, stage="B")
"""


@pytest.fixture(autouse=True)
def _one_thread():
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(strict)


def train(world, folder, *, stage="A", settings=SETTINGS, minutes=0.0, about=None, index="exact"):
    """Train a stage as rule train_stage does; the model's bytes and the table of metrics."""
    world = world if hasattr(world, "begin") else make_world(world)
    model, data, miner, config, shared = world.begin(stage=stage, training=settings, index=index)
    with ResumePoint(folder / "resume", about or {"stage": stage}, minutes=minutes) as resume:
        tracker = Tracker(stage)
        model = train_stage(model, data, miner, config, shared, tracker, resume)
    write_checkpoint(folder / "model.safetensors", model, RELEASE)
    (folder / "metrics.json").write_text(tracker.table().to_json())
    resume.clear()
    return (folder / "model.safetensors").read_bytes(), (folder / "metrics.json").read_text()


def train_until(world, folder, moment, monkeypatch, **options):
    """Train, and stop right after the state was kept for the given time."""
    plain, kept = ResumePoint.keep, []

    def keep(self, state):
        plain(self, state)
        kept.append(1)
        if len(kept) == moment:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ResumePoint, "keep", keep)
        with pytest.raises(KeyboardInterrupt):
            train(world, folder, **options)


@pytest.mark.fault(51, 54)
@pytest.mark.slow
@pytest.mark.parametrize("stage", "ABCD")
def test_a_stage_stopped_after_any_step_gives_the_weights_and_figures_of_an_uninterrupted_one(
    world, tmp_path, monkeypatch, stage
):
    whole = train(world, tmp_path / "whole", stage=stage, minutes=99)
    for moment in range(1, 13) if stage == "A" else (2, 3, 10):  # four epochs of three steps
        folder = tmp_path / str(moment)
        train_until(world, folder, moment, monkeypatch, stage=stage)
        assert train(world, folder, stage=stage) == whole, moment
        assert not (folder / "resume").exists()


@pytest.mark.fault(54)
@pytest.mark.slow
@pytest.mark.parametrize("changed", [{"accumulate": 2}, {"patience": 1}, {"objective": "sigmoid"}])
def test_a_stopped_stage_gives_the_same_with_other_ways_of_training(world, tmp_path, monkeypatch, changed):
    settings = {**SETTINGS, **changed}
    whole = train(world, tmp_path / "whole", settings=settings, minutes=99)
    for moment in (1, 4):
        train_until(world, tmp_path / str(moment), moment, monkeypatch, settings=settings)
        assert train(world, tmp_path / str(moment), settings=settings) == whole, moment


@pytest.mark.slow
@pytest.mark.parametrize("index", ["ivf", "hnsw"])
def test_a_stopped_stage_gives_the_same_with_an_approximate_index_and_its_recall(world, tmp_path, monkeypatch, index):
    settings = {**SETTINGS, "stages": {"A": {**BLOCK, "curriculum": {**CURRICULUM, "hard_frac": [0.5, 0.5]}}}}
    whole = train(world, tmp_path / "whole", settings=settings, minutes=99, index=index)
    assert "index_recall" in whole[1]
    for moment in (1, 5):
        train_until(world, tmp_path / str(moment), moment, monkeypatch, settings=settings, index=index)
        assert train(world, tmp_path / str(moment), settings=settings, index=index) == whole, moment


@pytest.mark.fault(51, 52)
@pytest.mark.kill
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM], ids=lambda sign: sign.name)
def test_a_process_killed_at_random_moments_over_and_over_ends_with_the_same_bytes(root, tmp_path, world, sign):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")])}
    folder = tmp_path / "killed"
    statuses = []
    for seed in range(3):
        number = sign if seed < 2 else 0
        command = [
            sys.executable,
            "-c",
            TRAIN,
            str(tmp_path / f"world-{seed}"),
            str(folder),
            str(int(number)),
            str(seed),
        ]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        statuses.append(done.returncode)
        if done.returncode == 0:
            break
    assert statuses[-1] == 0, done.stderr
    assert set(statuses[:-1]) <= {-sign, TRY_AGAIN}
    assert len(statuses) > 1
    whole, metrics = train(world, tmp_path / "whole", stage="B", minutes=99)
    assert (folder / "model.safetensors").read_bytes() == whole
    assert (folder / "metrics.json").read_text() == metrics


@pytest.mark.fault(51)
def test_a_request_to_stop_keeps_the_state_and_says_that_the_job_can_be_retried(world, tmp_path, monkeypatch):
    plain = ResumePoint.due

    def due(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return plain(self)

    monkeypatch.setattr(ResumePoint, "due", due)
    with pytest.raises(SystemExit) as caught:
        train(world, tmp_path, minutes=99)
    assert caught.value.code == TRY_AGAIN == 75
    assert (tmp_path / "resume" / NEWEST).exists()
    assert not (tmp_path / "model.safetensors").exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.fault(53)
def test_a_damaged_newest_state_is_replaced_by_the_previous_one(world, tmp_path, monkeypatch, caplog):
    whole = train(world, tmp_path / "whole", minutes=99)
    train_until(world, tmp_path, 5, monkeypatch)
    newest = tmp_path / "resume" / NEWEST
    content = bytearray(newest.read_bytes())
    content[-9] ^= 4
    newest.write_bytes(content)
    assert train(world, tmp_path) == whole
    assert "cannot be read (its checksum is not that of its content)" in caplog.text


@pytest.mark.fault(53)
def test_two_damaged_states_are_refused(world, tmp_path, monkeypatch):
    train_until(world, tmp_path, 5, monkeypatch)
    for name in (NEWEST, BEFORE):
        (tmp_path / "resume" / name).write_bytes(b"no state")
    with pytest.raises(ArtefactError, match="cannot be read") as caught:
        train(world, tmp_path)
    assert f"delete {tmp_path / 'resume'}" in caught.value.help


@pytest.mark.fault(57, 96)
def test_with_other_settings_data_or_code_it_begins_anew_shows_the_difference_and_keeps_the_old_state(
    world, tmp_path, monkeypatch, caplog
):
    whole = train(world, tmp_path / "whole", minutes=99)
    folder = tmp_path / "stopped"
    train_until(world, folder, 2, monkeypatch, about={"learning_rate": 0.1, "go_release": "2015", "code": "aa"})
    kept = (folder / "resume" / NEWEST).read_bytes()
    assert train(world, folder, about={"learning_rate": 0.2, "go_release": "2015", "gamma": 1}) == whole
    assert "code was aa, is not there; gamma was not there, is 1; learning_rate was 0.1, is 0.2" in caplog.text
    assert (folder / "resume-of-other-settings" / NEWEST).read_bytes() == kept


@pytest.mark.fault(55)
def test_the_state_holds_only_numbers_and_json(world, tmp_path, monkeypatch):
    train_until(world, tmp_path, 1, monkeypatch)
    content = (tmp_path / "resume" / NEWEST).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert set(header["__metadata__"]) == {"about", "plain", "sha256"}
    assert json.loads(header["__metadata__"]["plain"])["step"] == 1


@pytest.mark.fault(62)
def test_without_a_due_moment_nothing_is_kept(world, tmp_path, monkeypatch):
    monkeypatch.setattr(ResumePoint, "keep", lambda *_: pytest.fail("kept"))
    train(world, tmp_path, minutes=99)


def test_nested_settings_have_dotted_names():
    assert flat({"a": 1, "b": {"c": 2, "d": {"e": [3]}}}) == {"a": 1, "b.c": 2, "b.d.e": [3]}
