"""One stage of training on two nodes of Slurm, both on this host."""

import pytest
import torch
from safetensors.torch import load_file
from slurm.cluster import wait_until
from training.test_parallel import TOLERANCE

STAGE = "results/small/training/stage-A/model.safetensors"
NODES = ["train_stage:nodes=2", "train_stage:tasks=2", "train_stage:mpi=srun", "train_stage:mem_mb=8000"]


@pytest.fixture
def alone(cluster):
    """What one process trains as stage A; the run's stage is put back afterwards."""
    outputs = [cluster.space.results(f"training/stage-A/{name}") for name in ("model.safetensors", "metrics.tsv")]
    kept = [path.rename(cluster.space.folder / path.name) for path in outputs]
    config = cluster.with_training("one.yaml", stages={"A": {"epochs": 12}})
    cluster.space.snakemake(STAGE, "--rerun-triggers", "mtime", config=config)
    yield load_file(cluster.space.folder / STAGE)
    for path, before in zip(outputs, kept, strict=True):
        before.replace(path)


def test_two_nodes_stopped_on_their_way_end_with_the_weights_of_one_process(cluster, alone):
    model = cluster.space.folder / STAGE
    model.unlink()
    cluster.space.results("logs/train_stage_A.log").unlink()
    config = cluster.with_training("two.yaml", stages={"A": {"epochs": 12}}, processes=2)
    asked = ["--rerun-triggers", "mtime", "--retries", "0", "--set-resources", *NODES, "--", STAGE]

    run = cluster.start(*asked, config=config)
    wait_until(lambda: "epoch 1: validation Fmax" in cluster.log_of("A"), run, what="the first epoch")
    cluster.ask("scancel", *cluster.running())
    assert cluster.end(run) != 0
    assert not model.exists()
    assert "SIGTERM: checkpointing after this step" in cluster.log_of("A")

    cluster.run(*asked, config=config)
    log = cluster.log_of("A")
    assert "on 2 nodes of SLURM's job" in log
    assert "resuming stage" in log
    together = load_file(model)
    for name, weight in alone.items():
        torch.testing.assert_close(together[name], weight, atol=TOLERANCE, rtol=TOLERANCE)
