"""From a protein's vector and sequence to a calibrated score of every term of the release.

Texts of terms reach every term; labels of alike proteins reach the terms that training has seen, and through these the
unseen terms of like text or below them. How much each counts for seen terms, and how often a score is right, was fitted
on validation proteins. Shapes: B proteins, T terms, S seen terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.go_text import seen_in_training
from gofer.evaluation.calibration import LOWEST_SCORE, Calibration
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent, limited_by_parents
from gofer.evaluation.mixture import Mixture, fit_mixture
from gofer.retrieval.label_head import LabelHead
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.related_terms import RelatedTerms
from gofer.retrieval.term_space import TermSpace


@dataclass(frozen=True, eq=False)
class Scorer:
    """All that scores a protein.

    Attributes:
        space: The terms.
        calibration: From the text's evidence and the base rate to a probability.
        head: What labels of alike training proteins say.
        mixture: How the two become one score.
    """

    space: TermSpace
    calibration: Calibration
    head: LabelHead
    mixture: Mixture

    @classmethod
    def fit(
        cls,
        space: TermSpace,
        head: LabelHead,
        proteins: Described,
        truth_BT: NDArray[np.bool_],
        relations: Sequence[str],
    ) -> "Scorer":
        """Fit calibration and mixture on validation proteins, over the terms seen in training.

        Args:
            space: The terms.
            head: Fitted on training proteins.
            proteins: Validation proteins.
            truth_BT: What is true of them; columns are the space's terms.
            relations: Along which annotations propagate.
        """
        calibration = space.calibrate(proteins.vectors_BD, truth_BT)
        seen = space.terms[seen_in_training(space.terms)].reset_index(drop=True)
        columns = _columns(space, seen["go_id"].tolist())
        expected = head.predict(proteins).columns(pd.Index(head.go_ids).get_indexer(seen["go_id"]))
        mixture = fit_mixture(
            space.text_scores(proteins.vectors_BD, calibration)[:, columns],
            expected,
            truth_BT[:, columns],
            seen["aspect"].to_numpy(str),
            seen["information_accretion"].to_numpy(float),
            Hierarchy.of_terms(seen, relations, within_aspect=True),
        )
        return cls(space, calibration, head, mixture)

    @cached_property
    def _seen_columns(self) -> NDArray[np.int64]:
        return _columns(self.space, self.head.go_ids)

    @cached_property
    def _unseen_T(self) -> NDArray[np.bool_]:
        unseen_T = ~self.space.is_root_T
        unseen_T[self._seen_columns] = False
        return unseen_T

    @cached_property
    def _related(self) -> RelatedTerms:
        return RelatedTerms.of_terms(
            self.space.text_TG,
            self.space.terms["aspect"].to_numpy(str),
            self.space.hierarchy,
            np.flatnonzero(self._unseen_T),
            self._seen_columns,
            self.head.regression.mean_T,
        )

    def scores(self, proteins: Described) -> NDArray[np.float32]:
        """Calibrated scores in (0, 1], never below a child's, (B, T).

        What is told of seen terms is better known, so an unseen term is never scored above its parents; those are not
        raised to it. Its own score is multiplied with the square root of the lowest score above it: half as much as if
        it told how often the term is true where its parents are.
        """
        text_BT = self.space.text_scores(proteins.vectors_BD, self.calibration)
        seen, unseen_T = self._seen_columns, self._unseen_T
        expected = self.head.predict(proteins)
        aspects_S = self.space.terms["aspect"].to_numpy(str)[seen]
        scores_BT = np.zeros_like(text_BT)
        scores_BT[:, seen] = self.mixture.apply(text_BT[:, seen], expected, aspects_S)
        scores_BT = hierarchy_consistent(scores_BT, self.space.hierarchy)
        scores_BT[:, unseen_T | self.space.is_root_T] = 1
        limit_BU = limited_by_parents(scores_BT, self.space.hierarchy, unseen_T)[:, unseen_T]
        own_BU = self._related.raised(text_BT[:, unseen_T], expected.regressed_BT)
        scores_BT[:, unseen_T] = np.maximum(own_BU * np.sqrt(limit_BU), np.float32(LOWEST_SCORE))
        return limited_by_parents(scores_BT, self.space.hierarchy, unseen_T)


@dataclass(frozen=True, eq=False)
class TextScorer:
    """What the towers of a model say by themselves: texts of terms and base rates, no label of any alike protein.

    Attributes:
        space: The terms.
        calibration: From evidence and base rate to a probability.
    """

    space: TermSpace
    calibration: Calibration

    def scores(self, proteins: Described) -> NDArray[np.float32]:
        """As `Scorer.scores`."""
        text_BT = self.space.text_scores(proteins.vectors_BD, self.calibration)
        unseen_T = ~seen_in_training(self.space.terms) & ~self.space.is_root_T
        scores_BT = hierarchy_consistent(np.where(unseen_T, np.float32(0), text_BT), self.space.hierarchy)
        scores_BT[:, unseen_T] = text_BT[:, unseen_T]
        scores_BT[:, self.space.is_root_T] = 1
        return limited_by_parents(scores_BT, self.space.hierarchy, unseen_T)


def _columns(space: TermSpace, go_ids: Sequence[str]) -> NDArray[np.int64]:
    return pd.Index(space.go_ids).get_indexer(pd.Index(go_ids))
