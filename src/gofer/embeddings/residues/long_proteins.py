"""Proteins longer than a model takes: overlapping windows, each residue from the window where it is most central."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.errors import GoferError


@dataclass(frozen=True)
class Window:
    """Residues `start:end` are given to the model, of which `first:last` are kept (counted from 0, ends excluded)."""

    start: int
    end: int
    first: int
    last: int


def windows_of(length: int, *, most: int, overlap: int) -> list[Window]:
    """Windows over a protein: one if it fits, otherwise windows of equal length at equal intervals.

    Args:
        length: Residues, >= 1.
        most: Most residues the model takes.
        overlap: Fewest residues that neighbouring windows share.

    Raises:
        GoferError: `overlap` is not smaller than `most`.
    """
    if not 0 <= overlap < most:
        raise GoferError(
            f"embeddings.residues.window_overlap {overlap} does not fit the model's {most} residues",
            help=f"set it between 0 and {most - 1}, e.g. to a quarter of {most}",
        )
    if length <= most:
        return [Window(0, length, 0, length)]
    steps = -(-(length - most) // (most - overlap))
    starts = [(step * (length - most)) // steps for step in range(steps + 1)]
    # The middle between two windows' centres; a residue just there is kept from the first of the two.
    borders = [0, *((left + right + most + 1) // 2 for left, right in zip(starts, starts[1:], strict=False)), length]
    return [
        Window(start, start + most, first, last)
        for start, first, last in zip(starts, borders, borders[1:], strict=False)
    ]


def stitched(windows: Sequence[Window], parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Residue vectors (L, E) of a protein from those of its windows."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(
        [
            part[window.first - window.start : window.last - window.start]
            for window, part in zip(windows, parts, strict=True)
        ]
    )
