"""From a protein's vector and sequence to a calibrated score of every term of the release.

Texts score every term. Labels of similar proteins score the terms seen in training and, through these, terms with
similar texts and terms below them. The weight of each estimate for seen terms, and the calibration of the score, are
fitted on validation proteins. What is stated of a protein already is one more estimate, for such proteins only.
Shapes: B proteins, T terms, S seen terms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_json
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent, limited_by_parents
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.metrics.logistic_calibration import LOWEST_SCORE, Calibration
from gofer.retrieval.ensemble import Ensemble, Expected
from gofer.retrieval.ensemble_fit import Validation
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.own_evidence import OwnEvidence
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.related_terms import RelatedTerms
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.term_space import TermSpace


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores proteins against every term.

    Attributes:
        space: The terms.
        calibration: From text logits and base rate to a probability.
        label_model: Predicts from labels of similar training proteins.
        ensemble: Joins text and labels into one score.
        known_relatives: The related terms, where they were computed before.
        own: Trust in what is stated of a protein; None where that was not fitted.
    """

    space: TermSpace
    calibration: Calibration
    label_model: LabelModel
    ensemble: Ensemble
    known_relatives: RelatedTerms | None = None
    own: OwnEvidence | None = None

    @classmethod
    def fit(
        cls,
        space: TermSpace,
        label_model: LabelModel,
        proteins: Described,
        truth_BT: NDArray[np.bool_],
        relations: Sequence[str],
        known_relatives: RelatedTerms | None = None,
        expected: Expected | None = None,
        stated: StatedTerms | None = None,
    ) -> "Scorer":
        """Fit calibration and ensemble on validation proteins, over the terms seen in training.

        Args:
            space: The terms.
            label_model: Fitted on training proteins.
            proteins: Validation proteins.
            truth_BT: What is true of them; columns are the space's terms.
            relations: Along which annotations propagate.
            known_relatives: The related terms, where they were computed before.
            expected: What the label model predicts for the proteins, where that is known already.
            stated: What was stated of the proteins before; None where that is not known, and no trust is fitted.
        """
        calibration = space.calibrate(proteins.vectors_BD, truth_BT)
        unfitted = cls(space, calibration, label_model, Ensemble({}), known_relatives)
        seen, expected = unfitted.seen, expected or label_model.predict(proteins)
        terms = space.terms.iloc[seen].reset_index(drop=True)
        validation = Validation(
            expected, truth_BT[:, seen], terms, GoGraph.of_terms(terms, relations, within_aspect=True)
        )
        text_BS = space.text_scores(proteins.vectors_BD, calibration)[:, seen]
        trusted = validation.fit_trust(text_BS)
        raised_BS = unfitted.related.of(seen).raised(text_BS, trusted.labels(expected, label_model.aspects_T))
        ensemble, crossed_BS = validation.fit_blends(raised_BS, validation.fit_shares(raised_BS, trusted))
        fitted = replace(unfitted, ensemble=ensemble)
        if stated is None:
            return fitted
        return replace(
            fitted, own=OwnEvidence.fit(crossed_BS, truth_BT[:, seen], stated.columns(seen), terms, relations)
        )

    @classmethod
    def read(
        cls, files: Mapping[str, Path | str], relations: Sequence[str], *, expected: Manifest | None = None
    ) -> "Scorer":
        """Open all that scores a protein.

        Args:
            files: label_model and calibration, and those of `TermSpace.read`, by these names.
            relations: Along which annotations propagate in this run.
            expected: Release facts that the texts must not contradict.
        """
        fitted, label_model = read_json(files["calibration"]), LabelModel.read(files["label_model"])
        space = TermSpace.read(files, relations, expected=expected)
        ensemble, own = Ensemble.from_json(fitted["ensemble"]), OwnEvidence.from_json(fitted.get("own"))
        return cls(space, Calibration.from_json(fitted), label_model, ensemble, own=own)

    def fitted(self) -> dict[str, Any]:
        """What `fit` found, as plain values: the content of calibration.json."""
        own = {} if self.own is None else {"own": self.own.to_json()}
        return {**self.calibration.to_json(), "ensemble": self.ensemble.to_json(), **own}

    @cached_property
    def seen(self) -> NDArray[np.int64]:
        """Columns of the label model's terms, in its order."""
        return pd.Index(self.space.go_ids).get_indexer(pd.Index(self.label_model.go_ids))

    @cached_property
    def _unseen_T(self) -> NDArray[np.bool_]:
        unseen_T = ~self.space.is_root_T
        unseen_T[self.seen] = False
        return unseen_T

    @cached_property
    def related(self) -> RelatedTerms:
        """For each term, the seen terms next to it."""
        if self.known_relatives is not None:
            return self.known_relatives
        space, mean_S = self.space, self.label_model.regression.mean_T
        aspects_T, counts_T = space.terms["aspect"].to_numpy(str), space.terms["training_count"].to_numpy(float)
        return RelatedTerms.of_terms(space.text_TG, aspects_T, space.graph, self.seen, mean_S, counts_T)

    def scores(
        self, proteins: Described, expected: Expected | None = None, stated: StatedTerms | None = None
    ) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1], never below a child's, (B, T).

        Scores of seen terms are better estimated, so an unseen term is capped at its parents' scores instead of raising
        them. Its own score is multiplied by the square root of its lowest parent's score: on a log scale, half the
        effect of reading it as the probability of the term given its parents.

        Args:
            proteins: The proteins.
            expected: What the label model predicts for them, where that is known already.
            stated: What is stated of them; a protein without a statement is scored as without this.
        """
        expected, seen, unseen_T = expected or self.label_model.predict(proteins), self.seen, self._unseen_T
        text_BT = self.space.text_scores(proteins.vectors_BD, self.calibration)
        raised_BT = self.related.raised(text_BT, self.ensemble.labels(expected, self.label_model.aspects_T))
        scores_BT = np.zeros_like(raised_BT)
        scores_BT[:, seen] = self.ensemble.apply(raised_BT[:, seen], expected, self.space.terms.iloc[seen])
        scores_BT = hierarchy_consistent(scores_BT, self.space.graph)
        if self.own is not None and stated is not None:
            scores_BT[:, seen] = self.own.apply(scores_BT[:, seen], stated, self.space.terms, seen)
            scores_BT = hierarchy_consistent(scores_BT, self.space.graph)
        scores_BT[:, unseen_T | self.space.is_root_T] = 1
        limit_BU = limited_by_parents(scores_BT, self.space.graph, unseen_T)[:, unseen_T]
        scores_BT[:, unseen_T] = np.maximum(raised_BT[:, unseen_T] * np.sqrt(limit_BU), np.float32(LOWEST_SCORE))
        if self.own is not None and stated is not None:
            unseen = np.flatnonzero(unseen_T)
            scores_BT[:, unseen] = self.own.apply(scores_BT[:, unseen], stated, self.space.terms, unseen)
        return limited_by_parents(scores_BT, self.space.graph, unseen_T)


@dataclass(frozen=True, eq=False)
class TextScorer:
    """Scores from the two towers of a model only: texts of terms and base rates, no labels of similar proteins.

    Attributes:
        space: The terms.
        calibration: From text logits and base rate to a probability.
    """

    space: TermSpace
    calibration: Calibration

    def scores(self, proteins: Described) -> NDArray[np.float32]:
        """As `Scorer.scores`."""
        text_BT = self.space.text_scores(proteins.vectors_BD, self.calibration)
        unseen_T = ~seen_in_training(self.space.terms) & ~self.space.is_root_T
        scores_BT = hierarchy_consistent(np.where(unseen_T, np.float32(0), text_BT), self.space.graph)
        scores_BT[:, unseen_T] = text_BT[:, unseen_T]
        scores_BT[:, self.space.is_root_T] = 1
        return limited_by_parents(scores_BT, self.space.graph, unseen_T)
