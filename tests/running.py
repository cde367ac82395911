"""Running the workflow for real: a copy of its files, a small config, and what `snakemake -n` plans."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gofer.config import read_config

FAKE_KEY = "0123456789abcdef0123456789abcdef01234567"
FAKE_TOKEN = "hf_fakefakefakefakefakefakefakefakefa"


@dataclass(frozen=True)
class Workspace:
    """A copy of the workflow's files, and a folder to run it in."""

    source: Path
    folder: Path

    def snakemake(self, *arguments: str, config: str = "small.yaml", check: bool = True) -> subprocess.CompletedProcess:
        """Run snakemake on the copy; stdout and stderr together."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.source / "Snakefile"), *arguments]
        command += ["--cores", "2", "--directory", str(self.folder), "--configfile", str(self.folder / config)]
        environment = {
            **os.environ,
            "WANDB_API_KEY": FAKE_KEY,
            "HF_TOKEN": FAKE_TOKEN,
            "HOME": str(self.folder / "home"),
        }
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False
        )
        assert not check or done.returncode == 0, done.stdout[-6000:]
        return done

    def results(self, path: str) -> Path:
        """A file of the run."""
        return self.folder / "results" / "small" / path


def planned(output: str) -> dict[str, int]:
    """Jobs by rule, from what `snakemake -n` prints."""
    if "Nothing to be done" in output:
        return {}
    table = output.split("job ", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    counts = {row.split()[0]: int(row.split()[1]) for row in table if len(row.split()) == 2}
    return {rule: count for rule, count in counts.items() if rule != "total"}


def copy_of(root: Path, folder: Path) -> Path:
    """The files that the workflow is made of."""
    folder.mkdir(parents=True)
    for name in ("Snakefile", "rules", "workflow", "config", "envs", "profiles", "src"):
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif (root / name).exists():
            shutil.copy(root / name, folder / name)
    return folder


def small_config(root: Path) -> dict:
    """The demo's config, with fewer proteins and one or two epochs a stage."""
    config = read_config(root / "config/defaults.yaml", root / "config/demo.yaml")
    config |= {"run": "small", "data": "results/small/world", "query": "results/small/world/query.fasta"}
    config["demo"]["proteins"] = 240
    config["evaluation"]["resamples"] = 20
    for name, stage in config["training"]["stages"].items():
        stage["epochs"] = 2 if name in "AC" else 1
    return config


def records_of(path: Path, kind: str) -> list[dict]:
    """The records of one kind in a file of W&B, by its own reader."""
    command = [Path(sys.executable).with_name("wandb"), "leet", "inspect", "--json", path]
    environment = {**os.environ, "HOME": str(path.parent), "WANDB_ERROR_REPORTING": "false"}
    lines = subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout.splitlines()
    return [record[kind] for record in map(json.loads, lines) if record["type"] == kind]


def as_another_user() -> list[str]:
    """What begins a command so that it runs as a user without an account; empty where the system does not allow it."""
    words = ["unshare", "--user", "--map-user=4321", "--map-group=4321"]
    allowed = (
        shutil.which("unshare") and not subprocess.run([*words, "true"], check=False, capture_output=True).returncode
    )
    return words if allowed else []
