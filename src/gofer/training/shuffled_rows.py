"""The order in which training reads its proteins: new in each epoch; the place in it is part of the state.

It needs no torch, so that the curriculum can be planned without it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class ShuffledRows:
    """Rows of a data set in batches; each update of the weights uses a group of `accumulate` batches.

    Residues are read row by row from files mapped into memory, so that a random order costs little and memory does not
    grow with the data set.

    Args:
        rows: Size of the data set.
        epoch_rows: Rows of an epoch, drawn anew for each; None for all.
        batch_proteins: Rows of a batch; the last of an epoch may be smaller.
        accumulate: Batches of a group; the last of an epoch may have fewer.
    """

    def __init__(self, rows: int, *, batch_proteins: int, accumulate: int = 1, epoch_rows: int | None = None) -> None:
        self.rows, self.batch_proteins, self.accumulate = rows, batch_proteins, accumulate
        self.epoch_rows = min(rows, epoch_rows or rows)
        self.order: NDArray[np.int64] = np.zeros(0, np.int64)
        self.place = 0

    @property
    def groups_per_epoch(self) -> int:
        """Number of groups of an epoch."""
        return -(-self.epoch_rows // (self.batch_proteins * self.accumulate))

    def shuffle(self, rng: np.random.Generator) -> None:
        """Draw the order of an epoch, and start at its beginning."""
        self.order, self.place = rng.permutation(self.rows)[: self.epoch_rows], 0

    def __iter__(self) -> Iterator[list[NDArray[np.int64]]]:
        """Groups from the current place to the end of the epoch; the place moves before a group is yielded."""
        while self.place < len(self.order):
            taken = self.order[self.place : self.place + self.batch_proteins * self.accumulate]
            self.place += len(taken)
            yield [taken[start : start + self.batch_proteins] for start in range(0, len(taken), self.batch_proteins)]
