"""Where along a sequence residues are hydrophobic, charged or likely to be disordered.

Composition counts residues; these numbers describe their order: signal peptides and membrane helices, charged ends,
disordered tails, the period of amphipathic helices. Three residue scales are read along the sequence, as sliding
averages, at both ends, and as autocorrelation. Shapes: N proteins, L residues, F = 38 numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# Kyte and Doolittle 1982, doi:10.1016/0022-2836(82)90515-0
HYDROPATHY = (
    1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5, -0.8,
    -0.7, 4.2, -0.9, -1.3,
)  # fmt: skip
CHARGE = (0, 0, -1, -1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0)  # at neutral pH
# TOP-IDP; Campen et al. 2008, doi:10.2174/092986608785849164
DISORDER = (
    0.06, 0.02, 0.192, 0.736, -0.697, 0.166, 0.303, -0.486, 0.586, -0.326, -0.397, 0.007, 0.987, 0.318, 0.18, 0.341,
    0.059, -0.121, -0.884, -0.51,
)  # fmt: skip
HELIX, SURFACE, PATCH, REGION = 19, 7, 15, 25  # residues of a window: membrane helix, surface helix, charges, disorder
MEMBRANE = 1.6  # mean hydropathy of a window that may span a membrane (Kyte and Doolittle 1982)
HYDROPHOBIC, DISORDERED = 1.2, 0.25
SIGNAL, START = 25, 8  # residues at an end: of a signal peptide, of its charged start
LAGS = (1, 2, 3, 4, 7)


def physicochemistry(sequences: Sequence[str]) -> NDArray[np.float64]:
    """The numbers of each sequence, (N, F); residues without a known scale count as 0.

    Args:
        sequences: Upper-case residues, one or more each.
    """
    rows = [_of_protein(np.frombuffer(sequence.encode("ascii", "replace"), np.uint8)) for sequence in sequences]
    return np.array(rows, dtype=np.float64).reshape(len(sequences), FEATURES)


def _table(scale: Sequence[float]) -> NDArray[np.float64]:
    table = np.zeros(256)
    table[np.frombuffer(AMINO_ACIDS.encode(), np.uint8)] = scale
    return table


TABLES = tuple(_table(scale) for scale in (HYDROPATHY, CHARGE, DISORDER))


def _of_protein(codes_L: NDArray[np.uint8]) -> list[float]:
    hydropathy, charge, disorder = (table[codes_L] for table in TABLES)
    helix, surface = _windows(hydropathy, HELIX), _windows(hydropathy, SURFACE)
    patch, region = _windows(charge, PATCH), _windows(disorder, REGION)
    return [
        hydropathy.mean(),
        *(helix.max(), helix.min(), helix[:PATCH].max(), (helix > HYDROPHOBIC).mean(), surface.std()),
        np.log1p(_separate(helix > MEMBRANE)),
        *(charge.mean(), np.abs(charge).mean(), patch.max(), patch.min(), patch.std()),
        *(disorder.mean(), region.max(), region.min(), (region > DISORDERED).mean()),
        *(region[:REGION].mean(), region[-REGION:].mean()),
        *(hydropathy[:SIGNAL].mean(), charge[:SIGNAL].sum(), charge[-SIGNAL:].sum()),
        *(hydropathy[:START].mean(), charge[:START].sum()),
        *(_autocorrelation(along, lag) for lag in LAGS for along in (hydropathy, charge, disorder)),
    ]


def _windows(along_L: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    # A sequence shorter than a window is one window.
    return sliding_window_view(along_L, min(size, len(along_L))).mean(axis=1)


def _separate(high_W: NDArray[np.bool_]) -> int:
    # How many non-overlapping helix windows there are, counted from the first.
    count, free_from = 0, 0
    for place in np.flatnonzero(high_W).tolist():
        if place >= free_from:
            count, free_from = count + 1, place + HELIX
    return count


def _autocorrelation(along_L: NDArray[np.float64], lag: int) -> float:
    # Moran's I along the chain, 0 where all residues are equal or too few.
    offset_L = along_L - along_L.mean()
    variance = float((offset_L**2).mean())
    if len(offset_L) <= lag or variance == 0:
        return 0.0
    return float((offset_L[:-lag] * offset_L[lag:]).mean()) / variance


FEATURES = 23 + 3 * len(LAGS)
