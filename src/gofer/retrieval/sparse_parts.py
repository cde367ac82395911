"""A sparse matrix as the arrays that it is made of, for files that hold arrays."""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray


def parts_of(name: str, matrix: sp.sparray, places: DTypeLike = np.int64) -> dict[str, NDArray]:
    """The arrays `<name>.data`, `<name>.indices` and `<name>.indptr`; `places` is the type of the last two."""
    matrix = sp.csr_array(matrix)
    indices, indptr = matrix.indices.astype(places), matrix.indptr.astype(places)
    return {f"{name}.data": matrix.data, f"{name}.indices": indices, f"{name}.indptr": indptr}


def joined(name: str, arrays: Mapping[str, NDArray], columns: int) -> sp.csr_array:
    """The inverse of `parts_of`, for a matrix of so many columns.

    Raises:
        KeyError: One of the arrays is missing.
        ValueError: They make no such matrix.
    """
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    matrix = sp.csr_array(parts, shape=(len(parts[2]) - 1, columns))
    matrix.check_format()
    return matrix
