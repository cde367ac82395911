"""What is stated of a protein already, as one more estimate of its terms, with a trust fitted on validation proteins.

Statements are annotations of any evidence: those that training does not count (IEA, IBA, ISS), those of an older
release or of InterProScan, and known terms by experiment. Each states its term and all terms above. How often such
statements were true is counted per aspect, and per group of evidence where there are `ENOUGH` of them:

    share   = true statements / statements
    own(t)  = (true statements of t + PRIOR · share) / (statements of t + PRIOR)     the highest of several groups
    average = (1 - weight) · score + weight · own(t)                                 of a stated term

Increasing curves turn the averages of stated terms, and the scores of all other terms of the aspect, into the share of
such pairs that are true: one curve for both, or one for each, since a term is true less often where others are stated
and it is not. The scores are those of the ensemble. Only proteins with a statement in an aspect are scored anew in it.
Last, what is stated in all aspects together raises and lowers the aspect's terms (`co_annotation`), of every protein
with a statement. It does so where Fmax of validation proteins, each half scored as the other half fitted it, is higher
than without: the paired 95 % interval of the difference is above 0.
Chosen are the `weight` and the number of curves with the best `quality` of the validation proteins, each half of them
scored by shares and curves of the other half.
Shapes: B proteins, T terms, C terms of an aspect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import quality
from gofer.metrics.logistic_calibration import LOWEST_SCORE
from gofer.retrieval.co_annotation import CoAnnotation
from gofer.retrieval.ensemble_fit import MIN_POSITIVES, PRIOR, fitted_curve, halves, surely_better
from gofer.retrieval.model_file import ANY_EVIDENCE as ANY
from gofer.retrieval.stated_terms import NO_CODE, StatedTerms

WEIGHTS = (0.25, 0.5, 0.75, 0.9)
NOTED = 0.05  # a term raised so much by what else is stated says so
RAISED = "more likely with what else is stated of this protein"
ENOUGH = 1000  # statements, those of ancestors among them, from which a group of evidence is counted separately

Points = tuple[tuple[float, ...], tuple[float, ...]]
STRAIGHT: Points = ((0.0, 1.0), (LOWEST_SCORE, 1.0))


@dataclass(frozen=True)
class AspectTrust:
    """How statements of one aspect count.

    Attributes:
        weight: Of the statement in the average, in [0, 1].
        shares: By group of evidence and for `ANY`, the share of statements that were true.
        terms: By the same and GO id, own(t); a term that is not listed has the share.
        stated: Curve of the averages of stated terms, as points.
        others: Curve of the scores of other terms; it may be the same.
        together: What statements of all aspects together say; None where they improve nothing.
    """

    weight: float
    shares: Mapping[str, float]
    terms: Mapping[str, Mapping[str, float]]
    stated: Points = STRAIGHT
    others: Points = STRAIGHT
    together: CoAnnotation | None = None

    def own(self, groups: Mapping[str, NDArray[np.bool_]], go_ids: Sequence[str]) -> NDArray[np.float32]:
        """How often statements of these terms were true, 0 for terms that are not stated, (B, C).

        Args:
            groups: By group of evidence, which terms are stated (B, C).
            go_ids: The terms.
        """
        parts = []
        for group, stated_BC in groups.items():
            counted = group if group in self.shares else ANY
            terms, share = self.terms[counted], self.shares[counted]
            parts.append(stated_BC * np.array([terms.get(go_id, share) for go_id in go_ids], np.float32))
        return np.maximum.reduce(parts)

    def scores(self, scores_BC: NDArray, own_BC: NDArray, stated_BC: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Scores in (0, 1] of proteins that all have a statement in the aspect.

        Args:
            scores_BC: The ensemble's scores.
            own_BC: What `own` gave.
            stated_BC: Which terms are stated.
        """
        before_BC = self.before(scores_BC, own_BC, stated_BC)
        curved_BC = np.interp(before_BC, *self.others).astype(np.float32)
        curved_BC[stated_BC] = np.interp(before_BC[stated_BC], *self.stated)
        return curved_BC

    def before(self, scores_BC: NDArray, own_BC: NDArray, stated_BC: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The averages of stated terms and the scores of others, in [0, 1]; arguments as of `scores`."""
        averages_BC = (1 - self.weight) * scores_BC + self.weight * own_BC
        return np.where(stated_BC, averages_BC, scores_BC).astype(np.float32)


@dataclass(frozen=True)
class OwnEvidence:
    """How statements count in each aspect; in an aspect that is not listed they do not."""

    aspects: Mapping[str, AspectTrust]

    @classmethod
    def fit(
        cls,
        scores_BT: NDArray,
        truth_BT: NDArray[np.bool_],
        stated: StatedTerms,
        terms: pd.DataFrame,
        relations: Sequence[str],
    ) -> "OwnEvidence":
        """Fit on validation proteins; an aspect in which statements improve nothing is not listed.

        Args:
            scores_BT: The ensemble's scores, fitted on other proteins than each is of.
            truth_BT: What is true.
            stated: What is stated of the same proteins.
            terms: The terms table of the columns.
            relations: Along which annotations propagate.
        """
        aspects_T, fitted = terms["aspect"].to_numpy(str), {}
        for aspect in np.unique(aspects_T):
            columns = np.flatnonzero(aspects_T == aspect)
            rows = np.flatnonzero(truth_BT[:, columns].any(axis=1))
            groups, here = _dense(stated, rows, columns), np.ix_(rows, columns)
            part = _Part(scores_BT[here], truth_BT[here], groups, terms.iloc[columns].reset_index(drop=True), relations)
            if (found := part.fitted()) is not None:
                trust, crossed_BC = found
                together = part.fit_together(crossed_BC, stated.any[rows], terms["go_id"].tolist(), columns)
                fitted[str(aspect)] = replace(trust, together=together)
        return cls(fitted)

    def apply(
        self, scores_BC: NDArray[np.float32], stated: StatedTerms, terms: pd.DataFrame, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Scores of proteins of which some have statements; those of the others stay.

        Args:
            scores_BC: Scores of some terms.
            stated: What is stated of the proteins.
            terms: Columns go_id, aspect of all terms.
            columns: Which of them the scores are of.
        """
        aspects_T, go_ids = terms["aspect"].to_numpy(str), terms["go_id"].tolist()
        scores_BC, any_BT = scores_BC.copy(), stated.any
        anything = np.flatnonzero(any_BT.sum(axis=1))
        for aspect, trust in self.aspects.items():
            in_aspect = np.flatnonzero(aspects_T == aspect)
            rows = np.flatnonzero(sum(matrix[:, in_aspect].sum(axis=1) for matrix in stated.groups.values()))
            places = np.flatnonzero(aspects_T[columns] == aspect)
            some = columns[places]
            if len(rows) and len(places):
                groups, here = _dense(stated, rows, some), np.ix_(rows, places)
                own_BC = trust.own(groups, [go_ids[term] for term in some])
                scores_BC[here] = trust.scores(scores_BC[here], own_BC, np.logical_or.reduce(list(groups.values())))
            if trust.together is not None and len(anything) and len(places):
                here = np.ix_(anything, places)
                scores_BC[here] = trust.together.apply(scores_BC[here], any_BT[anything], pd.Index(go_ids), some)
        return scores_BC

    def notes(self, stated: StatedTerms, row: int, go_ids: pd.Index, terms_K: NDArray[np.int64]) -> list[str]:
        """As `StatedTerms.notes`; terms that are not stated, but raised by what is, say so.

        Args:
            stated: What is stated of some proteins.
            row: One of them.
            go_ids: All terms.
            terms_K: Some of them.
        """
        notes_K, any_1T, raised = stated.notes(row, terms_K), stated.any[[row]], set()
        for trust in self.aspects.values() if any_1T.nnz else ():
            if trust.together is not None:
                [added_C] = trust.together.changes(any_1T, go_ids)
                raised |= {trust.together.changed[place] for place in np.flatnonzero(added_C >= NOTED).tolist()}
        return [
            note or (RAISED if go_id in raised else "") for note, go_id in zip(notes_K, go_ids[terms_K], strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            aspect: {
                **{name: value for name, value in vars(trust).items() if name != "together"},
                **({} if trust.together is None else {"together": trust.together.to_json()}),
            }
            for aspect, trust in self.aspects.items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any] | None) -> "OwnEvidence | None":
        """The inverse of `to_json`; None of None, as in files that were made before.

        Raises:
            ArtefactError: The content is something else.
        """
        if content is None:
            return None
        try:
            return cls({aspect: _trust(fit) for aspect, fit in content.items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is no trust in own annotations: {error}",
                help="delete retrieval/calibration.json and run snakemake again",
            ) from error


def _trust(fit: Mapping[str, Any]) -> AspectTrust:
    stated, others = ((tuple(before), tuple(after)) for before, after in (fit["stated"], fit["others"]))
    together = CoAnnotation.from_json(fit["together"]) if "together" in fit else None
    return AspectTrust(float(fit["weight"]), dict(fit["shares"]), dict(fit["terms"]), stated, others, together)


def _dense(stated: StatedTerms, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    return {group: matrix[rows][:, columns].toarray() for group, matrix in stated.groups.items()}


@dataclass(frozen=True, eq=False)
class _Part:
    """Validation proteins with a label in one aspect, and its terms; attributes as the arguments of `fit`."""

    scores_BC: NDArray[np.float32]
    truth_BC: NDArray[np.bool_]
    groups: Mapping[str, NDArray[np.bool_]]
    terms: pd.DataFrame
    relations: Sequence[str]

    @cached_property
    def stated_BC(self) -> NDArray[np.bool_]:
        return np.logical_or.reduce([np.zeros_like(self.truth_BC), *self.groups.values()])

    @cached_property
    def go_ids(self) -> list[str]:
        return self.terms["go_id"].tolist()

    def fitted(self) -> tuple[AspectTrust, NDArray[np.float32]] | None:
        # And the scores with that trust, each half of the proteins by the other half.
        rows = np.flatnonzero(self.stated_BC.any(axis=1))
        if (self.truth_BC & self.stated_BC).sum() < MIN_POSITIVES:
            return None
        own_BC = np.zeros_like(self.scores_BC)  # of each half by the other half
        for these, others in halves(rows):
            own_BC[these] = self._counted(others).own(self._groups(these), self.go_ids)
        tried = list(product(WEIGHTS, (False, True)))
        found = [self._quality(self._crossed(rows, own_BC, *way)) for way in tried]
        if max(found) <= self._quality(self.scores_BC):
            return None
        weight, together = tried[int(np.argmax(found))]
        trust = self._with_curves(replace(self._counted(rows), weight=weight), rows, own_BC, together)
        return trust, self._crossed(rows, own_BC, weight, together)

    def fit_together(
        self, scores_BC: NDArray[np.float32], any_BT: sp.csr_array, go_ids: Sequence[str], columns: NDArray[np.int64]
    ) -> CoAnnotation | None:
        rows, after_BC, index = np.flatnonzero(any_BT.sum(axis=1)), scores_BC.copy(), pd.Index(go_ids)
        for these, others in halves(rows):
            half = CoAnnotation.fit(any_BT[others], go_ids, scores_BC[others], self.truth_BC[others], columns)
            if half is not None:
                after_BC[these] = half.apply(scores_BC[these], any_BT[these], index, columns)
        after_BC, before_BC = (hierarchy_consistent(each_BC, self._graph) for each_BC in (after_BC, scores_BC))
        if not surely_better(after_BC, before_BC, self.truth_BC):
            return None
        return CoAnnotation.fit(any_BT[rows], go_ids, scores_BC[rows], self.truth_BC[rows], columns)

    def _groups(self, rows: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
        return {group: stated_BC[rows] for group, stated_BC in self.groups.items()}

    def _counted(self, rows: NDArray[np.int64]) -> AspectTrust:
        shares, terms, truth_BC = {}, {}, self.truth_BC[rows]
        for group, stated_BC in {ANY: self.stated_BC[rows], **self._groups(rows)}.items():
            stated_C, true_C = stated_BC.sum(axis=0), (stated_BC & truth_BC).sum(axis=0)
            if group != ANY and (group == NO_CODE or stated_C.sum() < ENOUGH):
                continue
            shares[group] = round(float(true_C.sum() / max(stated_C.sum(), 1)), 4)
            own_C = ((true_C + PRIOR * shares[group]) / (stated_C + PRIOR)).round(3)
            terms[group] = {self.go_ids[term]: float(own_C[term]) for term in np.flatnonzero(stated_C)}
        return AspectTrust(WEIGHTS[0], shares, terms)

    def _with_curves(
        self, trust: AspectTrust, rows: NDArray[np.int64], own_BC: NDArray[np.float32], together: bool
    ) -> AspectTrust:
        stated_BC, truth_BC = self.stated_BC[rows], self.truth_BC[rows]
        before_BC = trust.before(self.scores_BC[rows], own_BC[rows], stated_BC)
        if together:
            one = _curve(before_BC.ravel(), truth_BC.ravel())
            return replace(trust, stated=one, others=one)
        stated, others = (_curve(before_BC[some_BC], truth_BC[some_BC]) for some_BC in (stated_BC, ~stated_BC))
        return replace(trust, stated=stated, others=others)

    def _crossed(
        self, rows: NDArray[np.int64], own_BC: NDArray[np.float32], weight: float, together: bool
    ) -> NDArray[np.float32]:
        scores_BC = self.scores_BC.copy()
        for these, others in halves(rows):
            trust = self._with_curves(AspectTrust(weight, {}, {}), others, own_BC, together)
            scores_BC[these] = trust.scores(scores_BC[these], own_BC[these], self.stated_BC[these])
        return scores_BC

    def _quality(self, scores_BC: NDArray[np.float32]) -> float:
        accretion_C = self.terms["information_accretion"].to_numpy(float)
        return quality(hierarchy_consistent(scores_BC, self._graph), self.truth_BC, accretion_C)

    @cached_property
    def _graph(self) -> GoGraph:
        return GoGraph.of_terms(self.terms, self.relations, within_aspect=True)


def _curve(before_P: NDArray[np.float32], truth_P: NDArray[np.bool_]) -> Points:
    return fitted_curve(before_P, truth_P) if 0 < truth_P.sum() < len(truth_P) else STRAIGHT
