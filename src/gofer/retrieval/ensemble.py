"""One calibrated score from texts of terms, labels of similar training proteins, and labels transferred by alignments.

All three estimate the same probability. For a term that n training proteins have, they are averaged:

    w_regressed   = share · n / (n + RARE)
    known         = w_regressed · regressed + (1 - w_regressed) · text
    w_transferred = trust · similarity / (1 + trust · similarity)      of the best alignment; 0 without one
    average       = (1 - w_transferred) · known + w_transferred · transferred
    corrected     = min(1, factor(term) · average)

The regression says little about a term that few proteins have; there the text is the better guide. A close relative
shares nearly all labels, a distant one hardly more than any similar protein. How fast this falls differs between
aspects: functions are conserved longer than processes. Per aspect, `trust` is the value with the best `quality` on the
validation proteins, then `share` is chosen with that trust.

Validation proteins may have a term more often than the averages say, since they are annotated in another way than the
training proteins. The factor of a term is (true + 3) / (sum of averages + 3). An aspect has factors only where those of
one half of the validation proteins improve the scores of the other half. Last, an increasing curve turns the average
into the share of such pairs that are true.
Shapes: B proteins, T terms, C terms of an aspect, P training sequences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import quality
from gofer.metrics.isotonic import increasing
from gofer.metrics.logistic_calibration import LOWEST_SCORE

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
RARE = 10  # training proteins of a term for which text and regression count equally, where share is 1
TRUSTS = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
PRIOR = 3.0  # true pairs of a term at which its factor is half way from 1 to what was counted
ENOUGH_POSITIVES = 1000  # for isotonic regression, which overfits fewer (Niculescu-Mizil 2005)
MIN_POSITIVES = 30  # labels of an aspect; with fewer, only the text scores it
PLATT_KNOTS = 101


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
    """

    trust: float
    share: float
    before: tuple[float, ...] = (0.0, 1.0)
    after: tuple[float, ...] = (LOWEST_SCORE, 1.0)
    factors: Mapping[str, float] = field(default_factory=dict)

    def mixed(self, aspect: str, text_BC: NDArray, expected: Expected, counts_C: NDArray) -> NDArray[np.float32]:
        """The average in [0, 1] for one aspect's terms, before calibration."""
        share_C = (self.share * counts_C / (counts_C + RARE)).astype(np.float32)
        known_BC = share_C * expected.regressed_BT + (1 - share_C) * text_BC
        return expected.with_transferred(known_BC, aspect, self.trust)

    def corrected(self, mixed_BC: NDArray, go_ids: Sequence[str]) -> NDArray[np.float32]:
        """The averages of these terms times their factors, in [0, 1]."""
        if not self.factors:
            return mixed_BC
        return _corrected(mixed_BC, np.array([self.factors.get(go_id, 1) for go_id in go_ids], np.float32))

    def scores(self, mixed_BC: NDArray) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1] of averages."""
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
            terms: Columns go_id, aspect, training_count: how many training proteins have it.
        """
        aspects_T, counts_T = terms["aspect"].to_numpy(str), terms["training_count"].to_numpy(float)
        go_ids, scores_BT = terms["go_id"].to_numpy(object), np.asarray(text_BT, np.float32).copy()
        for aspect, ensemble in self.aspects.items():
            columns = np.flatnonzero(aspects_T == aspect)
            mixed_BC = ensemble.mixed(aspect, text_BT[:, columns], expected.columns(columns), counts_T[columns])
            scores_BT[:, columns] = ensemble.scores(ensemble.corrected(mixed_BC, go_ids[columns]))
        return scores_BT

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {
                **{"trust": fit.trust, "share": fit.share, "before": list(fit.before), "after": list(fit.after)},
                **({"factors": dict(fit.factors)} if fit.factors else {}),
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
                    )
                    for aspect, fit in content.items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is no ensemble of scores: {error}",
                help="delete retrieval/calibration.json and run snakemake again",
            ) from error


@dataclass(frozen=True, eq=False)
class Validation:
    """What an ensemble is fitted on: validation proteins, and the terms seen in training.

    Attributes:
        expected: What labels of similar proteins predict.
        truth_BT: Propagated labels.
        terms: Columns go_id, aspect, training_count, information_accretion of the terms.
        graph: Of these terms.
    """

    expected: Expected
    truth_BT: NDArray[np.bool_]
    terms: pd.DataFrame
    graph: GoGraph

    def fit_trust(self, text_BT: NDArray) -> Ensemble:
        """The ensemble with the best trust of each aspect, not yet calibrated.

        An aspect with fewer than `MIN_POSITIVES` labels is scored by the text only.

        Args:
            text_BT: The text's calibrated scores.
        """
        known = [a for a in np.unique(self._aspects_T) if self._of_aspect(a)[1].sum() >= MIN_POSITIVES]
        # Without a relative every trust gives the same scores: the first of equal ones is chosen without trying them.
        trusts = TRUSTS if any(best_B.any() for best_B in self.expected.similarity.values()) else TRUSTS[:1]
        return self._best(
            text_BT, {str(aspect): [AspectEnsemble(trust, SHARES[-1]) for trust in trusts] for aspect in known}
        )

    def fit_shares(self, text_BT: NDArray, trusted: Ensemble) -> Ensemble:
        """The ensemble with the best share of each aspect, given its trust, calibrated.

        Args:
            text_BT: The text's scores, raised by the labels (`RelatedTerms.raised`) with that trust.
            trusted: What `fit_trust` gave.
        """
        tried = {aspect: [replace(best, share=share) for share in SHARES] for aspect, best in trusted.aspects.items()}
        best = self._best(text_BT, tried)
        helped, fitted = self._helped_by_factors(text_BT, best), {}
        for aspect, ensemble in best.aspects.items():
            columns, truth_BC = self._of_aspect(aspect)
            rows = np.flatnonzero(truth_BC.any(axis=1))
            near, counts_C = self.expected.rows(rows).columns(columns), self._counts_T[columns]
            mixed_BC = ensemble.mixed(aspect, text_BT[np.ix_(rows, columns)], near, counts_C)
            if aspect in helped:
                go_ids, factor_C = self.terms["go_id"].to_numpy(object)[columns], _factors(mixed_BC, truth_BC[rows])
                rounded = dict(zip(go_ids.tolist(), factor_C.round(3).tolist(), strict=True))
                ensemble = replace(
                    ensemble, factors={go_id: factor for go_id, factor in rounded.items() if factor != 1}
                )
                mixed_BC = ensemble.corrected(mixed_BC, go_ids)
            before, after = fitted_curve(mixed_BC.ravel(), truth_BC[rows].ravel())
            fitted[aspect] = replace(ensemble, before=before, after=after)
        return Ensemble(fitted)

    def crossed(self, text_BT: NDArray, trusted: Ensemble) -> NDArray[np.float32]:
        """Scores of each half of the proteins as `fit_shares` of the other half gives them; arguments are the same."""
        scores_BT, rows = np.zeros_like(text_BT, np.float32), np.arange(len(text_BT))
        for these, others in halves(rows):
            half = Validation(self.expected.rows(others), self.truth_BT[others], self.terms, self.graph)
            fitted = half.fit_shares(text_BT[others], trusted)
            scores_BT[these] = fitted.apply(text_BT[these], self.expected.rows(these), self.terms)
        return hierarchy_consistent(scores_BT, self.graph)

    def _helped_by_factors(self, text_BT: NDArray, ensemble: Ensemble) -> list[str]:
        # The aspects in which factors counted on each half of the proteins improve the scores of the other half.
        plain_BT = self._mixed(text_BT, ensemble.aspects)
        corrected_BT = plain_BT.copy()
        for aspect in ensemble.aspects:
            columns, truth_BC = self._of_aspect(aspect)
            labelled = np.flatnonzero(truth_BC.any(axis=1))
            for these, others in halves(labelled):
                factor_C = _factors(plain_BT[np.ix_(others, columns)], truth_BC[others])
                corrected_BT[np.ix_(these, columns)] = _corrected(plain_BT[np.ix_(these, columns)], factor_C)
        plain, corrected = (self._qualities(mixed_BT, list(ensemble.aspects)) for mixed_BT in (plain_BT, corrected_BT))
        return [aspect for aspect in ensemble.aspects if corrected[aspect] > plain[aspect]]

    @cached_property
    def _aspects_T(self) -> NDArray:
        return self.terms["aspect"].to_numpy(str)

    @cached_property
    def _counts_T(self) -> NDArray:
        return self.terms["training_count"].to_numpy(float)

    def _of_aspect(self, aspect: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        columns = np.flatnonzero(self._aspects_T == aspect)
        return columns, self.truth_BT[:, columns]

    def _best(self, text_BT: NDArray, tried: Mapping[str, Sequence[AspectEnsemble]]) -> Ensemble:
        # Ties go to the first.
        found: dict[str, list[float]] = {aspect: [] for aspect in tried}
        for ensembles in zip(*tried.values(), strict=True):
            mixed_BT = self._mixed(text_BT, dict(zip(tried, ensembles, strict=True)))
            for aspect, value in self._qualities(mixed_BT, list(tried)).items():
                found[aspect].append(value)
        return Ensemble({aspect: tried[aspect][int(np.argmax(found[aspect]))] for aspect in tried})

    def _mixed(self, text_BT: NDArray, ensembles: Mapping[str, AspectEnsemble]) -> NDArray[np.float32]:
        mixed_BT = np.asarray(text_BT, np.float32).copy()
        for aspect, ensemble in ensembles.items():
            columns, _ = self._of_aspect(aspect)
            near = self.expected.columns(columns)
            mixed_BT[:, columns] = ensemble.mixed(aspect, text_BT[:, columns], near, self._counts_T[columns])
        return mixed_BT

    def _qualities(self, mixed_BT: NDArray[np.float32], aspects: Sequence[str]) -> dict[str, float]:
        accretion_T = self.terms["information_accretion"].to_numpy(float)
        mixed_BT, found = hierarchy_consistent(mixed_BT, self.graph), {}
        for aspect in aspects:
            columns, truth_BC = self._of_aspect(aspect)
            found[aspect] = quality(mixed_BT[:, columns], truth_BC, accretion_T[columns])
        return found


def _factors(mixed_BC: NDArray[np.float32], truth_BC: NDArray[np.bool_]) -> NDArray[np.float32]:
    expected_C = mixed_BC.sum(axis=0, dtype=np.float64)
    return ((truth_BC.sum(axis=0) + PRIOR) / (expected_C + PRIOR)).astype(np.float32)


def _corrected(mixed_BC: NDArray, factor_C: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.minimum(mixed_BC * factor_C, 1)


def halves(rows: NDArray[np.int64]) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]:
    """Every second of these proteins and the others, then the reverse, to try on one half what the other fitted."""
    return (rows[::2], rows[1::2]), (rows[1::2], rows[::2])


def fitted_curve(mixed_P: NDArray, truth_P: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Points before and after of an increasing curve from averages in [0, 1] to the share of such pairs that are true.

    Args:
        mixed_P: Averages of pairs of protein and term.
        truth_P: Which of them are true: some, and not all.
    """
    if truth_P.sum() < ENOUGH_POSITIVES:
        return _platt(mixed_P, truth_P)
    found = increasing(mixed_P, truth_P)
    starts = np.flatnonzero(np.diff(found.share_G, prepend=-1.0) > 0)
    sizes = np.add.reduceat(found.pairs_G, starts)
    # Each step becomes a point at its middle, joined by straight lines, so that the order of scores is kept.
    # Where factors raise many averages to 1, that end has the share of its step, not 1.
    last = found.share_G[-1] if mixed_P.max() == 1 else 1.0
    return _whole(np.add.reduceat(found.total_G, starts) / sizes, found.share_G[starts], last)


def _platt(mixed_P: NDArray, truth_P: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # A logistic regression on the log-odds (Platt 1999), stored as points.
    odds_P1 = logit(np.clip(mixed_P, LOWEST_SCORE, 1 - LOWEST_SCORE))[:, None]
    fitted = LogisticRegression().fit(odds_P1, truth_P)
    knots = np.linspace(0, 1, PLATT_KNOTS)[1:-1]
    slope = max(float(fitted.coef_[0, 0]), LOWEST_SCORE)
    return _whole(knots, expit(slope * logit(knots) + float(fitted.intercept_[0])))


def _whole(before: NDArray, after: NDArray, last: float = 1.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # From (0, nearly 0) to (1, last), never decreasing.
    inside = (before > 0) & (before < 1) & (after > LOWEST_SCORE) & (after < 1)
    before, after = np.array([0, *before[inside], 1]), np.array([LOWEST_SCORE, *after[inside], last])
    rises = np.concatenate([[True], np.diff(before) > 0])
    return tuple(before[rises].tolist()), tuple(after[rises].tolist())
