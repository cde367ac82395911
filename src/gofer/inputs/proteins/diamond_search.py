"""Searches with DIAMOND: which proteins of a large set a protein resembles.

Buchfink et al. 2021, doi:10.1038/s41592-021-01101-x.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.inputs.proteins.programs import run_program, write_rows

DIAMOND_MISSING = "DIAMOND is not installed: run with --use-conda, or install it (mamba install -c bioconda diamond)"
DATABASE = ".dmnd"
HIT_COLUMNS = {"query": np.int64, "target": np.int64, "bitscore": np.float64, "identity": np.float64}


@dataclass(frozen=True)
class DiamondSearch:
    """How DIAMOND is run.

    Attributes:
        evalue: Highest e-value of a hit.
        threads: Threads it may use.
        max_targets: Most hits per protein.
        sensitivity: One of DIAMOND's: fast to ultra-sensitive.
        by_query: Whether it indexes the queries only, which is faster for few of them; distant hits differ a little.
        program: The executable.
    """

    evalue: float = 1e-3
    threads: int = 1
    max_targets: int = 100
    sensitivity: str = "sensitive"
    by_query: bool = False
    program: str = "diamond"

    @property
    def installed(self) -> bool:
        """Whether the executable is on the PATH."""
        return shutil.which(self.program) is not None

    def version(self) -> str:
        """What `diamond version` prints."""
        return run_program(self.program, "version").strip()

    def hits(self, queries: Sequence[str], targets: Sequence[str], *, database: Path | None = None) -> pd.DataFrame:
        """Best alignment of each query with each target that it hits.

        Args:
            queries: Sequences.
            targets: Those to search in.
            database: Of the targets, where it is kept (`kept_database`).

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
            database = database or self.make_database(targets, folder)
            limits = ["--evalue", str(self.evalue), "--max-target-seqs", str(self.max_targets)]
            limits += [f"--{self.sensitivity}", *(["--algo", "1"] if self.by_query else [])]
            columns = ["--outfmt", "6", "qseqid", "sseqid", "bitscore", "pident"]
            files = ["--query", str(folder / "queries.fasta"), "--db", str(database), "--out", str(folder / "hits.tsv")]
            run_program(self.program, "blastp", *files, *limits, *columns, *self._threads, "--tmpdir", name)
            hits = pd.read_csv(folder / "hits.tsv", sep="\t", names=list(HIT_COLUMNS), dtype=HIT_COLUMNS)
        order, ascending = ["query", "target", "bitscore", "identity"], [True, True, False, False]
        best = hits.sort_values(order, ascending=ascending).drop_duplicates(["query", "target"])
        return best.reset_index(drop=True)

    def make_database(self, targets: Sequence[str], folder: Path) -> Path:
        """The database of some sequences, in a folder.

        Raises:
            GoferError: DIAMOND failed.
        """
        fasta, database = folder / "targets.fasta", folder / f"targets{DATABASE}"
        write_rows(fasta, targets)
        run_program(self.program, "makedb", "--in", str(fasta), "--db", str(database), *self._threads)
        fasta.unlink()
        return database

    @property
    def _threads(self) -> list[str]:
        return ["--threads", str(self.threads)]
