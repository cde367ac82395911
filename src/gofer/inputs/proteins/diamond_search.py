"""Searches with DIAMOND: which proteins of a large set a protein resembles.

Buchfink et al. 2021, doi:10.1038/s41592-021-01101-x. Its database of a set that is searched again and again can be kept
in a folder. The file is named by digests of the sequences and of its own bytes, and by DIAMOND's version: one that does
not fit is never found, and a damaged one is made again.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from gofer.artefacts import sha256_of
from gofer.errors import GoferError
from gofer.inputs.proteins.programs import run_program, write_rows
from gofer.workflow import logger

DIAMOND_MISSING = "DIAMOND is not installed: run with --use-conda, or install it (mamba install -c bioconda diamond)"
DATABASE, UNFINISHED = ".dmnd", ".diamond-"
DIGITS = 16  # of a digest in the name of a file
ROWS_AT_ONCE = 10_000
HIT_COLUMNS = {"query": np.int64, "target": np.int64, "bitscore": np.float64, "identity": np.float64}


@dataclass(frozen=True)
class DiamondSearch:
    """How DIAMOND is run.

    Attributes:
        evalue: Highest e-value of a hit.
        threads: Threads it may use.
        max_targets: Most hits per protein.
        sensitivity: One of DIAMOND's: fast to ultra-sensitive.
        program: The executable.
    """

    evalue: float = 1e-3
    threads: int = 1
    max_targets: int = 100
    sensitivity: str = "sensitive"
    program: str = "diamond"

    @property
    def installed(self) -> bool:
        """Whether the executable is on the PATH."""
        return shutil.which(self.program) is not None

    def version(self) -> str:
        """What `diamond version` prints."""
        return run_program(self.program, "version").strip()

    def hits(self, queries: Sequence[str], targets: Sequence[str], *, kept_in: Path | None = None) -> pd.DataFrame:
        """Best alignment of each query with each target that it hits.

        Args:
            queries: Sequences.
            targets: Those to search in.
            kept_in: Folder in which the database of the targets is kept, as `keep` makes it; None keeps none.

        Returns:
            Columns query, target (rows, int64), bitscore and identity (%), in a fixed order.

        Raises:
            GoferError: DIAMOND failed.
        """
        if not len(queries) or not len(targets):
            return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in HIT_COLUMNS.items()})
        with tempfile.TemporaryDirectory(prefix="gofer-diamond-") as name:
            folder = Path(name)
            write_rows(folder / "queries.fasta", queries)
            database = None if kept_in is None else self.keep(targets, kept_in)
            database = database or self._make(targets, folder)
            limits = ["--evalue", str(self.evalue), "--max-target-seqs", str(self.max_targets)]
            limits += [f"--{self.sensitivity}"]
            columns = ["--outfmt", "6", "qseqid", "sseqid", "bitscore", "pident"]
            files = ["--query", str(folder / "queries.fasta"), "--db", str(database), "--out", str(folder / "hits.tsv")]
            run_program(self.program, "blastp", *files, *limits, *columns, *self._threads, "--tmpdir", name)
            hits = pd.read_csv(folder / "hits.tsv", sep="\t", names=list(HIT_COLUMNS), dtype=HIT_COLUMNS)
        order, ascending = ["query", "target", "bitscore", "identity"], [True, True, False, False]
        best = hits.sort_values(order, ascending=ascending).drop_duplicates(["query", "target"])
        return best.reset_index(drop=True)

    def keep(self, targets: Sequence[str], folder: Path) -> Path | None:
        """The database of some sequences in a folder, made if it is not there or is damaged; databases of others go.

        Args:
            targets: The sequences.
            folder: Where; processes that make it at the same time wait for each other.

        Returns:
            Its path; None where it cannot be kept, which is said in a warning.
        """
        name = f"{_digest(targets)}-{self.version().split()[-1]}"
        if (found := _found(folder, name)) is not None:
            return found
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder):
                return _found(folder, name) or self._made(targets, folder, name)
        except (OSError, GoferError) as error:
            logger.warning("DIAMOND's database is made for this search only, since it cannot be kept (%s)", error)
            return None

    def _made(self, targets: Sequence[str], folder: Path, name: str) -> Path:
        logger.warning("Making DIAMOND's database of %s known sequences, once: %s", f"{len(targets):,}", folder)
        for former in [*folder.glob(f"*{DATABASE}"), *folder.glob(f"{UNFINISHED}*")]:
            _remove(former)
        with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as part:
            made = self._make(targets, Path(part))
            with made.open("rb") as written:
                os.fsync(written.fileno())
            return made.rename(folder / f"{name}-{sha256_of(made)[:DIGITS]}{DATABASE}")

    def _make(self, targets: Sequence[str], folder: Path) -> Path:
        fasta, database = folder / "targets.fasta", folder / f"targets{DATABASE}"
        write_rows(fasta, targets)
        run_program(self.program, "makedb", "--in", str(fasta), "--db", str(database), *self._threads)
        fasta.unlink()
        return database

    @property
    def _threads(self) -> list[str]:
        return ["--threads", str(self.threads)]


def forget(folder: Path) -> None:
    """Remove the databases that are kept in a folder."""
    for path in folder.glob(f"*{DATABASE}"):
        path.unlink(missing_ok=True)


def _digest(targets: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(targets), ROWS_AT_ONCE):
        digest.update("".join(f"{sequence}\n" for sequence in targets[start : start + ROWS_AT_ONCE]).encode())
    return digest.hexdigest()[:DIGITS]


def _found(folder: Path, name: str) -> Path | None:
    whole = (path for path in folder.glob(f"{name}-*{DATABASE}") if path.stem == f"{name}-{sha256_of(path)[:DIGITS]}")
    return next(whole, None)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / ".diamond.lock")
    try:
        lock.acquire()
    except NotImplementedError:  # a file system without locks
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
