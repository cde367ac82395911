"""Every term of a release in the shared space, and calibrated scores of proteins against all of them.

Shapes: B proteins, T terms of the release (roots and terms never seen in training among them), D shared width, G text
width.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, is_root
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.metrics.logistic_calibration import Calibration
from gofer.metrics.logistic_calibration import fit as fit_calibration
from gofer.mining.vocabulary import term_base_rates
from gofer.training.checkpoint import read_checkpoint
from gofer.training.encode import term_vectors, text_logits
from gofer.training.model import GoferModel


@dataclass(frozen=True, eq=False)
class TermSpace:
    """The terms as one model projects them; columns are in the order of the terms table.

    Attributes:
        model: The trained model.
        terms: The terms table.
        z_TD: Term vectors.
        text_TG: Unit vectors of their texts, before any training.
        base_rate_T: Log-odds of each term; guessed from its ancestors for one never seen in training.
        graph: Parents within the aspect, along which annotations propagate.
    """

    model: GoferModel
    terms: pd.DataFrame
    z_TD: NDArray[np.float32]
    text_TG: NDArray[np.float32]
    base_rate_T: NDArray[np.float32]
    graph: GoGraph

    @classmethod
    def of_model(
        cls, model: GoferModel, terms: pd.DataFrame, texts: GoLookupCache, relations: Iterable[str] = TRUE_PATH
    ) -> "TermSpace":
        """Project the texts of all terms; `texts` must hold every term of the table.

        `relations` are those along which annotations propagate in this run.
        """
        terms, relations = terms.reset_index(drop=True), list(relations)
        go_ids = terms["go_id"].tolist()
        text_TG = texts.subset(go_ids).vectors_TG
        return cls(
            model=model,
            terms=terms,
            z_TD=term_vectors(model, go_ids, text_TG),
            text_TG=text_TG,
            base_rate_T=term_base_rates(terms, relations),
            graph=GoGraph.of_terms(terms, relations, within_aspect=True),
        )

    @classmethod
    def read(
        cls, files: Mapping[str, Path | str], relations: Iterable[str], *, expected: Manifest | None = None
    ) -> "TermSpace":
        """Open a trained model with the terms of its release.

        Args:
            files: checkpoint, terms and texts (of phase D), by these names.
            relations: Along which annotations propagate in this run.
            expected: Release facts that the texts must not contradict.
        """
        model, _ = read_checkpoint(files["checkpoint"])
        texts = GoLookupCache.read(files["texts"], expected=expected)
        return cls.of_model(model, read_table(files["terms"]), texts, relations)

    @property
    def go_ids(self) -> list[str]:
        """Ids of the terms."""
        return self.terms["go_id"].tolist()

    @property
    def is_root_T(self) -> NDArray[np.bool_]:
        """Which terms are the roots of their aspects: true of every protein, so never predicted."""
        return is_root(self.terms)

    def calibrate(self, z_BD: NDArray[np.float32], labels_BT: NDArray[np.bool_]) -> Calibration:
        """Fit the calibration on validation proteins, over the terms seen in training."""
        seen_T = seen_in_training(self.terms)
        return fit_calibration(
            text_logits(self.model, z_BD, self.z_TD[seen_T]),
            self.base_rate_T[seen_T],
            self.terms["aspect"].to_numpy(str)[seen_T],
            labels_BT[:, seen_T],
        )

    def text_scores(self, z_BD: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float32]:
        """Scores from the terms' texts, as probabilities in (0, 1], (B, T); a parent may still score below a child."""
        logits_BT = text_logits(self.model, z_BD, self.z_TD)
        return calibration.apply(logits_BT, self.base_rate_T, self.terms["aspect"].to_numpy(str))

    def to_keep(self, scores_BT: NDArray[np.float32], *, min_score: float, max_terms: int | None) -> NDArray[np.bool_]:
        """Which scores to report: no roots, at least `min_score`, and the best `max_terms` of each protein.

        Ties go to terms nearer to the root, so that a term is never kept without its parents.
        """
        keep_BT = (scores_BT >= min_score) & ~self.is_root_T
        if max_terms is None or max_terms >= scores_BT.shape[1]:
            return keep_BT
        for scores_T, keep_T in zip(scores_BT, keep_BT, strict=True):
            rows = np.flatnonzero(keep_T)
            order = np.lexsort((rows, -self.graph.height_T[rows], -scores_T[rows]))
            keep_T[rows[order[max_terms:]]] = False
        return keep_BT
