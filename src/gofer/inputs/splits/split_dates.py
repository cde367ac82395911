"""A split by time: by the day of a protein's first annotation, without any later annotation.

As in CAFA, proteins annotated before a day train, and proteins first annotated after it are tested. Proteins of one
sequence stay together, with the earliest day of any of them. Annotations of a training protein from the first day of
validation or later, and of a validation protein from the first day of the test or later, are left out.

With `later: test`, a protein that was annotated before the first day of the test and again later is tested, and not
trained on. Its later annotations are the truth, and its earlier ones do not count (`gofer.inputs.benchmark_subsets`).
CAFA calls such proteins limited-knowledge and partial-knowledge targets.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_intake import DROPPED
from gofer.inputs.annotations.annotation_tables import ANNOTATED, KEPT

CLOSED = "stated after its protein's split closed"
TEST, LEAVE_OUT = "test", "leave_out"  # of `later`: test proteins annotated again, or leave out the new annotations


def first_days(
    stated: pd.DataFrame, proteins: pd.DataFrame, roots: Collection[str], *, again_from: str | None = None
) -> pd.DataFrame:
    """When each protein was first annotated.

    Args:
        stated: Columns protein_id, go_id, date (year-month-day).
        proteins: Columns protein_id, sequence_sha256.
        roots: The roots, which carry no information.
        again_from: A protein that is annotated on this day or later, or one of its sequence, counts by its last day,
            whatever was stated before. None: the first day counts.

    Returns:
        By protein id, of those that are annotated: own (its first day) and day (the first of any protein of its
        sequence).
    """
    informative = stated[~stated["go_id"].isin(list(roots))]
    ends = informative.groupby("protein_id", as_index=False)["date"].agg(["min", "max"])
    first = ends.merge(proteins[["protein_id", "sequence_sha256"]], on="protein_id").set_index("protein_id")
    of_sequence = first.groupby("sequence_sha256")
    days = pd.DataFrame({"own": first["min"], "day": of_sequence["min"].transform("min")})
    if again_from is not None:
        last = of_sequence["max"].transform("max")
        days["own"] = days["own"].where(first["max"] < again_from, first["max"])
        days["day"] = days["day"].where(last < again_from, last)
    return days


def splits_of_days(days: pd.Series, *, val_from: str, test_from: str) -> pd.Series:
    """The split of each day: train before `val_from`, val before `test_from`, then test; indexed as `days`."""
    split = np.where(days < val_from, "train", np.where(days < test_from, "val", "test"))
    return pd.Series(split, index=days.index, dtype="str")


def known_in_time(
    stated: pd.DataFrame,
    proteins: pd.DataFrame,
    roots: Collection[str],
    accounting: Accounting,
    *,
    val_from: str,
    test_from: str,
    later: str = LEAVE_OUT,
) -> pd.DataFrame:
    """The annotations that were known when their protein's split closed; of test proteins all.

    Args:
        stated: Columns protein_id, go_id, date (year-month-day, or missing).
        proteins: Columns protein_id, sequence_sha256.
        roots: The roots; their annotations date no protein.
        accounting: Of the annotations; what is left out is moved there from kept to dropped.
        val_from: The day on which training closes.
        test_from: The day on which validation closes.
        later: `TEST`: proteins annotated on this day or later are tested, whatever was stated of them before.

    Raises:
        GoferError: An annotation without a date.
    """
    undated = int(stated["date"].isna().sum())
    if undated:
        raise GoferError(
            f"{undated} of {len(stated)} annotations have no date, but inputs.splits.method date goes by dates",
            help="give annotations with dates (GAF or GPAD; a table has none), or choose another inputs.splits.method",
        )
    days = first_days(stated, proteins, roots, again_from=test_from if later == TEST else None)
    alone, split = (splits_of_days(days[column], val_from=val_from, test_from=test_from) for column in ("own", "day"))
    closes = stated["protein_id"].map(split).map({"train": val_from, "val": test_from})
    known = stated[closes.isna() | (stated["date"] < closes)].reset_index(drop=True)
    late = len(stated) - len(known)
    accounting.add(DROPPED, CLOSED, late)
    accounting.add("proteins moved", "to the earlier split of an equal sequence", int((alone != split).sum()))
    accounting.add(KEPT, count=-late)
    accounting.add(ANNOTATED, count=known["protein_id"].nunique() - stated["protein_id"].nunique())
    return known
