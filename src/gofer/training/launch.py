"""Starts a stage of training in as many processes as the config says, through torch's own launcher (torchrun).

A single process needs no launcher. By hand, on each of several machines that share their files, JOB being a `StageJob`:
`torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HOST:29400 -m gofer.training.launch JOB LOG`
"""

import ctypes
import logging
import os
import signal
import sys
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gofer.errors import GoferError
from gofer.training.job import StageJob, run_job
from gofer.training.resume import TRY_AGAIN
from gofer.workflow import logged_to

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
SECONDS_TO_STOP = "120"  # a step and the writing of a state must fit in

logger = logging.getLogger(__name__)


def launch(job: StageJob, log: Path | str, *, processes: int, threads: int) -> None:
    """Train a stage in `processes` processes of this machine, and wait for them.

    Args:
        job: What to train.
        log: The processes write on in this log.
        processes: How many.
        threads: CPU threads of all together, of which each has its share.

    Raises:
        GoferError: A process was ended from outside.
        SystemExit: The stage was stopped and can go on (`TRY_AGAIN`), or failed with an error that was told.
    """
    if processes == 1:
        run_job(job)
        return
    path = job.folder / "job.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    job.write(path)
    os.environ["OMP_NUM_THREADS"] = str(max(1, threads // processes))
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", SECONDS_TO_STOP)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=f"{job.run}-{job.stage}",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(local_ranks_filter={0}),
    )
    try:
        elastic_launch(config, sys.executable)("-m", "gofer.training.launch", str(path), str(log))
    except SignalException:
        sys.exit(TRY_AGAIN)
    except ChildFailedError as error:
        _tell({rank: failure.exitcode for rank, failure in error.failures.items()}, job)
    finally:
        path.unlink(missing_ok=True)


def _tell(status_of: dict[int, int], job: StageJob) -> None:
    # torch ends the others with SIGTERM when one has failed, so the first cause is not a SIGTERM.
    killed = {rank: -status for rank, status in status_of.items() if status < 0 and -status != signal.SIGTERM}
    if killed:
        rank, number = min(killed.items())
        raise GoferError(
            f"process {rank} of those that train stage {job.stage} was ended by {signal.Signals(number).name}",
            help="often the machine had no memory left; snakemake goes on from the kept state when it is run again",
        )
    sys.exit(TRY_AGAIN if TRY_AGAIN in status_of.values() else 1)


def _work(job_file: str, log: str) -> None:
    if sys.platform == "linux":  # else a killed launcher would leave processes that train on and write
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, int(signal.SIGTERM))
    leads = os.environ.get("RANK", "0") == "0"
    with logged_to(log, threads=torch.get_num_threads(), goes_on=True, quiet=not leads):
        run_job(StageJob.read(job_file))


if __name__ == "__main__":
    _work(*sys.argv[1:])
