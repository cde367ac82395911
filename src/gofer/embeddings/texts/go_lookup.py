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

from gofer.artefacts import Manifest, agreed, read_manifest, read_table, write_table
from gofer.errors import ArtefactError

UNIT_TOLERANCE = 1e-3
RERUN = "delete it and run snakemake again"


@dataclass(frozen=True, eq=False)
class GoLookupCache:
    """One unit vector per term.

    Attributes:
        go_ids: Ids of the rows, each once.
        vectors_TG: float32, rows of length 1.

    Raises:
        ArtefactError: A vector is not finite or not of length 1, an id comes twice, or the numbers of both differ.
    """

    go_ids: list[str]
    vectors_TG: NDArray[np.float32]

    def __post_init__(self) -> None:
        if problem := _problem(self.go_ids, self.vectors_TG):
            raise ArtefactError(
                f"text vectors of GO terms: {problem}", help="delete embeddings/go and run snakemake again"
            )

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as parquet: go_id, vector."""
        write_unit_vectors(path, "go_id", self.go_ids, self.vectors_TG, manifest)

    @classmethod
    def read(cls, path: Path | str, *, expected: Manifest | None = None) -> "GoLookupCache":
        """The inverse of `write`.

        Args:
            path: File.
            expected: Release facts that the file must not contradict, e.g. go_release and text_encoder.

        Raises:
            ArtefactError: The file is missing, empty, damaged or of another release or encoder than expected, or what
                is in it is no `GoLookupCache`.
        """
        return cls(*read_unit_vectors(path, "go_id", expected=expected))

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

    def subset(self, go_ids: Sequence[str]) -> "GoLookupCache":
        """The vectors of these terms only, in this order.

        Raises:
            ArtefactError: An id is not there, or comes twice.
        """
        return GoLookupCache(list(go_ids), self.vectors_TG[self.rows(go_ids)])


def write_unit_vectors(
    path: Path | str, key: str, ids: Sequence[str], vectors_TG: NDArray[np.float32], manifest: Manifest
) -> None:
    """Write vectors of length 1 and their ids as parquet: columns `key`, vector.

    Raises:
        ArtefactError: They are not as `GoLookupCache` wants them.
    """
    if problem := _problem(ids, vectors_TG):
        raise ArtefactError(f"{path}: {problem}", help=RERUN)
    flat = pa.array(np.ascontiguousarray(vectors_TG, dtype=np.float32).ravel())
    vector = pa.FixedSizeListArray.from_arrays(flat, vectors_TG.shape[1])
    write_table(path, pa.table({key: pa.array(ids, pa.string()), "vector": vector}), manifest)


def read_unit_vectors(
    path: Path | str, key: str, *, expected: Manifest | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """Ids and vectors (T, G) of a file of `write_unit_vectors`.

    Raises:
        ArtefactError: The file is missing, empty, damaged or of another release or encoder than expected.
    """
    if expected:
        agreed({"this run": expected, str(path): read_manifest(path)})
    table = read_table(path, [key, "vector"])
    if table.empty:
        raise ArtefactError(f"{path} has no vector", help=RERUN)
    ids, vectors_TG = table[key].tolist(), np.stack(table["vector"].to_numpy())
    if problem := _problem(ids, vectors_TG):
        raise ArtefactError(f"{path}: {problem}", help=RERUN)
    return ids, vectors_TG


def _problem(ids: Sequence[str], vectors_TG: NDArray[np.float32]) -> str:
    """What is wrong with vectors and their ids; nothing where all is well."""
    if vectors_TG.ndim != 2 or len(ids) != len(vectors_TG):
        return f"{len(ids)} ids, but vectors of the shape {vectors_TG.shape}"
    norm_T = np.linalg.norm(vectors_TG, axis=1)
    if (wrong_T := ~(np.abs(norm_T - 1) <= UNIT_TOLERANCE)).any():
        row = int(np.flatnonzero(wrong_T)[0])
        return f"the vector of {ids[row]} has the length {norm_T[row]:g}, not 1"
    if len(set(ids)) < len(ids):
        twice = next(name for name, times in pd.Series(ids).value_counts().items() if times > 1)
        return f"{twice} is there twice"
    return ""
