"""How similar two proteins are: identity along their best local alignment, where it is significant and long enough.

Smith–Waterman with BLOSUM62, a gap of n residues costing 11 + n as in BLAST, by parasail (Daily 2016,
doi:10.1186/s12859-016-0930-z). Every instruction set gives the same figures. Two proteins are similar where

- the score is significant: E = K · m · n · exp(-λ · score) is at most 1e-8 for lengths m and n, that is, less than
  0.001 of 100,000 proteins of that length reach it by chance. The real number of proteins does not matter, so whether
  two proteins are similar does not depend on the data set. Parameters: K = 0.041 and λ = 0.267 (Altschul and Gish 1996,
  doi:10.1016/S0076-6879(96)66029-7);
- it spans at least half of the residues of the shorter protein (CD-HIT's -aS 0.5).

Their identity is then the share of the alignment's columns, gaps counted, in which both have the same residue, as
MMseqs2's fident.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import parasail

from gofer.workflow import progress

GAP_OPEN, GAP_EXTEND = 12, 1  # of a gap's first residue, of each further one
MATRIX = parasail.blosum62
LAMBDA, K = 0.267, 0.041
_DIAGONAL = np.diag(MATRIX.matrix)[np.array(MATRIX.mapper[:256])]  # score of a residue with itself, by its code
MAX_EXPECTED = 1e-8
MIN_COVERED = 0.5


class Hit(NamedTuple):
    """A protein that is similar.

    Attributes:
        row: Its position among the given proteins.
        identity: In (0, 1].
        score: Of the alignment.
    """

    row: int
    identity: float
    score: int


def hits(query: str, others: Sequence[str]) -> list[Hit]:
    """The similar proteins among `others`, in their order. No sequence may be empty."""
    found = []
    for row, score in scores(query, others, max_expected=MAX_EXPECTED):
        identity = _identity(query, others[row])
        if identity is not None:
            found.append(Hit(row, identity, score))
    return found


def scores(query: str, others: Sequence[str], *, max_expected: float) -> list[tuple[int, int]]:
    """(row, score) of the best local alignment with each of `others` that chance gives at most `max_expected` times."""
    profile = parasail.profile_create_sat(query, MATRIX)
    found = []
    for row, other in enumerate(others):
        score = parasail.sw_striped_profile_sat(profile, other, GAP_OPEN, GAP_EXTEND).score
        if _expected(score, query, other) <= max_expected:
            found.append((row, score))
    return found


def own_score(sequence: str) -> int:
    """Score of the best local alignment of a protein with itself, at least 1."""
    return max(int(parasail.sw_striped_sat(sequence, sequence, GAP_OPEN, GAP_EXTEND, MATRIX).score), 1)


def own_bits(sequence: str) -> float:
    """Bit score of a protein aligned with itself from end to end, above 0: (λ · score - ln K) / ln 2."""
    own = _DIAGONAL[np.frombuffer(sequence.encode("ascii"), np.uint8)].sum()
    return float((LAMBDA * max(own, 1) - math.log(K)) / math.log(2))


def all_hits(asked: Sequence[tuple[str, Sequence[str]]], *, threads: int = 1) -> list[list[Hit]]:
    """`hits` of each (query, others), with this number of threads, which changes only the time."""
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda pair: hits(*pair), asked)
        return list(progress(found, "aligning proteins", total=len(asked)))


class Overlap(NamedTuple):
    """The best local alignment of two proteins.

    Attributes:
        identity: Share of its columns, gaps counted, in which both have the same residue.
        covered: Share of the first protein's residues that it spans.
    """

    identity: float
    covered: float


def overlap(one: str, other: str) -> Overlap:
    """Identity and coverage of the best local alignment, however bad."""
    forth = parasail.sw_stats_striped_sat(one, other, GAP_OPEN, GAP_EXTEND, MATRIX)
    # The same alignment backwards ends where this one begins.
    heads = one[forth.end_query :: -1], other[forth.end_ref :: -1]
    back = parasail.sw_striped_sat(*heads, GAP_OPEN, GAP_EXTEND, MATRIX)
    return Overlap(forth.matches / max(forth.length, 1), (back.end_query + 1) / len(one))


def _expected(score: int, one: str, other: str) -> float:
    return K * len(one) * len(other) * math.exp(-LAMBDA * score)


def _identity(one: str, other: str) -> float | None:
    # The choice among equally good alignments may depend on which protein comes first. It is always the shorter one, so
    # that the identity is symmetric.
    short, long = sorted([one, other], key=lambda sequence: (len(sequence), sequence))
    found = overlap(short, long)
    return found.identity if found.covered >= MIN_COVERED else None
