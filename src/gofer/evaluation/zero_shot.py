"""How well terms with few or no training proteins are found: term by term, each over the same proteins.

Scores come from a predictions file in full vocabulary; a protein-term pair that is absent scores 0 and ties with its
like. Nothing is propagated into these columns: a zero-shot term must earn its own score.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.metrics import count, fmax_of
from gofer.evaluation.ranking import TermMeans, term_means


@dataclass(frozen=True)
class TermSetFigures:
    """Figures of one set of terms, each with one value per resample (N).

    Attributes:
        fmax_N: Fmax over these columns alone, of the proteins that have one of the terms.
        recall_at_10_N: Share of a protein's terms of the set that are among its ten best of it; mean over proteins.
        terms: Macro AUPR and AUROC.
        n_proteins: Proteins that have a term of the set.
    """

    fmax_N: NDArray[np.float64]
    recall_at_10_N: NDArray[np.float64]
    terms: TermMeans
    n_proteins: int


def score_terms(
    scores_BC: NDArray, labels_BC: NDArray[np.bool_], draws_NB: NDArray, uncut_BC: NDArray | None = None
) -> TermSetFigures:
    """Figures of the given columns.

    Args:
        scores_BC: Scores of the set's terms, in [0, 1]; 0 is no prediction.
        labels_BC: True labels, propagated.
        draws_NB: How often each protein is drawn in each of N resamples.
        uncut_BC: Scores without a lower cutoff, at least of the terms that a protein has, for the macro figures: most
            scores of rare terms lie below any sensible cutoff, yet their order says whether a term is recognised.
    """
    macro = term_means(scores_BC if uncut_BC is None else uncut_BC, labels_BC, draws_NB)
    labelled_B = labels_BC.any(axis=1)
    used_C = labels_BC.any(axis=0) | (scores_BC > 0).any(axis=0)
    scores_BC, labels_BC = scores_BC[:, used_C], labels_BC[:, used_C]
    return TermSetFigures(
        fmax_N=fmax_of(count(scores_BC, labels_BC), draws_NB[:, labelled_B]),
        recall_at_10_N=_recall_at(scores_BC[labelled_B], labels_BC[labelled_B], draws_NB[:, labelled_B], k=10),
        terms=macro,
        n_proteins=int(labelled_B.sum()),
    )


def _recall_at(scores_BC: NDArray, labels_BC: NDArray[np.bool_], draws_NB: NDArray, *, k: int) -> NDArray[np.float64]:
    # A stable sort leaves ties in the order of ids; a pair that scores 0 was not retrieved.
    if not labels_BC.size:
        return np.full(len(draws_NB), np.nan)
    best_BK = np.argsort(-scores_BC, axis=1, kind="stable")[:, :k]
    found_BK = np.take_along_axis(labels_BC & (scores_BC > 0), best_BK, axis=1)
    recall_B = found_BK.sum(axis=1) / np.minimum(labels_BC.sum(axis=1), k)
    total_N = draws_NB.sum(axis=1)
    return np.divide(draws_NB @ recall_B, total_N, out=np.full(len(draws_NB), np.nan), where=total_N > 0)
