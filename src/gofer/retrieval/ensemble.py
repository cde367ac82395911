"""One calibrated score from texts of terms, labels of similar training proteins, and labels transferred by alignments.

All are estimates of the same probability, so they are mixed as such, for a term that n training proteins have:

    known   = share · n / (n + RARE) · regressed + (1 - share · n / (n + RARE)) · text
    transferred = trust · similarity / (1 + trust · similarity), of the best alignment; 0 without one
    mixture = (1 - transferred) · known + transferred · transferred

A regression tells little of a term that few proteins have, and the text tells it apart better. A close relative's
labels hold nearly all, a far one's hardly more often than those of any similar protein, and how fast this falls differs
between aspects: functions outlast processes. Per aspect `trust` is the one with the best `quality` on the validation
proteins, then `share` with that trust; then a curve that only rises makes the mixture say what share of such pairs is
true.
Shapes: B proteins, T terms, C terms of an aspect, P training sequences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import quality
from gofer.metrics.logistic_calibration import LOWEST_SCORE

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
RARE = 10  # training proteins with a term for which text and regression count the same way, where share is 1
TRUSTS = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
ENOUGH_POSITIVES = 1000  # for isotonic regression, which has as many numbers as it finds steps (Niculescu-Mizil 2005)
MIN_POSITIVES = 30
PLATT_KNOTS = 101


@dataclass(frozen=True, eq=False)
class Expected:
    """What labels of similar training proteins say.

    Attributes:
        regressed_BT: Share of similar proteins that have each term, in [0, 1].
        transferred_BT: The same of the proteins that align; 0 throughout an aspect in which none of them has a label.
        similarity: By aspect, the best similarity with an aligned protein that has a label in it, in [0, 1], (B).
        aligned_BP: Similarity with each training sequence; None where no label is transferred.
    """

    regressed_BT: NDArray[np.float32]
    transferred_BT: NDArray[np.float32]
    similarity: Mapping[str, NDArray[np.float32]]
    aligned_BP: sp.csr_array | None = None

    def columns(self, chosen: NDArray) -> "Expected":
        """Those of some of the terms."""
        return replace(self, regressed_BT=self.regressed_BT[:, chosen], transferred_BT=self.transferred_BT[:, chosen])

    def rows(self, chosen: NDArray) -> "Expected":
        """Those of some of the proteins."""
        similarity = {aspect: best_B[chosen] for aspect, best_B in self.similarity.items()}
        aligned_BP = None if self.aligned_BP is None else self.aligned_BP[chosen]
        return Expected(self.regressed_BT[chosen], self.transferred_BT[chosen], similarity, aligned_BP)

    def with_transferred(self, known_BT: NDArray, aspect: str, trust: float) -> NDArray[np.float32]:
        """What is known otherwise, mixed with the labels transferred; all columns are of one aspect."""
        trusted_B1 = np.float32(trust) * self.similarity[aspect][:, None]
        transferred_B1 = trusted_B1 / (1 + trusted_B1)
        return (1 - transferred_B1) * known_BT + transferred_B1 * self.transferred_BT


@dataclass(frozen=True)
class AspectMixture:
    """How one aspect is scored.

    Attributes:
        trust: How fast labels transferred are trusted as similarity grows, 0 or more.
        share: Of the regressed labels of terms that many training proteins have, in [0, 1]; the text has the rest.
        before: Increasing mixtures from 0 to 1.
        after: The score at each of them, increasing, in (0, 1]; straight lines lie between.
    """

    trust: float
    share: float
    before: tuple[float, ...] = (0.0, 1.0)
    after: tuple[float, ...] = (LOWEST_SCORE, 1.0)

    def mixed(self, aspect: str, text_BC: NDArray, expected: Expected, counts_C: NDArray) -> NDArray[np.float32]:
        """The mixture in [0, 1] of one aspect's terms, before calibration."""
        share_C = (self.share * counts_C / (counts_C + RARE)).astype(np.float32)
        known_BC = share_C * expected.regressed_BT + (1 - share_C) * text_BC
        return expected.with_transferred(known_BC, aspect, self.trust)

    def scores(self, mixed_BC: NDArray) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1] of a mixture."""
        return np.interp(mixed_BC, self.before, self.after).astype(np.float32)


@dataclass(frozen=True)
class Mixture:
    """How each aspect is scored; an aspect that is not named keeps the text's score as it is."""

    aspects: Mapping[str, AspectMixture]

    def labels(self, expected: Expected, aspects_T: NDArray) -> NDArray[np.float32]:
        """What is expected by labels alone, regressed or transferred, in [0, 1], (B, T).

        An aspect that is not named keeps what was regressed.

        Args:
            expected: What these labels say.
            aspects_T: Aspect of each term.
        """
        labels_BT = expected.regressed_BT.copy()
        for aspect, own in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            told = expected.columns(columns)
            labels_BT[:, columns] = told.with_transferred(told.regressed_BT, aspect, own.trust)
        return labels_BT

    def apply(self, text_BT: NDArray, expected: Expected, counts_T: NDArray, aspects_T: NDArray) -> NDArray[np.float32]:
        """Scores in (0, 1], (B, T).

        Args:
            text_BT: The text's calibrated scores.
            expected: What labels of similar proteins say.
            counts_T: How many training proteins have each term.
            aspects_T: Aspect of each term.
        """
        scores_BT = np.asarray(text_BT, np.float32).copy()
        for aspect, own in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            told = expected.columns(columns)
            scores_BT[:, columns] = own.scores(own.mixed(aspect, text_BT[:, columns], told, counts_T[columns]))
        return scores_BT

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {"trust": own.trust, "share": own.share, "before": list(own.before), "after": list(own.after)}
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
                        float(own["trust"]), float(own["share"]), tuple(own["before"]), tuple(own["after"])
                    )
                    for aspect, own in content.items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is no mixture of scores: {error}",
                help="delete retrieval/calibration.json and run snakemake again",
            ) from error


@dataclass(frozen=True, eq=False)
class Validation:
    """What a mixture is fitted on: validation proteins, and the terms seen in training.

    Attributes:
        expected: What labels of similar proteins say.
        truth_BT: Propagated labels.
        terms: Columns go_id, aspect, training_count, information_accretion of the terms.
        graph: Of these terms.
    """

    expected: Expected
    truth_BT: NDArray[np.bool_]
    terms: pd.DataFrame
    graph: GoGraph

    def fit_trust(self, text_BT: NDArray) -> Mixture:
        """A mixture with the best trust of each aspect, not yet calibrated.

        An aspect with fewer than `MIN_POSITIVES` labels is left to the text.

        Args:
            text_BT: The text's calibrated scores.
        """
        known = [a for a in np.unique(self._aspects_T) if self._of_aspect(a)[1].sum() >= MIN_POSITIVES]
        return self._best(
            text_BT, {str(aspect): [AspectMixture(trust, SHARES[-1]) for trust in TRUSTS] for aspect in known}
        )

    def fit_shares(self, text_BT: NDArray, trusted: Mixture) -> Mixture:
        """The mixture with the best shares beside a trust, calibrated.

        Args:
            text_BT: The text's scores, raised by what is expected with that trust.
            trusted: What `fit_trust` gave.
        """
        own = {name: [replace(mixture, share=share) for share in SHARES] for name, mixture in trusted.aspects.items()}
        fitted = {}
        for aspect, mixture in self._best(text_BT, own).aspects.items():
            columns, truth_BC = self._of_aspect(aspect)
            rows = np.flatnonzero(truth_BC.any(axis=1))
            told, counts_C = self.expected.rows(rows).columns(columns), self._counts_T[columns]
            mixed_BC = mixture.mixed(aspect, text_BT[np.ix_(rows, columns)], told, counts_C)
            before, after = _curve(mixed_BC.ravel(), truth_BC[rows].ravel())
            fitted[aspect] = replace(mixture, before=before, after=after)
        return Mixture(fitted)

    @cached_property
    def _aspects_T(self) -> NDArray:
        return self.terms["aspect"].to_numpy(str)

    @cached_property
    def _counts_T(self) -> NDArray:
        return self.terms["training_count"].to_numpy(float)

    def _of_aspect(self, aspect: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        columns = np.flatnonzero(self._aspects_T == aspect)
        return columns, self.truth_BT[:, columns]

    def _best(self, text_BT: NDArray, tried: Mapping[str, Sequence[AspectMixture]]) -> Mixture:
        # Of equally good ones the first.
        accretion_T = self.terms["information_accretion"].to_numpy(float)
        told: dict[str, list[float]] = {aspect: [] for aspect in tried}
        for mixtures in zip(*tried.values(), strict=True):
            mixed_BT = np.asarray(text_BT, np.float32).copy()
            for aspect, own in zip(tried, mixtures, strict=True):
                columns, _ = self._of_aspect(aspect)
                near = self.expected.columns(columns)
                mixed_BT[:, columns] = own.mixed(aspect, text_BT[:, columns], near, self._counts_T[columns])
            mixed_BT = hierarchy_consistent(mixed_BT, self.graph)
            for aspect in tried:
                columns, truth_BC = self._of_aspect(aspect)
                told[aspect].append(quality(mixed_BT[:, columns], truth_BC, accretion_T[columns]))
        return Mixture({aspect: tried[aspect][int(np.argmax(told[aspect]))] for aspect in tried})


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
