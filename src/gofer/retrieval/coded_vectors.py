"""Vectors as whole multiples of a step along their principal components: transform coding, for a small model file.

Every component has the same step, which keeps the squared error lowest for its bits; components below half a step
everywhere are left out (Gersho & Gray 1992, chapter 8). The less the vectors vary along a component, the fewer bits it
takes when it is compressed. Shapes: N vectors, C numbers of each, K components.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

PARTS = ("codes", "basis", "step")


def coded(name: str, rows_NC: NDArray, fineness: float) -> dict[str, NDArray]:
    """The arrays `<name>.codes` (K, N), `<name>.basis` (K, C) and `<name>.step` (1).

    Args:
        name: Of the vectors.
        rows_NC: The vectors.
        fineness: The step, as a share of the root mean square of all numbers. The mean error of a number is .29 of it.
    """
    wide_NC = np.asarray(rows_NC, np.float64)
    basis_KC = np.linalg.eigh(wide_NC.T @ wide_NC)[1].T[::-1].astype(np.float32)
    along_KN = basis_KC @ wide_NC.T
    step = np.float32(fineness * np.sqrt((wide_NC**2).mean())) if wide_NC.any() else np.float32(1)
    codes_KN = np.rint(along_KN / step)
    kept_K = codes_KN.any(axis=1)
    largest = np.abs(codes_KN).max(initial=0)
    narrow = next(kind for kind in (np.int8, np.int16, np.int32) if largest <= np.iinfo(kind).max)
    return {
        f"{name}.codes": codes_KN[kept_K].astype(narrow),
        f"{name}.basis": basis_KC[kept_K].astype(np.float16),
        f"{name}.step": np.array([step]),
    }


def decoded(name: str, arrays: Mapping[str, NDArray]) -> NDArray[np.float32]:
    """The inverse of `coded`, (N, C).

    Raises:
        KeyError: One of the arrays is missing.
        ValueError: They do not fit each other.
    """
    codes_KN, basis_KC, [step] = (arrays[f"{name}.{part}"] for part in PARTS)
    return (codes_KN.T.astype(np.float32) * step) @ basis_KC.astype(np.float32)


def as_unit(rows_NC: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors at length 1; vectors of zeros stay so."""
    length_N1 = np.linalg.norm(rows_NC, axis=1, keepdims=True)
    return (rows_NC / np.where(length_N1 > 0, length_N1, 1)).astype(np.float32)
