"""Two processes that share each batch train the model of one process; they stop and resume together."""

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from training.tiny_world import BLOCK, CURRICULUM, RELEASE, TRAINING

from gofer.artefacts import write_table
from gofer.errors import GoferError
from gofer.mining.faiss_index import TEXT, TermIndex, write_index
from gofer.training.launch import launch
from gofer.training.parallel import ALONE, Team
from gofer.training.resume import NEWEST, TRY_AGAIN
from gofer.training.stage_job import StageJob, run_job

# Batches of 5, 5, 5 and 1 protein: of the last, one of two processes has none.
SETTINGS = {
    **TRAINING, "batch_proteins": 5, "accumulate": 2, "processes": 2, "checkpoint_minutes": 99,
    "stages": {"A": {**BLOCK, "epochs": 6, "lambda_attr_start": 0.1,
                     "curriculum": {**CURRICULUM, "hard_frac": [0.5, 0.5]}}},
}  # fmt: skip
TOLERANCE = 2e-5  # of figures (six digits) and weights after 12 updates; measured: weights differ by 1.2e-7

LAUNCH = """
import os, sys
from gofer.training.stage_job import StageJob
from gofer.training.launch import launch
from gofer.workflow import logged_to

with logged_to(sys.argv[2], threads=2):
    job = StageJob.read(sys.argv[1])
    nodes = int(os.environ.get("NODES", "1"))
    launch(job, sys.argv[2], processes=job.training["processes"], threads=2 // nodes, nodes=nodes)
"""

# Stands for Slurm's srun: starts the program as often as --ntasks says, all on this machine; the highest exit status.
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do [[ $1 != --ntasks=* ]] || count=${1#*=}; shift; done
for ((task = 0; task < count; task++)); do "$@" & tasks+=($!); done
highest=0
for task in "${tasks[@]}"; do wait "$task"; status=$?; ((status <= highest)) || highest=$status; done
exit $highest
"""

TOGETHER = """
import os, signal, sys
import torch
from gofer.errors import GoferError
from gofer.training.stage_job import StageJob, run_job
from gofer.training.optimiser import Optimiser
from gofer.training.parallel import Team

torch.set_num_threads(1)
with Team.joined(torch.device("cpu")) as team:
    assert (team.size, team.leads) == (2, team.rank == 0)
    local = torch.full((2 + team.rank, 1 + team.rank), 1.0 + team.rank, requires_grad=True)
    rows = team.gathered(local)
    assert rows.tolist() == [[1, 0], [1, 0], [2, 2], [2, 2], [2, 2]]
    (rows.square().sum() * 3).backward()
    assert (local.grad == 2 * 3 * 2 * local).all()
    assert team.gathered(torch.zeros(0, 3)).shape == (0, 3)
    assert team.any(team.rank == 1) and not team.any(False)
    assert team.total(torch.tensor([1, team.rank])).tolist() == [2, 1]
    model = torch.nn.Linear(1, 1)
    if team.leads:
        model(torch.ones(1, 1)).sum().backward()
    team.average_gradients(model)
    assert model.weight.grad.item() == model.bias.grad.item() == 0.5
    team.refuse_drift([torch.ones(3)])
    try:
        team.refuse_drift([torch.ones(3) * (1 + 1e-6 * team.rank)])
        raise AssertionError("drift")
    except GoferError as error:
        assert "the 2 processes no longer have the same weights" in str(error)

plain, calls = Optimiser.step, []

def step(self, *arguments):
    calls.append(1)
    if os.environ["RANK"] == "1" and len(calls) == 5:
        os.kill(os.getpid(), signal.SIGTERM)  # only one of them is asked to stop
    plain(self, *arguments)

Optimiser.step = step
os.environ["MASTER_PORT"] = sys.argv[2]
run_job(StageJob.read(sys.argv[1]), started=True)
"""


@pytest.fixture(scope="module")
def files(world, tmp_path_factory):
    """The inputs of rule train_stage by name, and a store of residues."""
    folder = tmp_path_factory.mktemp("files")
    tables = {name: getattr(world, name) for name in ("proteins", "terms", "term_sets", "pid2pos")}
    files = {name: folder / f"{name}.parquet" for name in [*tables, "texts"]}
    for name, table in tables.items():
        write_table(files[name], table, RELEASE)
    world.texts.write(files["texts"], RELEASE)
    vocabulary = world.data().vocabulary
    index = TermIndex.of_vectors(vocabulary.go_ids, vocabulary.text_TG, space=TEXT)
    write_index(folder / "phase-A.faiss", index, RELEASE)
    return {**files, "residues": world.store.folder / "manifest.parquet", "index": folder / "phase-A.faiss"}


def job_in(folder, files, **changed):
    folder.mkdir(exist_ok=True)
    job = StageJob(
        stage="A", files={name: str(path) for name, path in files.items()}, model=str(folder / "model.safetensors"),
        metrics=str(folder / "metrics.tsv"), costs=str(folder / "costs.tsv"), training={**SETTINGS, **changed},
        mining={"refresh_epochs": 1}, relations=["is_a", "part_of"], seed=1, run="tiny", epochs_before=0, code="x",
    )  # fmt: skip
    job.write(folder / "output.json")
    return job


@pytest.fixture(scope="module")
def start(root):
    """Start a script of this file in a separate process."""

    def run(script, folder, *arguments, **environment):
        paths = os.pathsep.join([str(root / "src"), str(root / "tests")])
        command = [sys.executable, "-c", script, str(folder / "output.json"), *map(str, arguments)]
        return subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": paths, **environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def pair(start, files, tmp_path_factory):
    """The folder of an unbroken run of two processes."""
    folder = tmp_path_factory.mktemp("pair")
    job_in(folder, files)
    running = start(LAUNCH, folder, folder / "log")
    output, _ = running.communicate()
    assert running.returncode == 0, output + (folder / "log").read_text()
    return folder


def metrics_of(folder):
    return pd.read_csv(folder / "metrics.tsv", sep="\t")


@pytest.mark.slow
def test_two_processes_train_the_model_of_one_with_the_whole_batch(pair, files, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run_job(job_in(tmp_path, files, processes=1))
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
    one, two = metrics_of(tmp_path), metrics_of(pair)
    keys = ["stage", "epoch", "step", "split", "metric"]
    pd.testing.assert_frame_equal(one[keys], two[keys])  # one stream of metrics
    np.testing.assert_allclose(two["value"], one["value"], atol=TOLERANCE, rtol=TOLERANCE)
    assert (one.query("metric == 'attr' and split == 'train'")["value"] > 0).all()
    weights = [load_file(folder / "model.safetensors") for folder in (tmp_path, pair)]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.slow
def test_only_the_outputs_are_left_and_one_process_writes_the_log(pair):
    assert sorted(path.name for path in pair.iterdir()) == [
        "costs.tsv", "log", "metrics.tsv", "model.safetensors", "output.json",
    ]  # fmt: skip
    assert (pair / "log").read_text().count("stage A, epoch 1: validation Fmax") == 1


@pytest.mark.fault(51)
@pytest.mark.kill
def test_stopped_by_sigterm_it_resumes_to_the_bytes_of_an_uninterrupted_run(pair, start, files, tmp_path):
    job_in(tmp_path, files, checkpoint_minutes=1e-9)  # so that the state is there after the first step
    running = start(LAUNCH, tmp_path, tmp_path / "log")
    while running.poll() is None and not (tmp_path / "resume" / NEWEST).exists():
        time.sleep(0.002)
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate()
    assert running.returncode == TRY_AGAIN, output + (tmp_path / "log").read_text()
    assert (tmp_path / "resume" / NEWEST).exists()
    assert not (tmp_path / "model.safetensors").exists()
    again = start(LAUNCH, tmp_path, tmp_path / "log")
    output, _ = again.communicate()
    assert again.returncode == 0, output + (tmp_path / "log").read_text()
    assert "resuming stage" in (tmp_path / "log").read_text()
    for name in ("model.safetensors", "metrics.tsv"):
        assert (tmp_path / name).read_bytes() == (pair / name).read_bytes(), name


@pytest.mark.slow
def test_two_nodes_of_a_process_each_give_the_bytes_of_one_machine_with_two(pair, start, files, tmp_path):
    job_in(tmp_path, files)
    (tmp_path / "bin").mkdir()
    srun = tmp_path / "bin/srun"
    srun.write_text(SRUN)
    srun.chmod(0o755)
    path = f"{srun.parent}{os.pathsep}{os.environ['PATH']}"
    running = start(LAUNCH, tmp_path, tmp_path / "log", NODES="2", SLURM_JOB_ID="7", PATH=path)
    output, _ = running.communicate()
    assert running.returncode == 0, output + (tmp_path / "log").read_text()
    assert "on 2 nodes of SLURM's job 7" in (tmp_path / "log").read_text()
    for name in ("model.safetensors", "metrics.tsv"):
        assert (tmp_path / name).read_bytes() == (pair / name).read_bytes(), name


@pytest.mark.parametrize(
    ("processes", "place", "fault"),
    [
        (2, {}, "this is not a SLURM job"),
        (2, {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0"}, "this is a step of one"),
        (3, {"SLURM_JOB_ID": "7"}, "training.processes is 3, which 2 nodes cannot share evenly"),
        (1, {"SLURM_JOB_ID": "7"}, "training.processes is 1, which 2 nodes cannot share evenly"),
    ],
)
def test_nodes_that_cannot_train_together_are_refused(processes, place, fault, monkeypatch, files, tmp_path):
    for name in ("SLURM_JOB_ID", "SLURM_STEP_ID", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("shutil.which", lambda program: program)
    with pytest.raises(GoferError, match=fault):
        launch(job_in(tmp_path, files), tmp_path / "log", processes=processes, threads=2, nodes=2)
    assert not (tmp_path / "job.json").exists()


def free_port():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return str(free.getsockname()[1])


@pytest.mark.kill
def test_processes_share_rows_and_gradients_and_stop_together_when_one_gets_sigterm(start, files, tmp_path):
    job_in(tmp_path, files)
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": free_port()}
    second = free_port()
    both = [start(TOGETHER, tmp_path, second, RANK=str(rank), LOCAL_RANK=str(rank), **place) for rank in range(2)]
    output = [running.communicate()[0] for running in both]
    assert [running.returncode for running in both] == [TRY_AGAIN, TRY_AGAIN], "\n".join(output)
    assert (tmp_path / "resume" / NEWEST).exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 5, 64])
def test_parts_are_the_whole_in_order_and_even(count, size):
    parts = [list(range(count))[Team(rank, size).part(count)] for rank in range(size)]
    assert sum(parts, []) == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_single_process_sends_nothing():
    rows = torch.ones(2, 3)
    assert ALONE.gathered(rows) is rows
    assert ALONE.leads
    assert ALONE.any(True)
    ALONE.refuse_drift([rows])


def test_more_processes_than_cuda_devices_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with (
        pytest.raises(GoferError, match="training.processes asks for CUDA device 2, but there are 2"),
        Team.joined(torch.device("cuda")),
    ):
        pass


def test_on_cuda_products_are_set_to_be_deterministic(monkeypatch, files, tmp_path):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that it is put back
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(GoferError, match="CUDA device 0, but there are 0"):
        run_job(job_in(tmp_path, files, device="cuda"))
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(GoferError, match="training.device is cuda, but torch .* finds no CUDA device"):
        run_job(job_in(tmp_path, files, device="cuda"))
