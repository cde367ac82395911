"""All figures of a set of terms, by name: those of proteins (Fmax …), of pairs, and of terms one by one.

Scores come from a predictions file in full vocabulary; a protein-term pair that is absent scores 0 and ties with its
like. Retrieval goes both ways: from a protein to its terms (recall_at_10, mrr), and from a term to its proteins
(proteins_recall_at_10, proteins_mrr).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.metrics import Named, count, coverage_of, fmax_of, smin_of
from gofer.evaluation.ranking import micro_aupr, retrieved_terms, term_means
from gofer.evaluation.reliability import reliability

PROTEIN_METRICS = ["fmax", "weighted_fmax", "smin", "coverage", "micro_aupr", "recall_at_10", "mrr"]
MACRO_METRICS = ["macro_aupr", "macro_auroc", "proteins_recall_at_10", "proteins_mrr"]
TERM_METRICS = [*PROTEIN_METRICS, "calibration_error", *MACRO_METRICS]


def term_figures(
    scores_BC: NDArray,
    labels_BC: NDArray[np.bool_],
    accretion_C: NDArray,
    draws_NB: NDArray,
    uncut_BC: NDArray | None = None,
) -> Iterator[Named]:
    """Every one of `TERM_METRICS` over the given columns, each with one value per resample (N).

    Figures of proteins are about those that have one of the terms, calibration about all.

    Args:
        scores_BC: Scores of the terms, in [0, 1]; 0 is no prediction.
        labels_BC: True labels, propagated.
        accretion_C: Information accretion of each term.
        draws_NB: How often each protein is drawn in each of N resamples.
        uncut_BC: Scores without a lower cutoff, at least of the terms that a protein has, for the macro figures: most
            scores of rare terms lie below any sensible cutoff, yet their order says whether a term is recognised.

    Yields:
        metric, its values, and n: proteins, or terms for macro figures.
    """
    macro = term_means(scores_BC if uncut_BC is None else uncut_BC, labels_BC, draws_NB)
    labelled_B, calibration_N = labels_BC.any(axis=1), reliability(scores_BC, labels_BC, draws_NB).error_N
    yield from protein_figures(scores_BC[labelled_B], labels_BC[labelled_B], accretion_C, draws_NB[:, labelled_B])
    yield "calibration_error", calibration_N, int(labelled_B.sum())
    values = macro.aupr_N, macro.auroc_N, macro.recall_at_10_N, macro.mrr_N
    yield from ((metric, values_N, macro.n_terms) for metric, values_N in zip(MACRO_METRICS, values, strict=True))


def protein_figures(
    scores_BC: NDArray, labels_BC: NDArray[np.bool_], accretion_C: NDArray, draws_NB: NDArray
) -> Iterator[Named]:
    """`PROTEIN_METRICS` of proteins that all have a label; arguments as for `term_figures`."""
    plain, weighted = count(scores_BC, labels_BC), count(scores_BC, labels_BC, accretion_C)
    found = retrieved_terms(scores_BC, labels_BC, draws_NB, k=10)
    values = [
        fmax_of(plain, draws_NB),
        fmax_of(weighted, draws_NB),
        smin_of(weighted, draws_NB),
        coverage_of(plain, draws_NB),
        micro_aupr(scores_BC, labels_BC, draws_NB),
        found.recall_N,
        found.mrr_N,
    ]
    yield from ((metric, values_N, len(labels_BC)) for metric, values_N in zip(PROTEIN_METRICS, values, strict=True))
