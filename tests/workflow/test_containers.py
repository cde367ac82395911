"""The descriptions of container images agree with the project; no image is built."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from running import copy_of

# What `snakemake --containerize` asks of conda before it prints; it solves nothing.
CONDA = """#!/bin/sh
case "$1 $2" in
  "info --json") echo '{"conda_version": "24.7.1", "conda_prefix": "/none", "platform": "linux-64"}' ;;
  "--version ") echo "conda 24.7.1" ;;
  "config --get") echo '{"get": {"channel_priority": "strict"}}' ;;
  *) exit 1 ;;
esac
"""


@pytest.fixture(scope="module")
def instructions(root):
    """Pairs of instruction and argument of the Containerfile, continued lines joined."""
    text = (root / "Containerfile").read_text().replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_containerfile_installs_torch_before_the_project_and_as_the_project_pins_it(root, instructions):
    installs = [argument for name, argument in instructions if name == "RUN" and "pip install" in argument]
    torch, project = (install.split("--no-cache-dir ")[1] for install in installs)
    assert project == "."
    [pin] = re.findall(r'"\$\((.*)\)"', torch)
    found = subprocess.run(pin, shell=True, cwd=root, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"torch==[\d.]+\n", found)


def test_the_containerfile_copies_all_files_of_the_workflow(root, instructions):
    copied = {name for kind, argument in instructions if kind == "COPY" for name in argument.split()[:-1]}
    assert all((root / name).exists() for name in copied)
    assert copied >= {"Snakefile", "config", "envs", "profiles", "rules", "src", "workflow"}


def test_the_container_runs_snakemake_and_not_as_root(instructions):
    last = dict(instructions)
    assert last["USER"] == "gofer"
    assert last["ENTRYPOINT"] == '["snakemake", "--snakefile", "/opt/gofer/Snakefile"]'
    names = [name for name, _ in instructions]
    assert "RUN" not in names[names.index("USER") :]


@pytest.mark.workflow
def test_containerize_prints_an_image_with_every_environment_of_the_rules(root, tmp_path):
    source = copy_of(root, tmp_path / "source")
    (tmp_path / "bin").mkdir()
    conda = tmp_path / "bin/conda"
    conda.write_text(CONDA)
    conda.chmod(0o755)
    environment = {**os.environ, "PATH": f"{conda.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "snakemake", "--containerize"]
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    copied = re.findall(r"^COPY envs/(\S+) ", done.stdout, re.MULTILINE)
    assert sorted(copied) == sorted(p.name for p in (root / "envs").glob("*.yaml") if not p.stem.endswith("-cuda"))
    assert done.stdout.startswith("FROM ")
    assert done.stdout.count("conda env create --prefix") == len(copied)
    for name in copied:
        *_, last = yaml.safe_load((root / "envs" / name).read_text())["dependencies"]
        assert all(requirement in done.stdout for requirement in last["pip"])
