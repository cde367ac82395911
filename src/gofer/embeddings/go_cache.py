"""Text vectors of GO terms, as a file and in memory.

Shapes: T terms, G text width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table, write_table
from gofer.errors import ArtefactError

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class GoLookupCache:
    """One unit vector per term.

    Attributes:
        go_ids: Ids of the rows, each once.
        vectors_TG: float32, rows of length 1.
    """

    go_ids: list[str]
    vectors_TG: NDArray[np.float32]

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as parquet: go_id, vector."""
        self._check(path)
        width = self.vectors_TG.shape[1]
        vector = pa.FixedSizeListArray.from_arrays(pa.array(self.vectors_TG.ravel(), pa.float32()), width)
        write_table(path, pa.table({"go_id": pa.array(self.go_ids, pa.string()), "vector": vector}), manifest)

    @classmethod
    def read(cls, path: Path | str) -> "GoLookupCache":
        """The inverse of `write`.

        Raises:
            ArtefactError: The file is missing, damaged, or has a vector that is not finite or not of length 1.
        """
        table = read_table(path)
        if table.empty:
            raise ArtefactError(f"{path} has no term", help="delete it and run snakemake again")
        cache = cls(table["go_id"].tolist(), np.stack(table["vector"].to_numpy()))
        cache._check(path)
        return cache

    def rows(self, go_ids: Sequence[str]) -> NDArray[np.int64]:
        """Row of each id.

        Raises:
            ArtefactError: An id is not there; it is named.
        """
        row_T = pd.Index(self.go_ids).get_indexer(pd.Index(go_ids))
        if (row_T < 0).any():
            missing = [go_ids[i] for i in np.flatnonzero(row_T < 0).tolist()]
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise ArtefactError(
                f"{', '.join(missing[:3])}{more} have no text vector",
                help="delete embeddings/go of this run and run snakemake again: the texts are from other terms",
            )
        return row_T.astype(np.int64)

    def _check(self, path: Path | str) -> None:
        norm_T = np.linalg.norm(self.vectors_TG, axis=1)
        wrong_T = ~(np.abs(norm_T - 1) <= UNIT_TOLERANCE)
        if wrong_T.any():
            row = int(np.flatnonzero(wrong_T)[0])
            raise ArtefactError(
                f"{path}: the vector of {self.go_ids[row]} has the length {norm_T[row]:g}, not 1",
                help="delete it and run snakemake again",
            )
        if len(set(self.go_ids)) < len(self.go_ids):
            raise ArtefactError(f"{path} names a term twice", help="delete it and run snakemake again")
