"""Of each predicted term, the nearest known protein that has it: name, and how near.

Shapes: N proteins and P sequences of the bank, K terms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.inputs.proteins.local_alignment import overlap
from gofer.retrieval.bank import Bank

ALIGNED, NEAR = "aligned", "near"


@dataclass(frozen=True, eq=False)
class NearestKnown:
    """The columns nearest_… of predictions.tsv.

    Attributes:
        bank: The known proteins.
    """

    bank: Bank

    def columns(
        self,
        sequence: str,
        cosine_V: NDArray[np.float32],
        aligned_P: NDArray[np.float32] | None,
        terms_K: NDArray[np.int64],
    ) -> dict[str, list]:
        """Of one protein.

        Args:
            sequence: Its sequence.
            cosine_V: Of its vector with each of the bank's.
            aligned_P: Its similarity with each sequence of the bank, 0 where they do not align; None where none is.
            terms_K: The terms, as columns of the bank's labels.
        """
        similarity_P = np.zeros(len(self.bank.targets), np.float32) if aligned_P is None else aligned_P
        rows = self.bank.nearest(cosine_V, similarity_P, terms_K).tolist()
        of_row = {row: self._of_row(sequence, row, similarity_P) for row in set(rows)}
        names = ("protein", "name", "by", "identity", "coverage")
        return {f"nearest_{name}": [of_row[row][place] for row in rows] for place, name in enumerate(names)}

    def _of_row(self, sequence: str, row: int, similarity_P: NDArray[np.float32]) -> tuple[str, str, str, float, float]:
        if row < 0:
            return "", "", "", np.nan, np.nan
        bank = self.bank
        if not similarity_P[bank.target_N[row]]:
            return bank.protein_ids[row], bank.names[row], NEAR, np.nan, np.nan
        found = overlap(sequence, bank.sequences[row])
        return bank.protein_ids[row], bank.names[row], ALIGNED, found.identity, found.covered
