"""A private Slurm of two nodes, and a small world of the demo that is run through it once."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from running import Workspace, copy_of, small_config
from slurm.cluster import Cluster

SCRIPT = Path(__file__).with_name("local-slurm.sh")


@pytest.fixture(scope="session")
def slurm():
    """The environment of Slurm's clients; skips if Slurm is not available."""
    folder = Path(tempfile.mkdtemp(prefix="gofer-slurm-"))
    folder.chmod(0o755)  # munge asks for it
    environment = {**os.environ, "LOCAL_SLURM_DIR": str(folder), "SLURM_CONF": str(folder / "etc/slurm.conf")}
    try:
        for step in ("install", "start"):
            done = subprocess.run([SCRIPT, step], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Slurm is not tested, {step} does not work here: {done.stderr.strip()[-300:]}")
        yield environment
    finally:
        subprocess.run([SCRIPT, "stop"], env=environment, check=False)
        shutil.rmtree(folder)


def profile_of(root: Path) -> dict:
    """profiles/slurm as it is, but for waiting, and for threads, of which two are here."""
    profile = yaml.safe_load((root / "profiles/slurm/config.yaml").read_text())
    profile |= {"jobs": 2, "latency-wait": 10, "slurm-init-seconds-before-status-checks": 1}
    profile["set-threads"] = dict.fromkeys(profile["set-threads"], 2) | {"train_stage": 1}
    return profile


@pytest.fixture(scope="session")
def cluster(root, slurm, tmp_path_factory):
    """The workflow, run once through Slurm from FASTA to report."""
    folder = tmp_path_factory.mktemp("cluster")
    space = Workspace(copy_of(root, folder / "source"), folder / "run")
    for name in ("home", "profile"):
        (space.folder / name).mkdir(parents=True)
    config = small_config(root) | {"query": None}
    for name, stage in config["training"]["stages"].items():
        stage["text_phase"] = "D" if name == "D" else "A"
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (space.folder / "profile/config.yaml").write_text(yaml.safe_dump(profile_of(root), sort_keys=False))
    made = Cluster(space, {**slurm, "HOME": str(space.folder / "home"), "WANDB_MODE": "offline"})
    made.run()
    return made
