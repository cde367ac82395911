"""Starts a stage of training in as many processes as the config says, on one machine or on several nodes of SLURM.

One process needs no launcher. torchrun starts and watches the processes of one machine; on several nodes, `srun` starts
one torchrun on each. By hand, on each of several machines that share their files, JOB being a `StageJob`:
`torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HOST:29400 -m gofer.training.launch JOB LOG`
"""

import ctypes
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gofer.errors import GoferError
from gofer.training.resume import TRY_AGAIN
from gofer.training.stage_job import StageJob, run_job
from gofer.workflow import logged_to

MODULE = "gofer.training.launch"
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
SECONDS_TO_STOP = "120"  # enough for a step and for writing the state
KEPT_OF_SLURM = ("SLURM_JOB_ID", "SLURM_CONF")  # any other variable of SLURM would change the step that srun starts

logger = logging.getLogger(__name__)


def launch(job: StageJob, log: Path | str, *, processes: int, threads: int, nodes: int = 1) -> None:
    """Train a stage in `processes` processes, and wait for them.

    Args:
        job: What to train.
        log: The processes append to this log.
        processes: How many, on all nodes together.
        threads: CPU threads of one machine, shared by its processes.
        nodes: Machines with the same number of processes each; several must be those of this process's SLURM job.

    Raises:
        GoferError: A process was killed; the nodes cannot share the processes evenly, or are not those of a SLURM job.
        SystemExit: The stage was stopped and can resume (`TRY_AGAIN`), or failed with an error that is in the log.
    """
    if processes % nodes:
        raise GoferError(
            f"training.processes is {processes}, which {nodes} nodes cannot share evenly",
            help="set it to a multiple of the resource `nodes` of train_stage; each node has the same number",
        )
    if processes == 1:
        run_job(job)
        return
    here = processes // nodes
    path = job.folder / "job.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    job.write(path)
    os.environ["OMP_NUM_THREADS"] = str(max(1, threads // here))
    try:
        if nodes == 1:
            _run_here(path, log, processes=here)
        else:
            node = [str(path), str(log), str(nodes), str(here), _free_address()]
            if status := _run_on_nodes([sys.executable, "-m", MODULE, *node], nodes=nodes, threads=threads):
                sys.exit(TRY_AGAIN if status == TRY_AGAIN else 1)
    finally:
        path.unlink(missing_ok=True)


def _run_here(
    job_file: Path | str, log: Path | str, *, processes: int, nodes: int = 1, meet: str | None = None
) -> None:
    # The processes of this machine; `meet` is HOST:PORT, where the nodes find each other.
    job = StageJob.read(job_file)
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", SECONDS_TO_STOP)
    config = LaunchConfig(
        min_nodes=nodes,
        max_nodes=nodes,
        nproc_per_node=processes,
        run_id=f"{job.run}-{job.stage}",
        rdzv_backend="c10d",
        rdzv_endpoint=meet or "localhost:0",
        local_addr=socket.gethostname() if meet else "localhost",
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(local_ranks_filter={0}),
    )
    try:
        elastic_launch(config, sys.executable)("-m", MODULE, str(job_file), str(log))
    except SignalException:
        sys.exit(TRY_AGAIN)
    except ChildFailedError as error:
        _exit_for({rank: failure.exitcode for rank, failure in error.failures.items()}, job)


def _exit_for(status_of: dict[int, int], job: StageJob) -> None:
    # torch ends the others with SIGTERM when one has failed, so the first cause is not a SIGTERM.
    killed = {rank: -status for rank, status in status_of.items() if status < 0 and -status != signal.SIGTERM}
    if killed:
        rank, number = min(killed.items())
        raise GoferError(
            f"process {rank} of stage {job.stage} was killed by {signal.Signals(number).name}",
            help="often the machine ran out of memory; run snakemake again to resume from the kept state",
        )
    sys.exit(TRY_AGAIN if TRY_AGAIN in status_of.values() else 1)


def _run_on_nodes(command: Sequence[str], *, nodes: int, threads: int) -> int:
    # Runs `command` once on each node of this SLURM job; returns the highest exit status.
    if "SLURM_JOB_ID" not in os.environ or not shutil.which("srun"):
        raise GoferError(
            f"train_stage has the resource nodes={nodes}, but this is not a SLURM job",
            help="start snakemake with --profile profiles/slurm, as docs/cluster.md shows, or remove the resource",
        )
    if "SLURM_STEP_ID" in os.environ:
        # SLURM's signal before the time limit would reach this srun, which then kills what it has started.
        raise GoferError(
            f"training on {nodes} nodes must be started by the SLURM job itself, but this is a step of one",
            help="give train_stage the resource mpi: srun, with nodes and tasks, as docs/cluster.md shows",
        )
    # A node that ends first does not end the others, which may be writing the state.
    srun = ["srun", "--input=none", "--kill-on-bad-exit=0", "--wait=0"]
    srun += [f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={threads}"]
    environment = {
        name: value for name, value in os.environ.items() if name in KEPT_OF_SLURM or not name.startswith("SLURM_")
    }
    logger.info("on %d nodes of SLURM's job %s", nodes, environment["SLURM_JOB_ID"])
    before = signal.signal(signal.SIGTERM, _leave_to_slurm)
    try:
        return subprocess.run([*srun, *command], env=environment, check=False).returncode
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave_to_slurm(number: int, _: FrameType | None) -> None:
    # SLURM itself signals the processes on the nodes, and waits for them.
    logger.info("%s: waiting for the nodes", signal.Signals(number).name)


def _free_address() -> str:
    # HOST:PORT of this machine, free now.
    with socket.socket() as free:
        free.bind(("", 0))
        return f"{socket.gethostname()}:{free.getsockname()[1]}"


def _main(job_file: str, log: str, *node: str) -> None:
    # With NODES PROCESSES HOST:PORT: starts the processes of one of several nodes. Without: is one of the processes.
    if node:
        nodes, processes, meet = node
        with logged_to(log, append=True, quiet=True):
            _run_here(job_file, log, processes=int(processes), nodes=int(nodes), meet=meet)
        return
    if sys.platform == "linux":  # otherwise a killed launcher would leave processes that train on and write
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, int(signal.SIGTERM))
    leads = os.environ.get("RANK", "0") == "0"
    with logged_to(log, threads=torch.get_num_threads(), append=True, quiet=not leads):
        run_job(StageJob.read(job_file), started=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
