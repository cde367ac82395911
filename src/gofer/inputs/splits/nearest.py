"""The nearest training protein of each validation and test protein.

The search is the same for every method of splitting: `candidates` chooses training proteins by shared k-mers (in large
sets by DIAMOND), and `local_alignment` measures the identity to each. Of 1,259 Swiss-Prot proteins held out at random,
605 have a training protein at 30 % or more when every pair is aligned; k-mers find one for 593 of them, and for all 453
at 40 % or more (benchmarks/similar.py).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.candidates import candidates
from gofer.inputs.proteins.local_alignment import Hit, all_hits
from gofer.inputs.splits.identity_bins import identity_bins
from gofer.inputs.splits.split_checks import check_splits
from gofer.names import HELD_OUT, LABELLED

CANDIDATES = 50  # training proteins that one is aligned with


def with_nearest(splits: pd.DataFrame, proteins: pd.DataFrame, *, threads: int = 1) -> pd.DataFrame:
    """The split with the most identical training protein of each val and test protein.

    Args:
        splits: Columns protein_id, split.
        proteins: Columns protein_id, sequence.
        threads: Number of threads; they change only the time.

    Returns:
        `splits` with nearest_train (the id, of split train or known; ties by score, then by sequence and id) and
        nearest_identity (in (0, 1]); both are missing if none is similar, and for all other splits.
    """
    joined = splits[["protein_id", "split"]].merge(proteins[["protein_id", "sequence"]], on="protein_id", how="left")
    train = joined[joined["split"].isin(LABELLED)].groupby("sequence")["protein_id"].min()
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
    near = candidates(asked, train, most=CANDIDATES, threads=threads)
    pairs = [(sequence, [train[row] for row in rows]) for sequence, rows in zip(asked, near, strict=True)]
    return [
        max((hit._replace(row=int(rows[hit.row])) for hit in found), key=_quality, default=None)
        for rows, found in zip(near, all_hits(pairs, threads=threads), strict=True)
    ]


def _quality(hit: Hit) -> tuple[float, int, int]:
    return hit.identity, hit.score, -hit.row


def without_similar(
    splits: pd.DataFrame, proteins: pd.DataFrame, *, identity: float, threads: int = 1
) -> tuple[pd.DataFrame, int]:
    """The split with nearest proteins, and no val or test protein left that has a training protein at `identity`.

    Clusters separate nearly all similar proteins. If the search still finds a similar training protein, the
    whole cluster of the val or test protein moves to training, until none is left.

    Args:
        splits: Columns protein_id, split, cluster.
        proteins: Columns protein_id, sequence, sequence_sha256.
        identity: In (0, 1].
        threads: Number of threads.

    Returns:
        As `with_nearest`; and how many proteins moved to training.

    Raises:
        GoferError: No protein is left for val or test.
    """
    current, moved = with_nearest(splits, proteins, threads=threads), 0
    while (similar := current["nearest_identity"] >= identity).any():
        goes = current["cluster"].isin(current.loc[similar, "cluster"]) & current["split"].isin(HELD_OUT)
        moved += int(goes.sum())
        current = current.assign(split=current["split"].mask(goes, "train"))
        check_splits(current, proteins)
        current = with_nearest(current, proteins, threads=threads)
    return current, moved


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
