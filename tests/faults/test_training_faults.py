"""Training that is killed or gets bad values or foreign files: no partial model; the next run gives the whole one."""

import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from training.tiny_world import RELEASE, make_world, random_model, random_residues

from gofer.errors import ArtefactError, GoferError
from gofer.mining.faiss_index import SHARED, TermIndex
from gofer.mining.miner import Miner
from gofer.training.checkpoint import read_checkpoint, write_checkpoint
from gofer.training.stage import train_stage
from gofer.training.tracking import Tracker

TRAIN = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.tiny_world import RELEASE, make_world
from gofer.training.checkpoint import write_checkpoint
from gofer.training.optimiser import Optimiser
from gofer.training.stage import train_stage
from gofer.training.tracking import Tracker

folder, moment = Path(sys.argv[1]), sys.argv[2]
plain, calls = Optimiser.step, []

def step(self, *arguments):
    calls.append(1)
    if moment == "update" and len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    plain(self, *arguments)

Optimiser.step = step
begun = make_world(folder / "world").begin()
model = train_stage(*begun, Tracker("A"))
write_checkpoint(folder / "model.safetensors", model, RELEASE)
"""


@pytest.fixture
def train(root):
    """Train stage A in a separate process, which is killed at a moment."""

    def run(folder, moment="never"):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")])}
        command = [sys.executable, "-c", TRAIN, str(folder), moment]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.fault(52)
@pytest.mark.kill
def test_a_killed_stage_leaves_no_model_and_the_next_run_gives_that_of_an_uninterrupted_one(train, tmp_path):
    assert train(tmp_path, "update").returncode == -signal.SIGKILL
    assert not (tmp_path / "model.safetensors").exists()
    done = train(tmp_path)
    assert done.returncode == 0, done.stderr
    torch.set_num_threads(1)
    tracker = Tracker("A")
    model = train_stage(*make_world(tmp_path / "whole").begin(), tracker)
    write_checkpoint(tmp_path / "whole.safetensors", model, RELEASE)
    assert (tmp_path / "model.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.fault(52)
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    write_checkpoint(path, random_model(1), RELEASE)
    before = path.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gofer.artefacts.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(path, random_model(2), RELEASE)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.fault(56)
@pytest.mark.parametrize("write", [pickle.dump, torch.save], ids=["pickle", "torch"])
def test_a_malicious_checkpoint_is_refused_without_being_run(tmp_path, write):
    with (tmp_path / "model.safetensors").open("wb") as file:
        write(Bomb(tmp_path / "exploded"), file)
    with pytest.raises(ArtefactError, match="is not a readable gofer model"):
        read_checkpoint(tmp_path / "model.safetensors")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.fault(58)
def test_a_model_that_has_diverged_stops_with_a_clear_error_and_no_endless_loop(tmp_path):
    model, data, _, stage, config = make_world(tmp_path / "world").begin()
    vocabulary = data.vocabulary
    index = TermIndex.of_vectors(vocabulary.go_ids, vocabulary.text_TG, space=SHARED)
    with torch.no_grad():
        model.pooling.value.weight.fill_(float("nan"))
    tracker = Tracker("A")
    with pytest.raises(GoferError, match="is nan in stage A, epoch 1, step 0|not finite"):
        train_stage(model, data, Miner(index, vocabulary.go_ids, vocabulary.text_TG), stage, config, tracker)


def test_residues_that_were_damaged_after_they_were_written_stop_training(tmp_path):
    world = make_world(tmp_path / "world")
    for shard in (tmp_path / "world/embeddings").glob("shard-*.parquet"):
        content = bytearray(shard.read_bytes())
        for place in range(500, len(content) // 2, 400):
            content[place] ^= 16
        shard.write_bytes(content)
    tracker = Tracker("A")
    with pytest.raises(ArtefactError, match="shard-"):
        train_stage(*world.begin(), tracker)


@pytest.mark.fault(15)
@pytest.mark.parametrize("length", [1, 2, 1000])
def test_proteins_of_any_length_have_a_finite_vector(length):
    model = random_model()
    with torch.no_grad():
        z_BD = model.encode_proteins(*random_residues([length])).z_BD
    assert np.isfinite(z_BD.numpy()).all()
