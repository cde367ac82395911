"""One calibrated score from texts of terms, labels of alike training proteins, and labels carried over by alignments.

All are estimates of the same probability, so they are mixed as such:

    labels = (1 - carried) · regressed + carried · carried over, where an aligned protein has a label; else regressed
    mixture = share · labels + (1 - share) · text

Per aspect `share` is the one with the best `quality` on the validation proteins, then `carried` with that share; then a
curve that only rises makes the mixture say what share of such pairs is true.
Shapes: B proteins, T terms, C terms of an aspect.
"""

from collections.abc import Mapping, Sequence
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
from gofer.evaluation.quality import quality

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)  # below 1: of rare terms nothing is expected of most proteins, and these would tie
CARRIED = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
ENOUGH_POSITIVES = 1000  # for isotonic regression, which has as many numbers as it finds steps (Niculescu-Mizil 2005)
MIN_POSITIVES = 30
PLATT_KNOTS = 101


@dataclass(frozen=True, eq=False)
class Expected:
    """What labels of alike training proteins say.

    Attributes:
        regressed_BT: Share of alike proteins that have each term, in [0, 1].
        carried_BT: The same of the proteins that align; 0 throughout an aspect in which none of them has a label.
    """

    regressed_BT: NDArray[np.float32]
    carried_BT: NDArray[np.float32]

    def columns(self, chosen: NDArray) -> "Expected":
        """Those of some of the terms."""
        return Expected(self.regressed_BT[:, chosen], self.carried_BT[:, chosen])

    def rows(self, chosen: NDArray) -> "Expected":
        """Those of some of the proteins."""
        return Expected(self.regressed_BT[chosen], self.carried_BT[chosen])


@dataclass(frozen=True)
class AspectMixture:
    """How one aspect is scored.

    Attributes:
        share: Of the labels of alike proteins, in [0, 1]; the text has the rest.
        carried: Of the labels carried over among these, in [0, 1].
        before: Increasing mixtures from 0 to 1.
        after: The score at each of them, increasing, in (0, 1]; straight lines lie between.
    """

    share: float
    carried: float = 0.0
    before: tuple[float, ...] = (0.0, 1.0)
    after: tuple[float, ...] = (LOWEST_SCORE, 1.0)

    def mixed(self, text_BC: NDArray, expected: Expected) -> NDArray[np.float64]:
        """The mixture in [0, 1] of one aspect's terms, before calibration."""
        has_relative_B1 = expected.carried_BT.any(axis=1, keepdims=True)
        carried_B1 = np.where(has_relative_B1, self.carried, 0.0)
        labels_BC = (1 - carried_B1) * expected.regressed_BT + carried_B1 * expected.carried_BT
        return self.share * labels_BC + (1 - self.share) * text_BC

    def scores(self, text_BC: NDArray, expected: Expected) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1]."""
        return np.interp(self.mixed(text_BC, expected), self.before, self.after).astype(np.float32)


@dataclass(frozen=True)
class Mixture:
    """How each aspect is scored; an aspect that is not named keeps the text's score as it is."""

    aspects: Mapping[str, AspectMixture]

    def apply(self, text_BT: NDArray, expected: Expected, aspects_T: NDArray) -> NDArray[np.float32]:
        """Scores in (0, 1], (B, T).

        Args:
            text_BT: The text's calibrated scores.
            expected: What labels of alike proteins say.
            aspects_T: Aspect of each term.
        """
        scores_BT = np.asarray(text_BT, np.float32).copy()
        for aspect, own in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            scores_BT[:, columns] = own.scores(text_BT[:, columns], expected.columns(columns))
        return scores_BT

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {"share": own.share, "carried": own.carried, "before": list(own.before), "after": list(own.after)}
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
                    aspect: AspectMixture(
                        float(own["share"]), float(own["carried"]), tuple(own["before"]), tuple(own["after"])
                    )
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
    expected: Expected,
    truth_BT: NDArray[np.bool_],
    aspects_T: NDArray,
    accretion_T: NDArray,
    hierarchy: Hierarchy,
) -> Mixture:
    """Shares and curves fitted on validation proteins, over the terms seen in training.

    An aspect with fewer than `MIN_POSITIVES` labels is left to the text.

    Args:
        text_BT: The text's calibrated scores.
        expected: What labels of alike proteins say.
        truth_BT: Propagated labels.
        aspects_T: Aspect of each term.
        accretion_T: Information accretion of each term.
        hierarchy: Of these terms.
    """
    known = [aspect for aspect in np.unique(aspects_T) if truth_BT[:, aspects_T == aspect].sum() >= MIN_POSITIVES]

    def best(tried: Mapping[str, Sequence[AspectMixture]]) -> dict[str, AspectMixture]:
        # Of equally good ones the first.
        told: dict[str, list[float]] = {aspect: [] for aspect in known}
        for mixtures in zip(*tried.values(), strict=True):
            mixed_BT = np.asarray(text_BT, np.float32).copy()
            for aspect, own in zip(known, mixtures, strict=True):
                columns = np.flatnonzero(aspects_T == aspect)
                mixed_BT[:, columns] = own.mixed(text_BT[:, columns], expected.columns(columns))
            mixed_BT = hierarchy_consistent(mixed_BT, hierarchy)
            for aspect in known:
                own_T = aspects_T == aspect
                told[aspect].append(quality(mixed_BT[:, own_T], truth_BT[:, own_T], accretion_T[own_T]))
        return {aspect: tried[aspect][int(np.argmax(told[aspect]))] for aspect in known}

    if not known:
        return Mixture({})
    shares = best({aspect: [AspectMixture(share) for share in SHARES] for aspect in known})
    both = best({aspect: [AspectMixture(shares[aspect].share, carried) for carried in CARRIED] for aspect in known})
    fitted = {}
    for aspect, own in both.items():
        columns = np.flatnonzero(aspects_T == aspect)
        labelled = np.flatnonzero(truth_BT[:, columns].any(axis=1))
        mixed_BC = own.mixed(text_BT[np.ix_(labelled, columns)], expected.rows(labelled).columns(columns))
        curve = _curve(mixed_BC.ravel(), truth_BT[np.ix_(labelled, columns)].ravel())
        fitted[str(aspect)] = AspectMixture(own.share, own.carried, *curve)
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
