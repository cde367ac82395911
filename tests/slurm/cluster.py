"""A workspace whose jobs go through Slurm."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from running import Workspace

PATIENCE_S = 1800  # of a machine that others keep busy


@dataclass(frozen=True)
class Cluster:
    """A workspace whose jobs go through Slurm."""

    space: Workspace
    environment: dict[str, str]

    def start(self, *arguments: str, config: str = "small.yaml") -> subprocess.Popen:
        """Start snakemake with the profile; its output goes to `output.txt`."""
        command = [
            sys.executable,
            str(Path(__file__).with_name("often.py")),
            "--snakefile",
            str(self.space.source / "Snakefile"),
        ]
        command += ["--profile", str(self.space.folder / "profile"), "--configfile", config, *arguments]
        with self.output_file.open("w") as file:
            return subprocess.Popen(
                command, cwd=self.space.folder, env=self.environment, stdout=file, stderr=subprocess.STDOUT
            )

    def run(self, *arguments: str, config: str = "small.yaml", check: bool = True) -> str:
        """Run snakemake to its end; what it printed."""
        status = self.end(self.start(*arguments, config=config))
        output = self.output_file.read_text()
        assert (status == 0) == check, output[-6000:]
        return output

    def end(self, run: subprocess.Popen) -> int:
        """Wait for the end of a snakemake; its exit status."""
        try:
            return run.wait(timeout=PATIENCE_S)
        finally:
            run.kill()

    def with_training(self, name: str, *, stages: dict[str, dict], **settings: object) -> str:
        """Write the config with other settings of training, as a file of this name; the name."""
        config = yaml.safe_load((self.space.folder / "small.yaml").read_text())
        config["training"] |= settings
        for stage, changed in stages.items():
            config["training"]["stages"][stage] |= changed
        (self.space.folder / name).write_text(yaml.safe_dump(config, sort_keys=False))
        return name

    def log_of(self, stage: str, *, without: str | None = None) -> str:
        """What a stage's log says, or nothing yet: none is there between the removal of an old one and the first line.

        Args:
            stage: A, B, C or D.
            without: A log that holds this is still that of an attempt before.
        """
        try:
            text = self.space.results(f"logs/train_stage_{stage}.log").read_text()
        except FileNotFoundError:
            return ""
        return "" if without and without in text else text

    def ask(self, *command: str) -> str:
        """What a program of Slurm prints."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def running(self) -> list[str]:
        """Ids of the jobs that run."""
        return self.ask("squeue", "--noheader", "--states=RUNNING", "--format=%i").split()

    @property
    def output_file(self) -> Path:
        """What the last snakemake printed."""
        return self.space.folder / "output.txt"


def wait_until(happened: Callable[[], object], run: subprocess.Popen, *, what: str) -> None:
    """Wait until `happened()` is true, which it must become while `run` goes on."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert run.poll() is None, f"{what} did not come before the end"
        assert time.monotonic() < end, f"waited for {what} for too long"
        time.sleep(0.2)
