"""What the leak checks found, in words."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gofer.evaluation.leaks import ANCESTORS, REFUSED
from gofer.report import labels_and_help as words
from gofer.report.input_tables import read_tsv
from gofer.tables import LEAKS

HANDLINGS = {
    "refused": "none allowed; any would have stopped the evaluation",
    "reported": "allowed by the run's settings",
}


@dataclass(frozen=True, eq=False)
class Leaks:
    """The table that rule check_leaks left.

    Attributes:
        table: Columns check, found, of, handling.
    """

    table: pd.DataFrame

    @classmethod
    def read(cls, path: Path | str) -> "Leaks":
        """From evaluation/leaks.tsv.

        Raises:
            ArtefactError: It is missing or is no such table.
        """
        return cls(read_tsv(path, LEAKS).astype({"found": int, "of": int}))

    def rows(self) -> list[tuple[str, str, str]]:
        """Per check: what was looked for, how many among how many, and what that means."""
        return [
            (row.check[0].upper() + row.check[1:], f"{row.found:,} of {row.of:,}", HANDLINGS[row.handling])
            for row in self.table.itertuples()
        ]

    def ancestors(self) -> str:
        """Whether ancestors of held-out terms stayed in training."""
        row = self.table.set_index("check").loc[ANCESTORS]
        if not row["of"]:
            return "No training protein has a held-out term, so no ancestor of one had to be kept or dropped."
        if row["handling"] == REFUSED:
            return (
                "Labels that follow from held-out terms alone were not used in training "
                "(inputs.term_sets.zero_ancestors: drop)."
            )
        return (
            "Ancestors of held-out terms stayed in training (inputs.term_sets.zero_ancestors: keep): of the "
            f"{words.counted(int(row['of']), 'positive')} of training proteins that have a held-out term, "
            f"{row['found']:,} {'follows' if row['found'] == 1 else 'follow'} from held-out terms alone. So training "
            "may have seen that a protein has the parent of a term that it has never seen."
        )
