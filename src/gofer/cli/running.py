"""What all commands share: exit codes and the choice of a model. Light, since `gofer --help` loads it."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gofer.errors import GoferError
from gofer.names import SHIPPED_MODEL
from gofer.workflow import SHAPES_KEPT

FAULT, USAGE, BAD_INPUT, STOPPED = 1, 2, 3, 130
EXIT_CODES = "Exit codes: 0 done · 1 a check failed · 2 wrong usage · 3 an input or a model is at fault · 130 stopped."
MODEL_HELP = "The model file, <run>.gofer; without it the one that ships with gofer."
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def reported(resume: str = "") -> Iterator[None]:
    """Run a command: a `GoferError` is printed without traceback, and so is Ctrl-C or SIGTERM; of the log, warnings.

    Args:
        resume: What to say after a stop, e.g. how to resume.
    """
    logger, before = logging.getLogger("gofer"), signal.signal(signal.SIGTERM, _stop)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    except GoferError as error:
        print(f"gofer: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        print(f"gofer: stopped{resume}", file=sys.stderr)
        sys.exit(STOPPED)
    except BrokenPipeError:  # of `gofer info M | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        logger.setLevel(level)
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def chosen_model(model: Path | None) -> Path:
    """The model that was named, or the one that ships with gofer.

    Raises:
        GoferError: None was named, and none ships with this gofer.
    """
    if model is not None:
        return model
    if not SHIPPED_MODEL.exists():
        raise GoferError(
            "no model was named, and none for real proteins is in this copy of gofer",
            help="name one with --model results/<run>/model/<run>.gofer; every run of the workflow makes one, and a "
            "colleague can send you theirs",
        )
    return SHIPPED_MODEL


def use_threads(threads: int | None) -> int:
    """Set how many threads NumPy and torch use, before they are loaded; all cores of this process by default."""
    number = threads or len(os.sched_getaffinity(0))
    for name in THREADS:
        os.environ[name] = str(number)
    os.environ.setdefault(*SHAPES_KEPT)
    return number
