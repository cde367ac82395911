"""A sparse matrix as the arrays that it is made of, for files that hold arrays."""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

MOST_CODE = 255


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


def shares_of(name: str, matrix: sp.sparray, least: float) -> dict[str, NDArray]:
    """A matrix whose rows sum to 1, or are empty, in few bits: arrays of counts, gaps between columns, and weights.

    Args:
        name: Of the matrix.
        matrix: Its numbers are 0 or more.
        least: Smaller weights are left out, but for the largest of a row. The others are kept to 1/255 of this one.
    """
    matrix = sp.csr_array(matrix)
    matrix.sort_indices()
    number_R = np.diff(matrix.indptr)
    row_N = np.repeat(np.arange(len(number_R)), number_R)
    largest_R = np.zeros(len(number_R), matrix.data.dtype)
    np.maximum.at(largest_R, row_N, matrix.data)
    code_N = np.rint(MOST_CODE * matrix.data / largest_R[row_N]).astype(np.uint8)
    kept_N = (code_N > 0) & ((matrix.data >= least) | (code_N == MOST_CODE))
    row_N, column_N = row_N[kept_N], matrix.indices[kept_N]
    begins_N = np.diff(row_N, prepend=-1) != 0
    gap_N = np.where(begins_N, column_N, np.diff(column_N, prepend=0))
    return {
        f"{name}.counts": np.bincount(row_N, minlength=len(number_R)).astype(np.int16),
        f"{name}.gaps": gap_N.astype(np.int16 if matrix.shape[1] <= np.iinfo(np.int16).max else np.int32),
        f"{name}.weights": code_N[kept_N],
    }


def joined_shares(name: str, arrays: Mapping[str, NDArray], columns: int) -> sp.csr_array:
    """The inverse of `shares_of`, float32; rows sum to 1, or are empty.

    Raises:
        KeyError: One of the arrays is missing.
        ValueError: They make no such matrix.
    """
    counts, gaps, weights = (arrays[f"{name}.{part}"].astype(np.int64) for part in ("counts", "gaps", "weights"))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    if len(gaps) != indptr[-1] or len(weights) != indptr[-1]:
        raise ValueError(f"the parts of {name} differ in length")
    along = np.cumsum(gaps)
    before = np.where(indptr[:-1] > 0, along[np.maximum(indptr[:-1] - 1, 0)] if len(along) else 0, 0)
    indices = along - np.repeat(before, counts)
    rows = np.repeat(np.arange(len(counts)), counts)
    total = np.bincount(rows, weights, minlength=len(counts))
    data = (weights / total[rows]).astype(np.float32)
    matrix = sp.csr_array((data, indices, indptr), shape=(len(counts), columns))
    matrix.check_format()
    return matrix
