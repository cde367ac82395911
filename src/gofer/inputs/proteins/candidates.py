"""Which of many proteins one is worth aligning with: those that share most k-mers, or in large sets DIAMOND's hits."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gofer.inputs.proteins.diamond_search import DiamondSearch
from gofer.inputs.proteins.kmer_search import MOST_BY_KMERS, KmerIndex, kmer_matrix

MOST_HITS = 100  # of DIAMOND for one protein; their number is the search's cost, and near ones come first
MOST_KNOWN = 200  # of DIAMOND for one protein, where labels are transferred from them
TOO_MANY = "%d sequences are searched without DIAMOND: beyond %d this takes hours; install DIAMOND"

SLOW = (
    "%s known proteins are searched without DIAMOND: this takes about %.0f GB of memory, and %.0f minutes before the "
    "first prediction. Install DIAMOND (apt install diamond-aligner, or mamba install -c bioconda diamond), or remove "
    "added proteins (gofer bank list, gofer bank remove)"
)
GIGABYTES, SECONDS = 3.2e-5, 1.5e-4  # for each known sequence, of 380 residues on average, on one core

logger = logging.getLogger(__name__)


def is_large(targets: int) -> bool:
    """Whether so many sequences are searched by DIAMOND, if it is installed."""
    return targets > MOST_BY_KMERS


def without_diamond(targets: int) -> str:
    """What a user should know who searches so many known sequences without DIAMOND; "" where nothing takes long."""
    if not is_large(targets) or search_of_known(targets).installed:
        return ""
    return SLOW % (f"{targets:,}", max(GIGABYTES * targets, 1), max(SECONDS * targets / 60, 1))


def search_of_known(targets: int, *, threads: int = 1) -> DiamondSearch:
    """How DIAMOND is run among so many known sequences, for their labels.

    Args:
        targets: How many sequences are searched.
        threads: Number of threads; they change only the time.
    """
    if is_large(targets):
        return DiamondSearch(threads=threads, max_targets=MOST_KNOWN, sensitivity="very-sensitive")
    return DiamondSearch(threads=threads)


def index_of(sequences: Sequence[str]) -> KmerIndex:
    """The index of their k-mers."""
    return KmerIndex.of(kmer_matrix(sequences))


def candidates(
    asked: Sequence[str],
    targets: Sequence[str],
    *,
    most: int,
    index: Callable[[], KmerIndex] | None = None,
    threads: int = 1,
) -> list[NDArray[np.int64]]:
    """Rows of the targets to align each protein with, the best first where k-mers choose them, else ascending.

    Args:
        asked: Sequences.
        targets: Sequences that are searched.
        most: Maximum number of them for one protein; DIAMOND gives at most `MOST_HITS`.
        index: Gives the index of the targets' k-mers, where it is kept; only asked for if k-mers choose.
        threads: Number of threads; they change only the time.
    """
    if is_large(len(targets)):
        search = DiamondSearch(threads=threads, max_targets=min(most, MOST_HITS))
        if search.installed:
            hits = search.hits(asked, targets)
            starts = np.searchsorted(hits["query"], np.arange(1, len(asked)))
            return np.split(hits["target"].to_numpy(), starts) if len(asked) else []
        logger.warning(TOO_MANY, len(targets), MOST_BY_KMERS)
    found = index() if index else index_of(targets)
    return found.best(kmer_matrix(asked), most=most, threads=threads)
