"""Starts a stage of training in as many processes as the config says, on one machine or on several nodes of SLURM.

A single process needs no launcher. By hand, on each of several machines that share their files, JOB being a `StageJob`:
`torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HOST:29400 -m gofer.training.launch JOB LOG`
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

import torch

from gofer.errors import GoferError
from gofer.training.resume import TRY_AGAIN
from gofer.training.slurm_nodes import meeting_place, run_on_nodes
from gofer.training.stage_job import StageJob, run_job
from gofer.training.torchrun import start_here
from gofer.workflow import logged_to

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def launch(job: StageJob, log: Path | str, *, processes: int, threads: int, nodes: int = 1) -> None:
    """Train a stage in `processes` processes, and wait for them.

    Args:
        job: What to train.
        log: The processes write on in this log.
        processes: How many, on all nodes together.
        threads: CPU threads of one machine, of which each of its processes has its share.
        nodes: Machines that have the same number of processes each; several must be those of this process's SLURM job.

    Raises:
        GoferError: A process was ended from outside; the nodes cannot share the processes, or are none of SLURM's.
        SystemExit: The stage was stopped and can go on (`TRY_AGAIN`), or failed with an error that was told.
    """
    if processes % nodes:
        raise GoferError(
            f"training.processes is {processes}, which {nodes} nodes cannot share evenly",
            help="set it to a multiple of the resource `nodes` of train_stage, in which each node has the same number",
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
            start_here(path, log, processes=here)
        else:
            arguments = [str(path), str(log), str(nodes), str(here), meeting_place()]
            command = [sys.executable, "-m", "gofer.training.torchrun", *arguments]
            if status := run_on_nodes(command, nodes=nodes, threads=threads):
                sys.exit(TRY_AGAIN if status == TRY_AGAIN else 1)
    finally:
        path.unlink(missing_ok=True)


def _work(job_file: str, log: str) -> None:
    if sys.platform == "linux":  # else a killed launcher would leave processes that train on and write
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, int(signal.SIGTERM))
    leads = os.environ.get("RANK", "0") == "0"
    with logged_to(log, threads=torch.get_num_threads(), goes_on=True, quiet=not leads):
        run_job(StageJob.read(job_file))


if __name__ == "__main__":
    _work(*sys.argv[1:])
