"""Embeddings without the rest: proteins are enough, and the module's example runs as written."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from running import copy_of, planned

from gofer.artefacts import read_manifest
from gofer.embeddings.residues import residue_store

pytestmark = pytest.mark.workflow

PROTEINS = {f"P{i}": "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"[i:] for i in range(12)} | {"my_protein": "MKTAYIAKQRA"}
EXAMPLE = [line.strip() for line in residue_store.__doc__.splitlines()]


def write_fasta(path, proteins):
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in proteins.items()))


@pytest.fixture(scope="module")
def folder(root, tmp_path_factory):
    """Where a user is who has a FASTA file, after the command of the example."""
    folder = tmp_path_factory.mktemp("alone")
    copy_of(root, folder / "source")
    write_fasta(folder / "my.fasta", PROTEINS)
    [command] = [line for line in EXAMPLE if line.startswith("snakemake embeddings")]
    run(folder, *command.split()[1:])
    return folder


def run(folder, *arguments, settings=None):
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(folder / "source/Snakefile"), *arguments]
    if settings:
        (folder / "settings.yaml").write_text(yaml.safe_dump({"embeddings": {"residues": settings}}))
        command += ["--configfile", str(folder / "source/config/demo.yaml"), str(folder / "settings.yaml")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_the_example_runs_as_written(folder, monkeypatch):
    monkeypatch.chdir(folder)
    names: dict = {}
    lines = [line[4:] for line in EXAMPLE if line.startswith(">>>")]
    exec("\n".join(lines[:-3]), names)  # the last three are the example without the workflow
    residues_LE = names["residues_LE"]
    assert residues_LE.dtype == np.float16
    assert len(residues_LE) == len(PROTEINS["my_protein"])


def test_nothing_but_what_embeddings_need_is_run(folder):
    plan = planned(run(folder, "embeddings", "-n", "--config", "proteins=my.fasta", "run=other"))
    assert plan.keys() == {"read_proteins", "plan_shards", "extract_residues", "collect_residues", "embeddings"}
    assert not (folder / "results/demo").exists()


@pytest.mark.parametrize(
    ("settings", "reruns"),
    [
        ({"batch_residues": 512, "memory_gib": 2.0, "device": "cpu", "cache": None, "offline": True}, False),
        ({"precision": "bfloat16"}, True),
    ],
)
def test_only_a_setting_that_changes_vectors_embeds_again(folder, settings, reruns):
    found = run(folder, "embeddings", "-n", "--config", "proteins=my.fasta", "run=mine", settings=settings)
    assert ("extract_residues" in planned(found)) == reruns


def test_another_run_with_one_more_protein_embeds_only_that_one(folder):
    write_fasta(folder / "more.fasta", {**PROTEINS, "new": "MSLEQKKGADIISKILQIQ"})
    run(folder, "embeddings", "--cores", "2", "--config", "proteins=more.fasta", "run=more")
    [model] = (folder / "results/more/embeddings").glob("*-layer-*")
    logs = sorted((folder / "results/more/logs").glob("extract_residues_*.accounting.tsv"))
    counts = [pd.read_csv(path, sep="\t") for path in logs]
    assert sum(table.set_index("reason").loc["in the cache", "count"] for table in counts) == len(PROTEINS)
    assert sum(table.set_index("reason").loc["embedded", "count"] for table in counts) == 1
    ours, theirs = (
        read_manifest(folder / f"results/{run}/embeddings/{model.name}/manifest.parquet") for run in ("more", "mine")
    )
    assert ours.release["residue_encoder"] == theirs.release["residue_encoder"]
