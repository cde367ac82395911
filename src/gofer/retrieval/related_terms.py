"""Propagates label-transfer scores to rare and unseen terms via related seen terms.

The text gives each term log-odds. Half the sum of three lifts is added to them. A lift says how much more often than on
average the labels of similar proteins predict seen terms for this protein. The three overlap, hence the half:

- seen terms t of the same aspect with the most similar texts (the term itself too, where it is seen), with weights
  w(t), a softmax of the cosines: log of Σ w(t) · expected(t) over Σ w(t) · mean(t);
- the same over terms of the other aspects: the function of a protein hints at its process and its place;
- the nearest seen ancestors a: the mean of log of expected(a) over mean(a), since a protein with the term has them too.

`PSEUDO_SHARE` is added to both sides of a lift: a term that is never expected may still be true, and predictions of
terms that one protein in a thousand has are mostly noise.

The full sum orders proteins as well, but predicts many unseen terms for every protein. For a term that n training
proteins have, the lifts are weighted by RARE / (n + RARE), as the text is in `retrieval/ensemble.py`.

Shapes: B proteins, T terms, S seen terms, G text width.
"""

from dataclasses import dataclass, replace

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.metrics.logistic_calibration import LOWEST_SCORE, log_odds
from gofer.retrieval.ensemble import RARE

NEAREST = 32  # related seen terms of a term
TEMPERATURE = 0.05  # of the softmax over their cosines
PSEUDO_SHARE = 0.01  # of the known proteins


@dataclass(frozen=True, eq=False)
class RelatedTerms:
    """Seen terms by term.

    Attributes:
        similar_TS: Weights of the seen terms of the same aspect with similar texts; rows sum to 1 or are empty.
        across_TS: The same over the other aspects.
        ancestors_TS: Weights of the nearest seen ancestors; rows sum to 1 or are empty, where only the root is seen.
        mean_S: Share of the known proteins that have each seen term.
        strength_T: Weight of the lifts of each term, in (0, 1].
    """

    similar_TS: sp.csr_array
    across_TS: sp.csr_array
    ancestors_TS: sp.csr_array
    mean_S: NDArray[np.float32]
    strength_T: NDArray[np.float32]

    @classmethod
    def of_terms(
        cls,
        texts_TG: NDArray[np.float32],
        aspects_T: NDArray,
        graph: GoGraph,
        seen: NDArray[np.int64],
        mean_S: NDArray[np.float32],
        counts_T: NDArray,
    ) -> "RelatedTerms":
        """Relate the terms of a release.

        Args:
            texts_TG: Unit vectors of the terms' texts.
            aspects_T: Aspect of each term.
            graph: Of the terms, within aspects.
            seen: Rows of the seen terms, roots left out.
            mean_S: Share of the known proteins that have each seen term.
            counts_T: How many training proteins have each term.
        """
        similar_TS, across_TS = (_similar(texts_TG, seen, aspects_T, across=across) for across in (False, True))
        ancestors_TS = _nearest_ancestors(graph, len(texts_TG), seen)
        return cls(similar_TS, across_TS, ancestors_TS, mean_S, (RARE / (counts_T + RARE)).astype(np.float32))

    def of(self, rows: NDArray[np.int64]) -> "RelatedTerms":
        """The rows of some of the terms."""
        tables = {name: getattr(self, name)[rows] for name in ("similar_TS", "across_TS", "ancestors_TS", "strength_T")}
        return replace(self, **tables)

    def raised(self, scores_BT: NDArray[np.float32], expected_BS: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the terms in (0, 1), (B, T).

        Args:
            scores_BT: Scores from their texts, in (0, 1].
            expected_BS: What labels of similar proteins predict for the seen terms, in [0, 1].
        """
        lift_BT = (self.ancestors_TS @ _log_lift(expected_BS, self.mean_S).T).T
        for near_TS in (self.similar_TS, self.across_TS):
            lift_BT += _log_lift((near_TS @ expected_BS.T).T, near_TS @ self.mean_S)
        odds_BT = log_odds(scores_BT) + self.strength_T * lift_BT / 2
        return np.clip(expit(odds_BT), LOWEST_SCORE, 1).astype(np.float32)


def _log_lift(expected_BX: NDArray[np.float32], mean_X: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.log((expected_BX + np.float32(PSEUDO_SHARE)) / (mean_X + np.float32(PSEUDO_SHARE)))


def _similar(
    texts_TG: NDArray[np.float32], seen: NDArray[np.int64], aspects_T: NDArray, *, across: bool
) -> sp.csr_array:
    # For the terms of each aspect, the seen terms of that aspect, or (across) those of the other aspects.
    weights_TS = sp.csr_array((len(texts_TG), len(seen)), dtype=np.float32)
    for aspect in np.unique(aspects_T):
        rows, columns = np.flatnonzero(aspects_T == aspect), np.flatnonzero((aspects_T[seen] == aspect) != across)
        if not len(columns):
            continue
        most = min(NEAREST, len(columns))
        cosine_RK, place_RK = faiss.knn(texts_TG[rows], texts_TG[seen[columns]], most, faiss.METRIC_INNER_PRODUCT)
        weight_RK = np.exp((cosine_RK - cosine_RK[:, :1]) / TEMPERATURE)
        weight_RK /= weight_RK.sum(axis=1, keepdims=True)
        places = np.repeat(rows, most), columns[place_RK.ravel()]
        weights_TS = weights_TS + sp.csr_array((weight_RK.ravel(), places), shape=weights_TS.shape)
    return sp.csr_array(weights_TS)


def _nearest_ancestors(graph: GoGraph, terms: int, seen: NDArray[np.int64]) -> sp.csr_array:
    # The first seen term on every path upwards.
    column_of = {row: column for column, row in enumerate(seen.tolist())}
    above: dict[int, set[int]] = {}
    for children, parents, starts in graph.downwards():
        for child, above_it in zip(children.tolist(), np.split(parents, starts[1:]), strict=True):
            nearest = (
                {column_of[parent]} if parent in column_of else above.get(parent, set()) for parent in above_it.tolist()
            )
            above[child] = set().union(*nearest)
    found = [sorted(above.get(row, ())) for row in range(terms)]
    sizes = np.array([len(columns) for columns in found], dtype=np.int64)
    columns = np.array([column for seen_above in found for column in seen_above], dtype=np.int64)
    weights = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32)
    return sp.csr_array((weights, columns, np.concatenate([[0], np.cumsum(sizes)])), shape=(terms, len(seen)))
