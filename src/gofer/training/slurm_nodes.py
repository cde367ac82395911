"""One program on each node of a SLURM job, started from the job's batch script."""

import logging
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from types import FrameType

from gofer.errors import GoferError

IDENTITY = ("SLURM_JOB_ID", "SLURM_CONF")  # whatever else SLURM tells a process would shape the step

logger = logging.getLogger(__name__)


def run_on_nodes(command: Sequence[str], *, nodes: int, threads: int) -> int:
    """Run `command` once on each of `nodes` nodes of this job, by `srun`, and wait for all.

    Args:
        command: Program and arguments.
        nodes: How many nodes; the job must have them.
        threads: CPUs of each node that the program may use.

    Returns:
        The highest exit status of all; 0 where all came to their end.

    Raises:
        GoferError: This process is part of no SLURM job, or of one step of it.
    """
    if "SLURM_JOB_ID" not in os.environ or not shutil.which("srun"):
        raise GoferError(
            f"training on {nodes} nodes was asked for (resource nodes of train_stage), but this is no job of SLURM",
            help="start snakemake with --profile profiles/slurm, as docs/cluster.md shows, or take the resource away",
        )
    if "SLURM_STEP_ID" in os.environ:
        # SLURM's signal before the time limit would reach this srun, which answers it by killing what it has started.
        raise GoferError(
            f"training on {nodes} nodes must be started by the SLURM job itself, but this is a step of one",
            help="give train_stage the resource mpi: srun beside nodes and tasks, as docs/cluster.md shows",
        )
    # A node that ends first does not end the others, which may be keeping the state.
    srun = ["srun", "--input=none", "--kill-on-bad-exit=0", "--wait=0"]
    srun += [f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={threads}"]
    environment = {
        name: value for name, value in os.environ.items() if name in IDENTITY or not name.startswith("SLURM_")
    }
    logger.info("on %d nodes of SLURM's job %s", nodes, environment["SLURM_JOB_ID"])
    before = signal.signal(signal.SIGTERM, _leave_to_slurm)
    try:
        return subprocess.run([*srun, *command], env=environment, check=False).returncode
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave_to_slurm(number: int, _: FrameType | None) -> None:
    # SLURM itself signals what runs on the nodes, and waits for it.
    logger.info("%s: waiting for the nodes", signal.Signals(number).name)


def meeting_place() -> str:
    """HOST:PORT of this machine, free now, where programs on several nodes can find each other."""
    with socket.socket() as free:
        free.bind(("", 0))
        return f"{socket.gethostname()}:{free.getsockname()[1]}"
