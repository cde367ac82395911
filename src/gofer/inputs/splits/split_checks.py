"""What must hold of every split of proteins, whatever made it."""

import pandas as pd

from gofer.errors import GoferError
from gofer.names import HELD_OUT, KNOWN

TRAINED_OR_HELD_OUT = ("train", *HELD_OUT)  # each needs a protein
UNUSED = "unused"


def check_splits(table: pd.DataFrame, proteins: pd.DataFrame) -> None:
    """Refuse a split without a protein, and a sequence that is in two splits.

    Args:
        table: Columns protein_id, split.
        proteins: Columns protein_id, sequence_sha256.

    Raises:
        GoferError: Either.
    """
    counts = table["split"].value_counts()
    for split in TRAINED_OR_HELD_OUT:
        if not counts.get(split, 0):
            raise GoferError(
                f"the {split} split has no annotated protein (of {int((table['split'] != UNUSED).sum())})",
                help="change inputs.splits (other shares, days or lists, a higher identity), or give more proteins",
            )
    used = table[table["split"] != UNUSED].merge(proteins[["protein_id", "sequence_sha256"]], on="protein_id")
    used["split"] = used["split"].replace(KNOWN, "train")  # one of equal sequences trains, the others are known
    several = used.groupby("sequence_sha256")["split"].nunique()
    shared = used[used["sequence_sha256"].isin(several.index[several > 1])].sort_values(["sequence_sha256", "split"])
    if len(shared):
        one, two = shared.drop_duplicates(["sequence_sha256", "split"]).iloc[:2].to_dict("records")
        raise GoferError(
            f"{one['protein_id']} ({one['split']}) and {two['protein_id']} ({two['split']}) have the same sequence",
            help="put proteins of one sequence into one split; of lists, inputs.splits.same_sequence: leave_out keeps "
            "those that are not tested out of training",
        )
