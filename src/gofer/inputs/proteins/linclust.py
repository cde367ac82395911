"""Clusters around representatives by MMseqs2's linclust, whose time grows linearly with the number of proteins.

Every member is aligned with its representative, over a share of both sequences, so that a common domain does not chain
families into one cluster as single linkage does: of 17,424 human proteins at 30 % identity single linkage puts 4,735
into one. Two members need not be similar to each other, and similar proteins may be in different clusters: a split has
to look for them (`splits.nearest.without_similar`). Steinegger and Söding 2018, doi:10.1038/s41467-018-04964-5.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError
from gofer.inputs.proteins.programs import run_program, write_rows

MMSEQS_MISSING = "MMseqs2 is not installed"
MMSEQS_HELP = "install it (mamba install -c bioconda mmseqs2), or set inputs.splits.clusterer to kmers"


def linclust_installed() -> bool:
    """Whether MMseqs2 is on the PATH."""
    return shutil.which("mmseqs") is not None


def linclust(sequences: Sequence[str], *, identity: float, covered: float, threads: int = 1) -> NDArray[np.int64]:
    """The row of the representative of each protein, int64 (N); that of a representative is itself.

    Args:
        sequences: Upper-case residues, each once.
        identity: Of a member with its representative at least, in (0, 1].
        covered: Share of both sequences that their alignment spans, in (0, 1].
        threads: To work with; they change nothing but the time.

    Raises:
        GoferError: MMseqs2 is not installed, or failed.
    """
    if not linclust_installed():
        raise GoferError(MMSEQS_MISSING, help=MMSEQS_HELP)
    representative_N = np.arange(len(sequences), dtype=np.int64)
    if not any(sequences):
        return representative_N
    with tempfile.TemporaryDirectory(prefix="gofer-mmseqs-") as name:
        folder = Path(name)
        write_rows(folder / "in.fasta", sequences)
        files = [str(folder / file) for file in ("in.fasta", "out", "tmp")]
        limits = ["--min-seq-id", str(identity), "-c", str(covered), "--cov-mode", "0"]
        run_program("mmseqs", "easy-linclust", *files, *limits, "--threads", str(threads), "-v", "1")
        columns = ["representative", "member"]
        table = pd.read_csv(folder / "out_cluster.tsv", sep="\t", names=columns, dtype=np.int64)
    representative_N[table["member"]] = table["representative"]
    return representative_N
