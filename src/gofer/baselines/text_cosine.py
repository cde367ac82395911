"""A baseline for terms that training never saw: the cosine of texts; nothing is trained.

A protein's profile in an aspect is the mean text vector of the labels of its nearest training proteins
(`embedding_neighbours`), each neighbour weighted by its cosine. A term's score is the cosine of the profile with the
term's text vector, whether or not a training protein has the term. A logistic curve per aspect, fitted on validation
proteins, makes the cosine a probability; it does not change the order of proteins and terms within an aspect.

Shapes: B proteins, N neighbours, T terms, G text width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.baselines.embedding_neighbours import first_neighbours
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.metrics.logistic_calibration import Calibration, fit
from gofer.retrieval.cafa_format import predicted_pairs
from gofer.retrieval.unthresholded_scores import Block

PROTEINS_AT_ONCE = 64
MOST_TERMS = 500  # of a protein in a predictions file: nearly every term has some similarity


@dataclass(frozen=True, eq=False)
class TextProfiles:
    """Proteins as texts of the labels of their neighbours.

    Attributes:
        protein_ids: Ids of the rows.
        profiles: By aspect, unit vectors (B, G); 0 where no neighbour has a label in the aspect.
        texts_TG: Unit vectors of the terms.
        aspects_T: Aspect of each term.
    """

    protein_ids: list[str]
    profiles: dict[str, NDArray[np.float32]]
    texts_TG: NDArray[np.float32]
    aspects_T: NDArray

    @classmethod
    def of_neighbours(
        cls,
        protein_ids: Sequence[str],
        neighbours: pd.DataFrame,
        labels: pd.DataFrame,
        terms: pd.DataFrame,
        texts_TG: NDArray[np.float32],
        *,
        k: int,
    ) -> "TextProfiles":
        """Profiles of proteins.

        Args:
            protein_ids: Proteins to describe.
            neighbours: What `embedding_neighbours.nearest` gave.
            labels: Columns protein_id, go_id of the training proteins, propagated, roots left out.
            terms: Columns go_id, aspect; rows as those of `texts_TG`.
            texts_TG: Unit vectors of the terms' texts.
            k: Neighbours that count.
        """
        ids, near = list(protein_ids), first_neighbours(neighbours, k)
        near = near[near["protein_id"].isin(ids)]
        training = pd.Index(near["neighbour"].unique())
        weight_BN = label_matrix(near, ids, training, near["cosine"], names=("protein_id", "neighbour"))
        has_NT = label_matrix(labels, training, terms["go_id"]).astype(np.float32)
        aspects_T, profiles = terms["aspect"].to_numpy(str), {}
        for aspect in np.unique(aspects_T):
            in_aspect = np.flatnonzero(aspects_T == aspect)
            total_BG = weight_BN @ (has_NT[:, in_aspect] @ texts_TG[in_aspect])
            length_B1 = np.linalg.norm(total_BG, axis=1, keepdims=True)
            profiles[str(aspect)] = np.asarray(total_BG / np.where(length_B1 > 0, length_B1, 1), np.float32)
        return cls(ids, profiles, texts_TG, aspects_T)

    def cosines(self, rows: slice) -> NDArray[np.float32]:
        """Cosine of some proteins' profiles with every term, (B, T)."""
        some = next(iter(self.profiles.values()))[rows]
        cosine_BT = np.zeros((len(some), len(self.texts_TG)), np.float32)
        for aspect, profile_BG in self.profiles.items():
            in_aspect = np.flatnonzero(self.aspects_T == aspect)
            cosine_BT[:, in_aspect] = profile_BG[rows] @ self.texts_TG[in_aspect].T
        return cosine_BT

    def calibrate(self, labels: pd.DataFrame, terms: pd.DataFrame) -> Calibration:
        """A logistic curve per aspect from cosine to probability, fitted on the terms seen in training.

        Args:
            labels: Columns protein_id, go_id of these proteins, propagated.
            terms: The terms table; rows as those of `texts_TG`.
        """
        seen = np.flatnonzero(seen_in_training(terms))
        labels_BC = label_matrix(labels, self.protein_ids, terms["go_id"].iloc[seen]).toarray()
        return fit(self.cosines(slice(None))[:, seen], np.zeros(len(seen)), self.aspects_T[seen], labels_BC)

    def scored(self, calibration: Calibration) -> Iterator[Block]:
        """Ids and calibrated scores in (0, 1] of all proteins, block by block."""
        no_base_rate_T = np.zeros(len(self.texts_TG))
        for start in range(0, len(self.protein_ids), PROTEINS_AT_ONCE):
            rows = slice(start, start + PROTEINS_AT_ONCE)
            yield self.protein_ids[rows], calibration.apply(self.cosines(rows), no_base_rate_T, self.aspects_T)

    def predictions(
        self, calibration: Calibration, keep_T: NDArray[np.bool_], go_ids: Sequence[str], *, min_score: float
    ) -> pd.DataFrame:
        """Columns protein_id, go_id, score: of the terms kept, the `MOST_TERMS` best of each protein."""
        parts = [pd.DataFrame({"protein_id": [], "go_id": [], "score": np.empty(0, np.float32)})]
        for ids, scores_BT in self.scored(calibration):
            kept_BT = np.where(keep_T, scores_BT, 0)
            if kept_BT.shape[1] > MOST_TERMS:
                least_B1 = np.partition(kept_BT, -MOST_TERMS, axis=1)[:, [-MOST_TERMS]]
                kept_BT = np.where(kept_BT >= least_B1, kept_BT, 0)
            parts.append(predicted_pairs(scores_BT, ids, go_ids, kept_BT >= min_score))
        return pd.concat(parts, ignore_index=True)
