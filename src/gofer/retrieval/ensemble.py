"""One calibrated score from texts of terms, labels of similar training proteins, and labels transferred by alignments.

All three estimate the same probability. For a term that n training proteins have, they are averaged:

    w_regressed   = share · n / (n + RARE)
    known         = w_regressed · regressed + (1 - w_regressed) · text
    w_transferred = trust · similarity / (1 + trust · similarity)      of the best alignment; 0 without one
    average       = (1 - w_transferred) · known + w_transferred · transferred
    corrected     = min(1, factor(term) · average)

The regression says little about a term that few proteins have; there the text is the better guide. A close relative
shares nearly all labels, a distant one hardly more than any similar protein. How fast this falls differs between
aspects: functions are conserved longer than processes. Validation proteins may have a term more often than the averages
say, since they are annotated in another way than the training proteins; hence the factors. Where a learned blend of the
same estimates is better (`learned_blend`), it takes the place of `corrected`. Last, an increasing curve turns that into
the share of such pairs that are true. How all of it is fitted is in `ensemble_fit`.
Shapes: B proteins, T terms, C terms of an aspect, P training sequences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.metrics.logistic_calibration import LOWEST_SCORE
from gofer.retrieval.learned_blend import LearnedBlend

RARE = 10  # training proteins of a term for which text and regression count equally, where share is 1


@dataclass(frozen=True, eq=False)
class Expected:
    """What the labels of similar training proteins predict.

    Attributes:
        regressed_BT: Share of similar proteins that have each term, in [0, 1].
        transferred_BT: The same of the proteins that align; 0 in an aspect in which none of them has a label.
        similarity: By aspect, the best similarity with an aligned protein that has a label in it, in [0, 1], (B).
        aligned_BP: Similarity with each training sequence; None where no label is transferred.
    """

    regressed_BT: NDArray[np.float32]
    transferred_BT: NDArray[np.float32]
    similarity: Mapping[str, NDArray[np.float32]]
    aligned_BP: sp.csr_array | None = None

    def columns(self, chosen: NDArray) -> "Expected":
        """The columns of some of the terms."""
        return replace(self, regressed_BT=self.regressed_BT[:, chosen], transferred_BT=self.transferred_BT[:, chosen])

    def rows(self, chosen: NDArray) -> "Expected":
        """The rows of some of the proteins."""
        similarity = {aspect: best_B[chosen] for aspect, best_B in self.similarity.items()}
        aligned_BP = None if self.aligned_BP is None else self.aligned_BP[chosen]
        return Expected(self.regressed_BT[chosen], self.transferred_BT[chosen], similarity, aligned_BP)

    def with_transferred(self, known_BT: NDArray, aspect: str, trust: float) -> NDArray[np.float32]:
        """Another estimate averaged with the transferred labels; all columns are of one aspect."""
        trusted_B1 = np.float32(trust) * self.similarity[aspect][:, None]
        transferred_B1 = trusted_B1 / (1 + trusted_B1)
        return (1 - transferred_B1) * known_BT + transferred_B1 * self.transferred_BT


@dataclass(frozen=True)
class AspectEnsemble:
    """How one aspect is scored.

    Attributes:
        trust: How fast the weight of transferred labels grows with similarity, 0 or more.
        share: Weight of the regressed labels of terms that many training proteins have, in [0, 1].
        before: Points of the calibration curve: averages, increasing from 0 to 1.
        after: The score at each of them, never decreasing, in (0, 1]; between them the curve is linear.
        factors: By GO id, what the average is multiplied with, above 0; 1 for a term that is not listed.
        blend: Takes the place of the corrected average; None where that is no better.
    """

    trust: float
    share: float
    before: tuple[float, ...] = (0.0, 1.0)
    after: tuple[float, ...] = (LOWEST_SCORE, 1.0)
    factors: Mapping[str, float] = field(default_factory=dict)
    blend: LearnedBlend | None = None

    def mixed(self, aspect: str, text_BC: NDArray, expected: Expected, counts_C: NDArray) -> NDArray[np.float32]:
        """The average in [0, 1] for one aspect's terms, before calibration."""
        share_C = (self.share * counts_C / (counts_C + RARE)).astype(np.float32)
        known_BC = share_C * expected.regressed_BT + (1 - share_C) * text_BC
        return expected.with_transferred(known_BC, aspect, self.trust)

    def corrected(self, mixed_BC: NDArray, go_ids: Sequence[str]) -> NDArray[np.float32]:
        """The averages of these terms times their factors, in [0, 1]."""
        if not self.factors:
            return mixed_BC
        factor_C = np.array([self.factors.get(go_id, 1) for go_id in go_ids], np.float32)
        return np.minimum(mixed_BC * factor_C, 1)

    def estimates(
        self, aspect: str, text_BC: NDArray, expected: Expected, counts_C: NDArray
    ) -> dict[str, NDArray[np.float32]]:
        """What a blend reads of each pair: the average and its parts, (B, C), and the similarity, (B)."""
        return {
            "average": self.mixed(aspect, text_BC, expected, counts_C),
            "text": text_BC,
            "regressed": expected.regressed_BT,
            "transferred": expected.transferred_BT,
            "similarity": expected.similarity[aspect],
        }

    def joined(self, aspect: str, text_BC: NDArray, expected: Expected, terms: pd.DataFrame) -> NDArray[np.float32]:
        """One estimate in [0, 1] for one aspect's terms, before calibration; arguments as of `Ensemble.apply`."""
        estimates = self.estimates(aspect, text_BC, expected, terms["training_count"].to_numpy(float))
        if self.blend is not None:
            return self.blend.apply(estimates, terms)
        return self.corrected(estimates["average"], terms["go_id"].tolist())

    def scores(self, mixed_BC: NDArray) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1] of what `joined` gives."""
        return np.interp(mixed_BC, self.before, self.after).astype(np.float32)


@dataclass(frozen=True)
class Ensemble:
    """How each aspect is scored; an aspect that is not listed keeps the text's score."""

    aspects: Mapping[str, AspectEnsemble]

    def labels(self, expected: Expected, aspects_T: NDArray) -> NDArray[np.float32]:
        """What labels predict without the text, regressed and transferred, in [0, 1], (B, T).

        An aspect that is not listed keeps the regressed labels.

        Args:
            expected: What labels of similar proteins predict.
            aspects_T: Aspect of each term.
        """
        labels_BT = expected.regressed_BT.copy()
        for aspect, ensemble in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            near = expected.columns(columns)
            labels_BT[:, columns] = near.with_transferred(near.regressed_BT, aspect, ensemble.trust)
        return labels_BT

    def apply(self, text_BT: NDArray, expected: Expected, terms: pd.DataFrame) -> NDArray[np.float32]:
        """Scores in (0, 1], (B, T).

        Args:
            text_BT: The text's calibrated scores.
            expected: What labels of similar proteins predict.
            terms: Columns go_id, aspect, training_count: how many training proteins have it; for a blend also
                information_accretion and depth.
        """
        aspects_T, scores_BT = terms["aspect"].to_numpy(str), np.asarray(text_BT, np.float32).copy()
        for aspect, ensemble in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            near, own = expected.columns(columns), terms.iloc[columns]
            scores_BT[:, columns] = ensemble.scores(ensemble.joined(aspect, text_BT[:, columns], near, own))
        return scores_BT

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {
                **{"trust": fit.trust, "share": fit.share, "before": list(fit.before), "after": list(fit.after)},
                **({"factors": dict(fit.factors)} if fit.factors else {}),
                **({"blend": fit.blend.to_json()} if fit.blend else {}),
            }
            for aspect, fit in self.aspects.items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Ensemble":
        """The inverse of `to_json`.

        Raises:
            ArtefactError: The content is not that of an ensemble.
        """
        try:
            return cls(
                {
                    aspect: AspectEnsemble(
                        float(fit["trust"]),
                        float(fit["share"]),
                        tuple(fit["before"]),
                        tuple(fit["after"]),
                        {go_id: float(factor) for go_id, factor in fit.get("factors", {}).items()},
                        LearnedBlend.from_json(fit.get("blend")),
                    )
                    for aspect, fit in content.items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is no ensemble of scores: {error}",
                help="delete retrieval/calibration.json and run snakemake again",
            ) from error
