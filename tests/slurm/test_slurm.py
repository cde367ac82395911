"""The workflow through Slurm: jobs and logs, stopped stages, growing memory, faults."""

import shutil

import pytest
import yaml
from slurm.cluster import wait_until

STAGE = "results/small/training/stage-D/model.safetensors"
KEPT = "SIGTERM: checkpointing after this step"


@pytest.fixture
def long_stage(cluster):
    """A config whose last stage is long enough to meet a time limit of one minute."""
    return cluster.with_training("long.yaml", stages={"D": {"epochs": 150}})


def test_the_demo_runs_through_slurm_to_its_report(cluster):
    assert cluster.space.results("report.html").stat().st_size > 10_000
    assert cluster.space.results("training/stage-D/model.safetensors").exists()


def test_every_shard_is_a_separate_job_and_short_rules_share_one(cluster):
    folder = cluster.space.folder / "logs/slurm"
    jobs = {log.parent.relative_to(folder).as_posix() for log in folder.rglob("*.log")}
    assert {"rule_extract_residues/00000", "rule_extract_residues/00001"} <= jobs
    assert {f"group_stage_{stage}_build_index_train_stage" for stage in "ABCD"} <= jobs
    assert any(job.startswith("group_read_make_demo_world_read_annotations") for job in jobs)
    assert sum(job.startswith("group_judge") for job in jobs) == 4


def test_a_stage_cancelled_then_out_of_time_then_queued_again_ends_with_the_weights_of_an_uninterrupted_one(
    cluster, long_stage
):
    space = cluster.space
    space.snakemake(STAGE, config=long_stage)
    whole = (space.folder / STAGE).read_bytes()
    (space.folder / STAGE).unlink()
    space.results("logs/train_stage_D.log").unlink()

    # By hand, and not tried again.
    run = cluster.start("--retries", "0", STAGE, config=long_stage)
    wait_until(lambda: "epoch 1: validation Fmax" in cluster.log_of("D"), run, what="the first epoch")
    cluster.ask("scancel", *cluster.running())
    assert cluster.end(run) != 0
    assert not (space.folder / STAGE).exists()
    assert KEPT in cluster.log_of("D")

    # By SLURM 15 to 45 seconds before a limit of one minute. Snakemake tries again by itself: often, where all is slow.
    limits = ["train_stage:runtime=attempt", "train_stage:slurm_extra=--signal=TERM@15"]
    run = cluster.start("--retries", "9", "--set-resources", *limits, "--", STAGE, config=long_stage)
    wait_until(
        lambda: "Trying to restart job" in cluster.output_file.read_text(), run, what="the signal of the time limit"
    )
    assert KEPT in cluster.output_file.read_text()

    # By the cluster, as in pre-emption: SLURM itself queues the job again.
    wait_until(lambda: "resuming stage" in cluster.log_of("D", without=KEPT), run, what="the next attempt")
    cluster.ask("scontrol", "requeue", *cluster.running())
    assert cluster.end(run) == 0, cluster.output_file.read_text()[-6000:]
    assert "resuming stage" in cluster.log_of("D")
    assert (space.folder / STAGE).read_bytes() == whole


def test_a_job_killed_for_its_memory_is_tried_again_with_more(cluster):
    texts = "results/small/embeddings/go/phase-A.parquet"
    (cluster.space.folder / texts).unlink()
    shutil.rmtree(cluster.space.folder / "results/cache/texts")  # or no model would be loaded
    output = cluster.run("--set-resources", "embed_texts:mem_mb=500+2000*(attempt-1)", "--", texts)
    assert "Trying to restart job" in output
    folder = cluster.space.folder / "logs/slurm/rule_embed_texts/A"
    assert any("exceeded memory limit" in log.read_text() for log in folder.iterdir())
    assert (cluster.space.folder / texts).exists()


def test_a_fault_is_reported_with_the_rules_log_and_slurms(cluster):
    config = yaml.safe_load((cluster.space.folder / "small.yaml").read_text())
    del config["demo"]
    (cluster.space.folder / "bad").mkdir()
    for name in ("annotations.tsv", "go.obo", "zero_shot_terms.txt"):
        (cluster.space.folder / "bad" / name).write_bytes(cluster.space.results(f"world/{name}").read_bytes())
    (cluster.space.folder / "bad/proteins.fasta").write_text(">P1\nMKT7YIAKQR\n")
    config |= {"run": "bad", "data": "bad"}
    (cluster.space.folder / "bad.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    target = "results/bad/inputs/proteins.parquet"
    output = cluster.run("--retries", "0", target, config="bad.yaml", check=False)
    assert "bad/proteins.fasta:2" in output
    assert "logs/slurm/group_read_read_proteins" in output
    assert "Traceback" not in output
