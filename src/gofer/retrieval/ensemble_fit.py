"""How texts, regression and transferred labels are joined, fitted on validation proteins.

Per aspect, `trust` is the value with the best `quality`, then `share` is chosen with that trust. The factor of a term
is (true + PRIOR) / (sum of averages + PRIOR); an aspect has factors only where those of one half of the proteins
improve the scores of the other half. A learned blend is kept where its Fmax is above that of the formula: each fold of
the proteins is scored by trees and term rates of the other folds, and the 95 % interval of the difference, paired over
proteins, lies above 0. The formula's factors and curve have seen all the proteins, so it is at an advantage.
Shapes: B proteins, T terms, C terms of an aspect, P pairs, K folds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.metrics.fmax import count_arrays, fmax_of, quality
from gofer.metrics.isotonic import increasing
from gofer.metrics.logistic_calibration import LOWEST_SCORE, log_odds
from gofer.retrieval.ensemble import AspectEnsemble, Ensemble, Expected
from gofer.retrieval.learned_blend import BoostedTrees, CandidatePairs, LearnedBlend, validation_rate

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
TRUSTS = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
PRIOR = 3.0  # true pairs of a term at which its factor is half way from 1 to what was counted
ENOUGH_POSITIVES = 1000  # for isotonic regression, which overfits fewer (Niculescu-Mizil 2005)
MIN_POSITIVES = 30  # labels of an aspect; with fewer, only the text scores it
PLATT_KNOTS = 101
FOLDS = 5
ENOUGH_PROTEINS = 100  # with a label in the aspect, from which a blend is tried


@dataclass(frozen=True, eq=False)
class Validation:
    """What an ensemble is fitted on: validation proteins, and the terms seen in training.

    Attributes:
        expected: What labels of similar proteins predict.
        truth_BT: Propagated labels.
        terms: Columns go_id, aspect, training_count, information_accretion, depth of the terms.
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

    def fit_blends(self, text_BT: NDArray, formula: Ensemble) -> tuple[Ensemble, NDArray[np.float32]]:
        """The ensemble with blends where they are better, and scores of each protein as others fit them, (B, T).

        In the scores of an aspect without a blend, the factors are those of the other half of the proteins.

        Args:
            text_BT: As of `fit_shares`.
            formula: What `fit_shares` gave.
        """
        crossed_BT, fitted = np.asarray(text_BT, np.float32).copy(), {}
        for aspect, ensemble in formula.aspects.items():
            columns, truth_BC = self._of_aspect(aspect)
            near, terms = self.expected.columns(columns), self.terms.iloc[columns]
            rows = np.flatnonzero(truth_BC.any(axis=1))
            estimates = ensemble.estimates(aspect, text_BT[:, columns], near, self._counts_T[columns])
            mixed_BC = estimates["average"]
            crossed_BT[:, columns] = ensemble.scores(_by_halves(mixed_BC, truth_BC) if ensemble.factors else mixed_BC)
            fitted[aspect] = ensemble
            folds = _Folds(CandidatePairs.of(estimates, terms), truth_BC)
            if len(rows) < ENOUGH_PROTEINS or not folds.have_both:
                continue
            blended_BC = folds.crossed()
            before, after = fitted_curve(blended_BC[rows].ravel(), truth_BC[rows].ravel())
            blended = replace(ensemble, before=before, after=after, factors={})
            go_ids, scores_BC = terms["go_id"].tolist(), blended.scores(blended_BC)
            present_BC = ensemble.scores(ensemble.corrected(mixed_BC, go_ids))
            graph = self.graph.among(columns)
            ours_BC, theirs_BC = (hierarchy_consistent(each_BC, graph) for each_BC in (scores_BC, present_BC))
            if surely_better(ours_BC, theirs_BC, truth_BC):
                fitted[aspect] = replace(blended, blend=folds.blend(go_ids))
                crossed_BT[:, columns] = scores_BC
        return Ensemble(fitted), hierarchy_consistent(crossed_BT, self.graph)

    def _helped_by_factors(self, text_BT: NDArray, ensemble: Ensemble) -> list[str]:
        # The aspects in which factors counted on each half of the proteins improve the scores of the other half.
        plain_BT = self._mixed(text_BT, ensemble.aspects)
        corrected_BT = plain_BT.copy()
        for aspect in ensemble.aspects:
            columns, truth_BC = self._of_aspect(aspect)
            labelled = np.flatnonzero(truth_BC.any(axis=1))
            corrected_BT[np.ix_(labelled, columns)] = _by_halves(
                plain_BT[np.ix_(labelled, columns)], truth_BC[labelled]
            )
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


def _by_halves(mixed_BC: NDArray[np.float32], truth_BC: NDArray[np.bool_]) -> NDArray[np.float32]:
    # The averages, each half of the proteins by factors of the other half; proteins without a label are not counted.
    corrected_BC, labelled_B = mixed_BC.copy(), np.asarray(truth_BC.any(axis=1))
    for these, others in halves(np.arange(len(mixed_BC))):
        counted = others[labelled_B[others]]
        corrected_BC[these] = np.minimum(mixed_BC[these] * _factors(mixed_BC[counted], truth_BC[counted]), 1)
    return corrected_BC


@dataclass(frozen=True, eq=False)
class _Folds:
    """Pairs of one aspect, by fold of their protein. Only proteins with a label in the aspect are fitted on."""

    pairs: CandidatePairs
    truth_BC: NDArray[np.bool_]

    @property
    def have_both(self) -> bool:
        """Whether each fold has a true pair and a false one."""
        true_P = self.truth_BC[self.pairs.row_P, self.pairs.column_P]
        return all(len(np.unique(self._fold_P[true_P == kind])) == FOLDS for kind in (True, False))

    def crossed(self) -> NDArray[np.float32]:
        """Every protein as trees and rates of the other folds blend it, (B, C)."""
        found_P = np.zeros(len(self.pairs.row_P), np.float32)
        for fold in range(FOLDS):
            held_P = self._fold_P == fold
            features_FP = self.pairs.features(self._rate_P(fold))
            trees = self._fitted(features_FP, ~held_P)
            found_P[held_P] = expit(trees.odds(features_FP[:, held_P]))
        return self.pairs.blended(found_P)

    def blend(self, go_ids: Sequence[str]) -> LearnedBlend:
        """Fitted on all folds; of each protein the rates are those of the others."""
        trees = self._fitted(self.pairs.features(self._rate_P(None)), np.ones(len(self.pairs.row_P), bool))
        true_C = self._true_KC.sum(axis=0)
        counts = {go_ids[term]: int(true_C[term]) for term in np.flatnonzero(true_C).tolist()}
        return LearnedBlend(trees, int(self._labelled_B.sum()), counts)

    @cached_property
    def _labelled_B(self) -> NDArray[np.bool_]:
        return np.asarray(self.truth_BC.any(axis=1))

    @cached_property
    def _fold_B(self) -> NDArray[np.int64]:
        return np.arange(len(self.truth_BC)) % FOLDS

    @cached_property
    def _fold_P(self) -> NDArray[np.int64]:
        return self._fold_B[self.pairs.row_P]

    @cached_property
    def _true_KC(self) -> NDArray[np.int64]:
        return np.stack([self.truth_BC[self._fold_B == fold].sum(axis=0) for fold in range(FOLDS)])

    def _rate_P(self, held: int | None) -> NDArray[np.float32]:
        # Counted neither on the pair's own fold nor on the one that is held out.
        rates = np.zeros(self._true_KC.shape, np.float32)
        for own in range(FOLDS):
            counted_K = ~np.isin(np.arange(FOLDS), [own] if held is None else [own, held])
            proteins = int((self._labelled_B & counted_K[self._fold_B]).sum())
            rates[own] = validation_rate(self._true_KC[counted_K].sum(axis=0), proteins)
        return rates[self._fold_P, self.pairs.column_P]

    def _fitted(self, features_FP: NDArray[np.float32], chosen_P: NDArray[np.bool_]) -> BoostedTrees:
        chosen_P = chosen_P & self._labelled_B[self.pairs.row_P]
        true_P = self.truth_BC[self.pairs.row_P, self.pairs.column_P]
        return BoostedTrees.fit(features_FP[:, chosen_P].T, true_P[chosen_P])


def surely_better(scores_BC: NDArray, others_BC: NDArray, truth_BC: NDArray[np.bool_]) -> bool:
    """Whether Fmax of scores is above that of others: the 95 % interval of the difference, paired, is above 0.

    Args:
        scores_BC: Scores of the terms of an aspect, none below a child's.
        others_BC: The same of another method.
        truth_BC: What is true; proteins without a label do not count.
    """
    draws_NB = Bootstrap().draws(int(truth_BC.any(axis=1).sum()))
    ours_N, theirs_N = (fmax_of(count_arrays(each_BC, truth_BC), draws_NB) for each_BC in (scores_BC, others_BC))
    return interval(ours_N - theirs_N, UNBOUNDED)["low"] > 0


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
    return _whole(np.add.reduceat(found.total_G, starts, dtype=np.float64) / sizes, found.share_G[starts], last)


def _platt(mixed_P: NDArray, truth_P: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # A logistic regression on the log-odds (Platt 1999), stored as points.
    odds_P1 = log_odds(mixed_P)[:, None]
    fitted = LogisticRegression().fit(odds_P1, truth_P)
    knots = np.linspace(0, 1, PLATT_KNOTS)[1:-1]
    slope = max(float(fitted.coef_[0, 0]), LOWEST_SCORE)
    return _whole(knots, expit(slope * logit(knots) + float(fitted.intercept_[0])))


def _whole(before: NDArray, after: NDArray, last: float = 1.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # From (0, nearly 0) to (1, last), never decreasing.
    inside = (before > 0) & (before < 1) & (after > LOWEST_SCORE) & (after < 1)
    before, after = np.array([0, *before[inside], 1]), np.array([LOWEST_SCORE, *after[inside], last])
    rises = np.diff(np.maximum.accumulate(before), prepend=-1) > 0
    return tuple(before[rises].tolist()), tuple(after[rises].tolist())
