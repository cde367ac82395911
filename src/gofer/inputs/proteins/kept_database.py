"""DIAMOND's database of many known sequences, kept in a folder: half a million take half a minute each time.

The file is named by digests of the sequences and of its own bytes, and by DIAMOND's version: one that does not fit is
never found, and a damaged one is made again.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from gofer.artefacts import sha256_of
from gofer.errors import GoferError
from gofer.inputs.proteins.diamond_search import DATABASE, DiamondSearch
from gofer.workflow import logger

LOCK, UNFINISHED = ".diamond.lock", ".diamond-"
DIGITS = 16  # of a digest in the name of a file
SEQUENCES_AT_ONCE = 10_000


def kept_database(search: DiamondSearch, targets: Sequence[str], folder: Path) -> Path | None:
    """The database of some sequences in a folder, made if it is not there or is damaged; those of others are removed.

    Args:
        search: How DIAMOND is run.
        targets: The sequences.
        folder: Where; processes that make it at the same time wait for each other.

    Returns:
        Its path; None where it cannot be kept, which is said in a warning.
    """
    name = f"{_digest(targets)}-{search.version().split()[-1]}"
    if (found := _found(folder, name)) is not None:
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            return _found(folder, name) or _made(search, targets, folder, name)
    except (OSError, GoferError) as error:
        logger.warning("DIAMOND's database is made for this search only, since it cannot be kept (%s)", error)
        return None


def remove_databases(folder: Path) -> None:
    """Remove what was kept in a folder, and what a killed process left there."""
    for path in folder.glob(f"*{DATABASE}"):
        path.unlink(missing_ok=True)
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _made(search: DiamondSearch, targets: Sequence[str], folder: Path, name: str) -> Path:
    logger.warning("Making DIAMOND's database of %s known sequences, once: %s", f"{len(targets):,}", folder)
    remove_databases(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as part:
        made = search.make_database(targets, Path(part))
        with made.open("rb") as written:
            os.fsync(written.fileno())
        return made.rename(folder / f"{name}-{sha256_of(made)[:DIGITS]}{DATABASE}")


def _digest(targets: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(targets), SEQUENCES_AT_ONCE):
        digest.update("".join(f"{sequence}\n" for sequence in targets[start : start + SEQUENCES_AT_ONCE]).encode())
    return digest.hexdigest()[:DIGITS]


def _found(folder: Path, name: str) -> Path | None:
    whole = (path for path in folder.glob(f"{name}-*{DATABASE}") if path.stem == f"{name}-{sha256_of(path)[:DIGITS]}")
    return next(whole, None)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire()
    except NotImplementedError:  # a file system without locks
        yield
        return
    try:
        yield
    finally:
        lock.release()
