"""One calibrated score from two kinds of evidence: texts of terms, and labels of alike training proteins.

Both are estimates of the same probability, so they are mixed as such: share · labels + (1 - share) · text. Per aspect
the share is the one with the best mean of Fmax and weighted Fmax on the validation proteins; then a curve that only
rises makes the mixture say what share of such pairs is true. Shapes: B proteins, T terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from gofer.errors import ArtefactError
from gofer.evaluation.calibration import LOWEST_SCORE
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.metrics import count, fmax_of

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
ENOUGH_POSITIVES = 1000  # for isotonic regression, which has as many numbers as it finds steps (Niculescu-Mizil 2005)
MIN_POSITIVES = 30
PLATT_KNOTS = 101


@dataclass(frozen=True)
class AspectMixture:
    """How one aspect is scored.

    Attributes:
        share: Of the labels of alike proteins, in [0, 1]; the text has the rest.
        before: Increasing mixtures from 0 to 1.
        after: The score at each of them, increasing, in (0, 1]; straight lines lie between.
    """

    share: float
    before: tuple[float, ...] = (0.0, 1.0)
    after: tuple[float, ...] = (LOWEST_SCORE, 1.0)

    def scores(self, text_BT: NDArray, labels_BT: NDArray) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1]."""
        mixed_BT = self.share * labels_BT + (1 - self.share) * text_BT
        return np.interp(mixed_BT, self.before, self.after).astype(np.float32)


@dataclass(frozen=True)
class Mixture:
    """How each aspect is scored; an aspect that is not named keeps the text's score as it is."""

    aspects: Mapping[str, AspectMixture]

    def apply(self, text_BT: NDArray, labels_BT: NDArray, aspects_T: NDArray) -> NDArray[np.float32]:
        """Scores in (0, 1], (B, T).

        Args:
            text_BT: The text's calibrated scores.
            labels_BT: What `LabelRegression.predict` gives.
            aspects_T: Aspect of each term.
        """
        scores_BT = np.asarray(text_BT, np.float32).copy()
        for aspect, own in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            scores_BT[:, columns] = own.scores(text_BT[:, columns], labels_BT[:, columns])
        return scores_BT

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {"share": own.share, "before": list(own.before), "after": list(own.after)}
            for aspect, own in self.aspects.items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Mixture":
        """The inverse of `to_json`.

        Raises:
            ArtefactError: The content is not that of a mixture.
        """
        try:
            return cls(
                {
                    aspect: AspectMixture(float(own["share"]), tuple(own["before"]), tuple(own["after"]))
                    for aspect, own in content.items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is no mixture of scores: {error}",
                help="delete evaluation/calibration.json and run snakemake again",
            ) from error


def fit_mixture(
    text_BT: NDArray,
    regressed_BT: NDArray,
    truth_BT: NDArray[np.bool_],
    aspects_T: NDArray,
    accretion_T: NDArray,
    hierarchy: Hierarchy,
) -> Mixture:
    """Shares and curves fitted on validation proteins, over the terms seen in training.

    An aspect with fewer than `MIN_POSITIVES` labels is left to the text.

    Args:
        text_BT: The text's calibrated scores.
        regressed_BT: What `LabelRegression.predict` gives.
        truth_BT: Propagated labels.
        aspects_T: Aspect of each term.
        accretion_T: Information accretion of each term.
        hierarchy: Of these terms.
    """
    known = [aspect for aspect in np.unique(aspects_T) if truth_BT[:, aspects_T == aspect].sum() >= MIN_POSITIVES]
    quality: dict[str, list[float]] = {aspect: [] for aspect in known}
    for share in SHARES:
        mixed_BT = hierarchy_consistent((share * regressed_BT + (1 - share) * text_BT).astype(np.float32), hierarchy)
        for aspect in known:
            own_T = aspects_T == aspect
            plain, weighted = (
                fmax_of(count(mixed_BT[:, own_T].astype(np.float64), truth_BT[:, own_T], weights_T))[0]
                for weights_T in (None, accretion_T[own_T])
            )
            quality[aspect].append(float(plain + weighted))
    fitted = {}
    for aspect in known:
        share, own_T = SHARES[int(np.argmax(quality[aspect]))], aspects_T == aspect
        labelled_B = truth_BT[:, own_T].any(axis=1)
        mixed_BC = share * regressed_BT[labelled_B][:, own_T] + (1 - share) * text_BT[labelled_B][:, own_T]
        fitted[str(aspect)] = AspectMixture(share, *_curve(mixed_BC.ravel(), truth_BT[labelled_B][:, own_T].ravel()))
    return Mixture(fitted)


def _curve(mixed_P: NDArray, truth_P: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if truth_P.sum() < ENOUGH_POSITIVES:
        return _platt(mixed_P, truth_P)
    order = np.argsort(mixed_P, kind="stable")
    step_P = IsotonicRegression(y_min=0, y_max=1).fit_transform(mixed_P[order], truth_P[order].astype(float))
    starts = np.flatnonzero(np.diff(step_P, prepend=-1.0) > 0)
    sizes = np.diff([*starts, len(step_P)])
    # A step becomes a point in its middle, and straight lines lead on: what was ordered stays ordered.
    return _whole(np.add.reduceat(mixed_P[order], starts) / sizes, step_P[starts])


def _platt(mixed_P: NDArray, truth_P: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # A logistic regression on the log-odds (Platt 1999), told at some points.
    odds_P1 = logit(np.clip(mixed_P, LOWEST_SCORE, 1 - LOWEST_SCORE))[:, None]
    fitted = LogisticRegression().fit(odds_P1, truth_P)
    knots = np.linspace(0, 1, PLATT_KNOTS)[1:-1]
    slope = max(float(fitted.coef_[0, 0]), LOWEST_SCORE)
    return _whole(knots, expit(slope * logit(knots) + float(fitted.intercept_[0])))


def _whole(before: NDArray, after: NDArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # From (0, nearly 0) to (1, 1), each point above the one before.
    inside = (before > 0) & (before < 1) & (after > LOWEST_SCORE) & (after < 1)
    before, after = np.array([0, *before[inside], 1]), np.array([LOWEST_SCORE, *after[inside], 1])
    rises = np.concatenate([[True], np.diff(before) > 0])
    return tuple(before[rises].tolist()), tuple(after[rises].tolist())
