"""The processes of one machine that train a stage together, started and watched by torch's own launcher (torchrun).

Each of several nodes runs it as a program: `python -m gofer.training.torchrun JOB LOG NODES PROCESSES HOST:PORT`.
"""

import os
import signal
import socket
import sys
from pathlib import Path

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gofer.errors import GoferError
from gofer.training.resume import TRY_AGAIN
from gofer.training.stage_job import StageJob
from gofer.workflow import logged_to

SECONDS_TO_STOP = "120"  # a step and the writing of a state must fit in


def start_here(
    job_file: Path | str, log: Path | str, *, processes: int, nodes: int = 1, meet: str | None = None
) -> None:
    """Train a stage in `processes` processes of this machine, and wait for them.

    Args:
        job_file: A `StageJob` as JSON.
        log: The processes write on in this log.
        processes: How many on this machine.
        nodes: Machines that each start as many.
        meet: HOST:PORT, the same on all machines, where those of one of them are asked for the others.

    Raises:
        GoferError: A process was ended from outside.
        SystemExit: The stage was stopped and can go on (`TRY_AGAIN`), or failed with an error that was told.
    """
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
        elastic_launch(config, sys.executable)("-m", "gofer.training.launch", str(job_file), str(log))
    except SignalException:
        sys.exit(TRY_AGAIN)
    except ChildFailedError as error:
        _tell({rank: failure.exitcode for rank, failure in error.failures.items()}, job)


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


if __name__ == "__main__":
    job_file, log, nodes, processes, meet = sys.argv[1:]
    with logged_to(log, goes_on=True, quiet=True):
        start_here(job_file, log, processes=int(processes), nodes=int(nodes), meet=meet)
