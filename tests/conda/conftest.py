"""A small run of the demo in the environments of its rules, through a stand-in for conda: see standin/bin/conda."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from running import Workspace, copy_of, small_config

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def standin(root, tmp_path_factory):
    """The environment variables that put the stand-in in conda's place; skips where it cannot work."""
    pytest.importorskip(
        "rattler", reason="--use-conda is not tested: py-rattler is not installed (make test-conda does)"
    )
    if missing := [program for program in ("diamond", "mmseqs") if not shutil.which(program)]:
        pytest.skip(f"--use-conda is not tested: no {' and no '.join(missing)} here to make a package of")
    folder = tmp_path_factory.mktemp("standin")
    wheel = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "rich==15.0.0"]
    if subprocess.run(wheel, capture_output=True, check=False).returncode:
        pytest.skip("--use-conda is not tested: wheels are not available here")
    programs = os.pathsep.join([str(HERE / "standin/bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "CONDA_STANDIN": str(folder), "PATH": programs}
    subprocess.run([sys.executable, HERE / "build_channels.py", folder / "channels"], env=environment, check=True)
    return environment


@pytest.fixture(scope="session")
def space(root, standin, tmp_path_factory):
    """The workflow, run once with --use-conda from FASTA to report."""
    folder = tmp_path_factory.mktemp("conda")
    made = Workspace(copy_of(root, folder / "source"), folder / "run")
    (made.folder / "home").mkdir(parents=True)
    config = small_config(root) | {"query": None}
    for name, stage in config["training"]["stages"].items():
        stage["text_phase"] = "D" if name == "D" else "A"
    (made.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in standin.items():
            patch.setenv(name, value)
        made.snakemake("--use-conda")
    return made
