"""What labels of similar proteins say of any term by way of the seen terms next to it.

The log-odds that the text gives a term are raised by half the sum of three lifts, of how much more often than on
average labels of similar proteins make a seen term expected of the protein; they tell the same in part, hence the half:

- of the seen terms t of its aspect whose texts are most like its own, itself among them where it is seen, with weights
  w(t), a softmax of the cosines: log of Σ w(t) · expected(t) over Σ w(t) · mean(t);
- the same of those of the other aspects: what a protein does tells which process it is part of, and where;
- of its nearest seen ancestors a, the mean of log of expected(a) over mean(a): what is true of a term is true of them.

To both sides of a lift `PSEUDO_SHARE` is added: what is never expected may still be true, and what is
expected of a term that one protein in a thousand has is mostly noise.

Their whole sum orders proteins as well, but has many an unseen term expected of every protein. Of a term that n
training proteins have the lifts count by RARE / (n + RARE), as its text does beside what is regressed of it
(`retrieval/ensemble.py`).

Shapes: B proteins, T terms, S seen terms, G text width.
"""

from dataclasses import dataclass, replace

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.metrics.logistic_calibration import LOWEST_SCORE
from gofer.retrieval.ensemble import RARE

NEAREST = 32  # seen terms that count for a term
TEMPERATURE = 0.05  # of the softmax over their cosines
PSEUDO_SHARE = 0.01  # of the known proteins


@dataclass(frozen=True, eq=False)
class RelatedTerms:
    """Seen terms by term.

    Attributes:
        similar_TS: Weight of each seen term of its aspect of like text, rows sum to 1; empty where there is none.
        across_TS: The same of the other aspects.
        ancestors_TS: Weight of the nearest seen ancestors, rows sum to 1; empty rows where none below the root is seen.
        mean_S: Share of the known proteins that have each seen term.
        strength_T: How much the lifts of each term count, in (0, 1].
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
        """Those of a release.

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
        """Those of some of the terms."""
        tables = {name: getattr(self, name)[rows] for name in ("similar_TS", "across_TS", "ancestors_TS", "strength_T")}
        return replace(self, **tables)

    def raised(self, scores_BT: NDArray[np.float32], expected_BS: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the terms in (0, 1), (B, T).

        Args:
            scores_BT: What their texts say, in (0, 1].
            expected_BS: What labels of similar proteins say of the seen terms, in [0, 1].
        """
        lift_BT = (self.ancestors_TS @ _log_lift(expected_BS, self.mean_S).T).T
        for near_TS in (self.similar_TS, self.across_TS):
            lift_BT += _log_lift((near_TS @ expected_BS.T).T, near_TS @ self.mean_S)
        odds_BT = logit(np.clip(scores_BT, LOWEST_SCORE, 1 - LOWEST_SCORE)) + self.strength_T * lift_BT / 2
        return np.clip(expit(odds_BT), LOWEST_SCORE, 1).astype(np.float32)


def _log_lift(expected_BX: NDArray[np.float32], mean_X: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.log((expected_BX + np.float32(PSEUDO_SHARE)) / (mean_X + np.float32(PSEUDO_SHARE)))


def _similar(
    texts_TG: NDArray[np.float32], seen: NDArray[np.int64], aspects_T: NDArray, *, across: bool
) -> sp.csr_array:
    # Of the terms of each aspect those seen in it, or across the aspects those seen in the others.
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
    # Along every way upwards the first that is seen.
    column_of = {row: column for column, row in enumerate(seen.tolist())}
    above: dict[int, set[int]] = {}
    for children, parents, starts in graph.downwards():
        for child, own in zip(children.tolist(), np.split(parents, starts[1:]), strict=True):
            nearest = (
                {column_of[parent]} if parent in column_of else above.get(parent, set()) for parent in own.tolist()
            )
            above[child] = set().union(*nearest)
    found = [sorted(above.get(row, ())) for row in range(terms)]
    sizes = np.array([len(columns) for columns in found], dtype=np.int64)
    columns = np.array([column for own in found for column in own], dtype=np.int64)
    weights = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32)
    return sp.csr_array((weights, columns, np.concatenate([[0], np.cumsum(sizes)])), shape=(terms, len(seen)))
