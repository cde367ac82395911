"""What any method must beat: how common each term is (naive), a regression on words of residues, and DIAMOND."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.embeddings.sequence_features import SequenceReader
from gofer.errors import GoferError
from gofer.evaluation.cafa import predicted_pairs
from gofer.evaluation.carried_labels import carried
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.label_regression import KernelWeights, LabelRegression, ProteinFeatures

logger = logging.getLogger(__name__)

DIAMOND_MISSING = "DIAMOND is not installed: run with --use-conda, or install it (mamba install -c bioconda diamond)"
HIT_COLUMNS = {"query": np.int64, "target": np.int64, "bitscore": np.float64, "identity": np.float64}


def naive(terms: pd.DataFrame, protein_ids: list[str], *, min_score: float) -> pd.DataFrame:
    """Every protein gets every term with the term's frequency among the training proteins annotated in its aspect.

    Args:
        terms: Columns go_id, aspect, training_count; roots included, whose count is that of the aspect's proteins.
        protein_ids: Proteins to predict for.
        min_score: Rarer terms are left out.

    Returns:
        Columns protein_id, go_id, score in (0, 1]; roots left out.
    """
    count_T = terms["training_count"].to_numpy(float)
    total_T = terms.groupby("aspect")["training_count"].transform("max").to_numpy(float)
    frequency_T = np.divide(count_T, total_T, out=np.zeros_like(count_T), where=total_T > 0)
    has_parents_T = (terms["is_a"].map(len) + terms["part_of"].map(len)).to_numpy() > 0
    keep_T = has_parents_T & (frequency_T >= max(min_score, np.finfo(np.float32).tiny))
    scores_BT = np.broadcast_to(frequency_T[keep_T], (len(protein_ids), int(keep_T.sum())))
    return predicted_pairs(scores_BT, protein_ids, list(terms["go_id"][keep_T]), np.ones(scores_BT.shape, bool))


def ridge(
    train: tuple[Sequence[str], Sequence[Sequence[str]]],
    held_out: tuple[list[str], Sequence[str]],
    terms: pd.DataFrame,
    weights: KernelWeights,
    *,
    relations: list[str],
    min_score: float,
    seed: int,
) -> pd.DataFrame:
    """Kernel ridge regression on words of residues and composition: what needs no model at all.

    Args:
        train: Sequences of the training proteins, and the ids of their terms, propagated.
        held_out: Ids of the proteins to predict for, and their sequences.
        terms: Rows of the terms table to predict, roots left out.
        weights: The kernel; what is not read from the sequence alone does not count.
        relations: Along which a score holds upwards.
        min_score: Lower scores are left out.
        seed: Of the choice of landmarks.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    (sequences, true_ids), (protein_ids, new_sequences) = train, held_out
    columns, labels_NT = pd.Index(terms["go_id"]), np.zeros((len(sequences), len(terms)), bool)
    for labels_T, own_ids in zip(labels_NT, true_ids, strict=True):
        places = columns.get_indexer(pd.Index(own_ids, dtype=columns.dtype))
        labels_T[places[places >= 0]] = True
    reader = SequenceReader.of_training(sequences)
    own, new = (ProteinFeatures(None, None, reader.read(texts)) for texts in (sequences, new_sequences))
    fitted = LabelRegression.fit(own, labels_NT, terms["aspect"].to_numpy(str), weights, seed=seed)
    hierarchy = Hierarchy.of_terms(terms, relations, within_aspect=True)
    scores_BT = hierarchy_consistent(fitted.predict(new), hierarchy)
    return predicted_pairs(scores_BT, protein_ids, terms["go_id"].tolist(), scores_BT >= min_score)


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
    target = pd.Index(targets["protein_id"]).get_indexer(labels["protein_id"])
    term = np.searchsorted(go_ids, labels["go_id"].to_numpy(str))
    mine = target >= 0
    has_ST = sp.csr_array((np.ones(mine.sum()), (target[mine], term[mine])), shape=(len(targets), len(go_ids)))
    bits_BS = sp.csr_array((hits["bitscore"], (hits["query"], hits["target"])), shape=(len(queries), len(targets)))
    has_ST.data[:] = 1  # a pair listed twice was summed to 2
    scores_BT = carried(bits_BS, has_ST)
    return predicted_pairs(scores_BT, list(queries["protein_id"]), list(go_ids), scores_BT >= min_score)


def best_hit_labels(
    hits: pd.DataFrame, queries: pd.DataFrame, targets: pd.DataFrame, labels: pd.DataFrame, *, min_score: float
) -> pd.DataFrame:
    """Labels of the one labelled protein hit best (by bit score), each scored with the identity of that alignment.

    What CAFA calls BLAST (Radivojac et al. 2013, doi:10.1038/nmeth.2340), of the best hit alone. Arguments and result
    as of `transferred_labels`.
    """
    known = hits[targets["protein_id"].isin(labels["protein_id"]).to_numpy()[hits["target"].to_numpy(int)]]
    order = known.sort_values(["query", "bitscore", "target"], ascending=[True, False, True])
    best = order.drop_duplicates("query")
    identity = pd.Series(best["identity"].to_numpy() / 100, queries["protein_id"].iloc[best["query"].to_numpy(int)])
    table = transferred_labels(best, queries, targets, labels, min_score=0.5)
    table = table.assign(score=table["protein_id"].map(identity).to_numpy(float))
    return table[table["score"] >= min_score].reset_index(drop=True)
