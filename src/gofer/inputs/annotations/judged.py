"""Proteins that are judged by other annotations than training reads, as every benchmark over time needs.

A protein is judged where its judged annotations name a term below a root. What the training files state of it is its
older knowledge: it leaves training, and serves as a baseline.
"""

from collections.abc import Collection

import pandas as pd


def judged_ids(judged: pd.DataFrame, roots: Collection[str]) -> pd.Index:
    """The proteins that are judged, sorted.

    Args:
        judged: Columns protein_id, go_id.
        roots: Terms that tell nothing.
    """
    return pd.Index(sorted(judged.loc[~judged["go_id"].isin(roots), "protein_id"].unique()), dtype="str")


def with_judged(
    stated: pd.DataFrame, judged: pd.DataFrame, roots: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the judged annotations in the place of the older ones of the same proteins.

    Args:
        stated: What the training files state: columns protein_id, go_id, evidence, date, source.
        judged: What the files of the judged annotations state, the same columns.
        roots: Terms that tell nothing.

    Returns:
        The annotations of a run, sorted by protein and term; and the older ones of the judged proteins.
    """
    ids = judged_ids(judged, roots)
    older = stated["protein_id"].isin(ids)
    all_of_run = pd.concat([stated[~older], judged[judged["protein_id"].isin(ids)]])
    return (
        all_of_run.sort_values(["protein_id", "go_id"], ignore_index=True),
        stated[older].reset_index(drop=True),
    )
