"""The baseline by sequence similarity: labels of the training proteins that DIAMOND finds."""

import logging
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.errors import GoferError
from gofer.inputs.label_matrix import label_matrix
from gofer.retrieval.annotation_transfer import transferred
from gofer.retrieval.cafa_format import predicted_pairs

logger = logging.getLogger(__name__)
DIAMOND_MISSING = "DIAMOND is not installed: run with --use-conda, or install it (mamba install -c bioconda diamond)"
HIT_COLUMNS = {"query": np.int64, "target": np.int64, "bitscore": np.float64, "identity": np.float64}


@dataclass(frozen=True)
class DiamondSearch:
    """How DIAMOND is run.

    Attributes:
        evalue: Highest e-value of a hit.
        threads: Threads it may use.
        max_targets: Most hits per protein.
        program: The executable.
    """

    evalue: float = 1e-3
    threads: int = 1
    max_targets: int = 100
    program: str = "diamond"

    @property
    def installed(self) -> bool:
        """Whether the executable is on the PATH."""
        return shutil.which(self.program) is not None

    def version(self) -> str:
        """What `diamond version` prints."""
        return self._run("version").strip()

    def hits(self, queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
        """Best alignment of each query with each target that it hits.

        Args:
            queries: Columns protein_id, sequence.
            targets: The same of the proteins to search in.

        Returns:
            Columns query, target (positions in the two tables, int64), bitscore and identity (%), in a fixed order.

        Raises:
            GoferError: DIAMOND failed.
        """
        if queries.empty or targets.empty:
            return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in HIT_COLUMNS.items()})
        with tempfile.TemporaryDirectory(prefix="gofer-diamond-") as name:
            folder = Path(name)
            _write_fasta(folder / "targets.fasta", queries=targets["sequence"])
            _write_fasta(folder / "queries.fasta", queries=queries["sequence"])
            database = str(folder / "targets.dmnd")
            threads = ["--threads", str(self.threads)]
            self._run("makedb", "--in", str(folder / "targets.fasta"), "--db", database, *threads)
            limits = ["--evalue", str(self.evalue), "--max-target-seqs", str(self.max_targets), "--sensitive"]
            columns = ["--outfmt", "6", "qseqid", "sseqid", "bitscore", "pident"]
            files = ["--query", str(folder / "queries.fasta"), "--db", database, "--out", str(folder / "hits.tsv")]
            self._run("blastp", *files, *limits, *columns, *threads, "--tmpdir", name)
            hits = pd.read_csv(folder / "hits.tsv", sep="\t", names=list(HIT_COLUMNS), dtype=HIT_COLUMNS)
        order, ascending = ["query", "target", "bitscore", "identity"], [True, True, False, False]
        best = hits.sort_values(order, ascending=ascending).drop_duplicates(["query", "target"])
        return best.reset_index(drop=True)

    def _run(self, *arguments: str) -> str:
        command = [self.program, *arguments]
        logger.info("%s", " ".join(command))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise GoferError(f"diamond {arguments[0]} ended with status {done.returncode}: {last}", help="see the log")
        return done.stdout


def _write_fasta(path: Path, *, queries: pd.Series) -> None:
    # Positions stand for the ids: DIAMOND cuts ids at spaces and tells '|' its own way.
    path.write_text("".join(f">{position}\n{sequence}\n" for position, sequence in enumerate(queries)))


def transferred_labels(
    hits: pd.DataFrame, queries: pd.DataFrame, targets: pd.DataFrame, labels: pd.DataFrame, *, min_score: float
) -> pd.DataFrame:
    """Labels of the proteins hit, weighed by bit score: score(p, t) = Σ bitscore · [hit has t] / Σ bitscore.

    The DiamondScore of Kulmanov and Hoehndorf 2020, doi:10.1093/bioinformatics/btz595.

    Args:
        hits: What `DiamondSearch.hits` gave.
        queries: Column protein_id.
        targets: Columns protein_id and those used in the search.
        labels: Columns protein_id, go_id of the targets, propagated, roots left out. A target without a label counts
            in neither sum.
        min_score: Lower scores are left out.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    go_ids = np.unique(labels["go_id"].to_numpy(str))
    has_ST = label_matrix(labels, targets["protein_id"], go_ids)
    bits_BS = sp.csr_array((hits["bitscore"], (hits["query"], hits["target"])), shape=(len(queries), len(targets)))
    scores_BT = transferred(bits_BS, has_ST)
    return predicted_pairs(scores_BT, list(queries["protein_id"]), list(go_ids), scores_BT >= min_score)
