"""The nearest training protein of each validation and test protein.

Found and measured in the same way for every method of splitting, by `kmer_search` and `local_alignment`. Of 1,259
Swiss-Prot proteins held out at random, 605 have a training protein at 30 % or more when every pair is aligned; this
finds one for 593 of them, and for all 453 at 40 % or more (benchmarks/similar_proteins.py).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.kmer_search import KmerIndex, kmer_matrix
from gofer.inputs.proteins.local_alignment import Hit, all_hits
from gofer.inputs.splits.identity_bins import identity_bins
from gofer.inputs.splits.protein_splits import check_splits
from gofer.names import HELD_OUT

CANDIDATES = 50  # training proteins that one is aligned with


def with_nearest(splits: pd.DataFrame, proteins: pd.DataFrame, *, threads: int = 1) -> pd.DataFrame:
    """The split with the most identical training protein of each val and test protein.

    Args:
        splits: Columns protein_id, split.
        proteins: Columns protein_id, sequence.
        threads: To work with; they change nothing but the time.

    Returns:
        `splits` with nearest_train (the id; of equally identical ones that with the best score, then the first sequence
        and id) and nearest_identity (in (0, 1]); both are missing if no training protein is similar, and for train and
        unused.
    """
    joined = splits[["protein_id", "split"]].merge(proteins[["protein_id", "sequence"]], on="protein_id", how="left")
    train = joined[joined["split"] == "train"].groupby("sequence")["protein_id"].min()
    asked = sorted(set(joined.loc[joined["split"].isin(HELD_OUT), "sequence"]))
    best = dict(zip(asked, _nearest(asked, train.index.tolist(), threads), strict=True))
    found = [
        best[sequence] if split in HELD_OUT else None
        for sequence, split in zip(joined["sequence"], joined["split"], strict=True)
    ]
    return splits.assign(
        nearest_train=[hit and train.iloc[hit.row] for hit in found],
        nearest_identity=np.array([hit.identity if hit else np.nan for hit in found], dtype=np.float64),
    )


def _nearest(asked: Sequence[str], train: Sequence[str], threads: int) -> list[Hit | None]:
    index = KmerIndex.of(kmer_matrix(train))
    near = index.best(kmer_matrix(asked), most=CANDIDATES, threads=threads)
    pairs = [(sequence, [train[row] for row in rows]) for sequence, rows in zip(asked, near, strict=True)]
    return [
        max((hit._replace(row=int(rows[hit.row])) for hit in own), key=_merit, default=None)
        for rows, own in zip(near, all_hits(pairs, threads=threads), strict=True)
    ]


def _merit(hit: Hit) -> tuple[float, int, int]:
    return hit.identity, hit.score, -hit.row


def without_similar(
    splits: pd.DataFrame, proteins: pd.DataFrame, *, identity: float, threads: int = 1
) -> tuple[pd.DataFrame, int]:
    """The split with nearest proteins, and no val or test protein left that has a training protein at `identity`.

    Clusters keep nearly all apart. Where the search among training proteins alone sees one that is similar nonetheless,
    the whole cluster of the val or test protein goes to training, until none is left.

    Args:
        splits: Columns protein_id, split, cluster.
        proteins: Columns protein_id, sequence, sequence_sha256.
        identity: In (0, 1].
        threads: To work with.

    Returns:
        As `with_nearest`; and how many proteins went to training.

    Raises:
        GoferError: No protein is left for val or test.
    """
    told, moved = with_nearest(splits, proteins, threads=threads), 0
    while (similar := told["nearest_identity"] >= identity).any():
        goes = told["cluster"].isin(told.loc[similar, "cluster"]) & told["split"].isin(HELD_OUT)
        moved += int(goes.sum())
        told = told.assign(split=told["split"].mask(goes, "train"))
        check_splits(told, proteins)
        told = with_nearest(told, proteins, threads=threads)
    return told, moved


def account_nearest(accounting: Accounting, splits: pd.DataFrame) -> None:
    """Count the val and test proteins by the identity of their nearest training protein.

    Args:
        accounting: Where to.
        splits: Columns split, nearest_identity.
    """
    for split in HELD_OUT:
        identity = splits.loc[splits["split"] == split, "nearest_identity"]
        for name, count in identity_bins(identity).value_counts(sort=False).items():
            accounting.add(f"{split} proteins by nearest training protein", str(name), int(count))
