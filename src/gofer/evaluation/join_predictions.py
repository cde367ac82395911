"""Predictions and labels of one aspect and split, joined by id, as pairs.

Shapes: B proteins, C terms of the aspect, its root left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.held_out import HeldOut
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.sparse_pairs import Pairs
from gofer.retrieval.unthresholded_scores import UnthresholdedScores

PROTEINS_AT_ONCE = 256  # their scores of all terms of an aspect are arrays for a moment: 60 MB each for 28,000 terms


@dataclass(frozen=True, eq=False)
class Predicted:
    """Scores of one method for the held-out proteins.

    Attributes:
        scores: What `read_cafa` gave, of the val and test proteins.
        unthresholded: Scores of every test protein and every term that one of them has, with no cutoff; for the figures
            that look at one term at a time. None: those of `scores`.
        ranks: Of the test proteins' true terms among all terms, `generalised.RANK_COLUMNS`. None: those of `scores`.
    """

    scores: pd.DataFrame
    unthresholded: UnthresholdedScores | None = None
    ranks: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Joined:
    """Predictions and labels of one aspect and split, joined.

    Attributes:
        terms: Rows of the terms table, roots included, T.
        below_T: Whether a term is no root.
        graph: Of these terms, within the aspect.
        protein_ids: Proteins that have a label in the aspect, B.
        stated_BT: Scores as predicted.
        labels_BT: Labels as stated.
    """

    terms: pd.DataFrame
    below_T: NDArray[np.bool_]
    graph: GoGraph
    protein_ids: pd.Index
    stated_BT: sp.csr_array
    labels_BT: sp.csr_array

    @classmethod
    def of(cls, scores: pd.DataFrame, held_out: HeldOut, aspect: str, split: str) -> "Joined":
        """Join by id.

        Args:
            scores: Columns protein_id, go_id, score.
            held_out: Terms and labels.
            aspect: Whose terms.
            split: val or test.
        """
        terms = held_out.terms[held_out.terms["aspect"] == aspect].reset_index(drop=True)
        truth = held_out.of_split(split)
        truth = truth[truth["go_id"].isin(terms["go_id"])]
        graph = GoGraph.of_terms(terms, held_out.relations, within_aspect=True)
        proteins = pd.Index(sorted(truth["protein_id"].unique()))
        return cls(
            terms=terms,
            below_T=~graph.is_root_T,
            graph=graph,
            protein_ids=proteins,
            stated_BT=label_matrix(scores, proteins, terms["go_id"], scores["score"].to_numpy(float)),
            labels_BT=label_matrix(truth, proteins, terms["go_id"]),
        )

    def dense(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Of some proteins, roots left out: scores as predicted, scores propagated, labels propagated."""
        stated_BT, labels_BT = self.stated_BT[rows].toarray(), self.labels_BT[rows].toarray()
        arrays = stated_BT, *(hierarchy_consistent(values, self.graph) for values in (stated_BT, labels_BT))
        return tuple(values[:, self.below_T] for values in arrays)


@dataclass(frozen=True, eq=False)
class AspectPairs:
    """Scores and labels of one aspect and split, as pairs.

    Attributes:
        terms: Rows of the terms table, C.
        protein_ids: Proteins that have a label in the aspect, B.
        stated: Scores as predicted; labels propagated.
        pairs: Scores and labels propagated.
    """

    terms: pd.DataFrame
    protein_ids: pd.Index
    stated: Pairs
    pairs: Pairs

    @property
    def accretion_C(self) -> NDArray[np.float64]:
        """Information accretion of each term."""
        return self.terms["information_accretion"].to_numpy(float)

    @property
    def unseen_C(self) -> NDArray[np.bool_]:
        """Terms without a training protein."""
        return (self.terms["training_count"] == 0).to_numpy(bool)


def aspect_pairs(scores: pd.DataFrame, held_out: HeldOut, aspect: str, split: str) -> AspectPairs:
    """Join predictions and labels of one aspect and split by id, some proteins at a time; arguments as `Joined.of`."""
    joined = Joined.of(scores, held_out, aspect, split)
    stated, propagated = [], []
    for start in range(0, len(joined.protein_ids), PROTEINS_AT_ONCE):
        stated_BC, scores_BC, labels_BC = joined.dense(slice(start, start + PROTEINS_AT_ONCE))
        stated.append(Pairs.of_arrays(stated_BC, labels_BC))
        propagated.append(Pairs.of_arrays(scores_BC, labels_BC))
    terms = joined.terms[joined.below_T].reset_index(drop=True)
    return AspectPairs(terms, joined.protein_ids, *(Pairs.joined(parts, len(terms)) for parts in (stated, propagated)))
