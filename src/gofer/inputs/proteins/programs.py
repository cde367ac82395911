"""Programs that are run on sequences: MMseqs2, DIAMOND. Rows of a table stand for the ids of its proteins.

A program cuts ids at spaces and interprets `|`; numbers come back unchanged.
"""

import logging
import subprocess
from collections.abc import Iterable
from pathlib import Path

from gofer.errors import GoferError

logger = logging.getLogger(__name__)
LAST_LINES = 3  # of what a program said before it failed


def write_rows(path: Path, sequences: Iterable[str]) -> None:
    """Write a FASTA in which each sequence is called by its row."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f">{row}\n{sequence}\n" for row, sequence in enumerate(sequences))


def run_program(program: str, *arguments: str) -> str:
    """What a program prints.

    Raises:
        GoferError: It failed; with the last lines that it printed.
    """
    command = [program, *arguments]
    logger.info("%s", " ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:])
        name = Path(program).name
        raise GoferError(f"{name} {arguments[0]} ended with status {done.returncode}: {last}", help="see the log")
    return done.stdout
