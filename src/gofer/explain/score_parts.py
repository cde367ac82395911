"""Which part of a score comes from where, in numbers that add up to the score.

Three kinds of evidence make a score: the protein's residues compared with the texts of terms, a regression on the
labels of all known proteins, and the labels of relatives, the known proteins that align. Where a kind is left out,
what is known of an average protein takes its place: the mean vector of the known proteins, the share of them that has
a term, no alignment. The score is computed with and without each kind, in all eight combinations. A kind's part is the
mean of what it adds, over all orders in which the three may be added (Shapley 1953; Lundberg and Lee 2017,
arXiv:1705.07874). So the parts, and the score of an average protein, add up to the score.

Shapes: K terms, T terms of the release, W windows, R relatives, C combinations, D shared width.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.retrieval.ensemble import Expected
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.scorer import Scorer

RESIDUES, REGRESSION, RELATIVES = KINDS = ("residues", "regression", "relatives")
AT_ONCE = 64  # variants of a protein that are scored together


@dataclass(frozen=True, eq=False)
class ScoreParts:
    """The parts of a protein's scores of some terms.

    Attributes:
        score_K: The scores.
        average_K: Scores of an average protein, of which nothing is known.
        part_3K: What each of `KINDS` adds; with `average_K` they add up to `score_K`.
        alone_3K: The score from one kind only.
        without_3K: The score without that kind.
    """

    score_K: NDArray[np.float64]
    average_K: NDArray[np.float64]
    part_3K: NDArray[np.float64]
    alone_3K: NDArray[np.float64]
    without_3K: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Variants:
    """One protein, scored again and again with something about it left out.

    Attributes:
        scorer: The model.
        protein: The protein, a single row.
        expected: What the label model predicts for it.
        mean_D: Mean vector of the known proteins.
    """

    scorer: Scorer
    protein: Described
    expected: Expected
    mean_D: NDArray[np.float32]

    def parts(self, terms_K: NDArray[np.int64]) -> ScoreParts:
        """The parts of the scores of some terms, by their columns."""
        combinations = list(itertools.product([False, True], repeat=3))
        has_C3 = np.array(combinations)
        vectors_CD = np.where(has_C3[:, [0]], self.protein.vectors_BD, self.mean_D)
        expected = self.expected.rows(np.zeros(len(has_C3), int))
        expected = replace(
            expected,
            regressed_BT=np.where(has_C3[:, [1]], expected.regressed_BT, self.scorer.label_model.regression.mean_T),
            transferred_BT=np.where(has_C3[:, [2]], expected.transferred_BT, np.float32(0)),
            similarity={name: np.where(has_C3[:, 2], best_C, 0) for name, best_C in expected.similarity.items()},
        )
        scores_CK = self._scores(vectors_CD.astype(np.float32), expected, terms_K)
        of = dict(zip(combinations, scores_CK, strict=True))
        alone = [of[tuple(place == kind for place in range(3))] for kind in range(3)]
        without = [of[tuple(place != kind for place in range(3))] for kind in range(3)]
        parts = [_shapley(of, kind) for kind in range(3)]
        return ScoreParts(of[True, True, True], of[False, False, False], *map(np.stack, (parts, alone, without)))

    def without_windows(self, moved_WD: NDArray[np.float32], terms_K: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores where each window is masked for the comparison with the texts; labels as before, (W, K)."""
        found = [np.zeros((0, len(terms_K)))]
        for start in range(0, len(moved_WD), AT_ONCE):
            vectors_WD = self.protein.vectors_BD - moved_WD[start : start + AT_ONCE]
            expected = self.expected.rows(np.zeros(len(vectors_WD), int))
            found.append(self._scores(vectors_WD, expected, terms_K))
        return np.concatenate(found)

    def without_relatives(self, columns_R: Sequence[int], terms_K: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores as if each of these known sequences did not align, (R, K)."""
        transferred, aligned_1P = self.scorer.label_model.transferred, self.expected.aligned_BP
        if transferred is None or aligned_1P is None or not len(columns_R):
            return np.zeros((0, len(terms_K)))
        row_P = aligned_1P.toarray()[0]
        similarity_RP = np.repeat(row_P[None], len(columns_R), axis=0)
        similarity_RP[np.arange(len(columns_R)), np.asarray(columns_R)] = 0
        scores_RT, similarity = transferred.of_similar(sp.csr_array(similarity_RP))
        expected = self.expected.rows(np.zeros(len(columns_R), int))
        expected = replace(expected, transferred_BT=scores_RT, similarity=similarity)
        return self._scores(np.repeat(self.protein.vectors_BD, len(columns_R), axis=0), expected, terms_K)

    def _scores(
        self, vectors_BD: NDArray[np.float32], expected: Expected, terms_K: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        number = len(vectors_BD)
        summaries_BS = np.repeat(self.protein.summaries_BS, number, axis=0)
        described = Described(vectors_BD, summaries_BS, self.protein.sequences * number)
        return self.scorer.scores(described, expected)[:, terms_K].astype(np.float64)


def _shapley(scores: dict[tuple[bool, ...], NDArray[np.float64]], kind: int) -> NDArray[np.float64]:
    total = np.zeros_like(scores[True, True, True])
    for has, score_K in scores.items():
        if has[kind]:
            others = sum(has) - 1
            weight = math.factorial(others) * math.factorial(2 - others) / math.factorial(3)
            less = tuple(there and place != kind for place, there in enumerate(has))
            total = total + weight * (score_K - scores[less])
    return total
