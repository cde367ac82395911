"""All figures of a set of terms, by name: those of proteins (Fmax …), of pairs, and of terms one by one.

Scores come from a predictions file in full vocabulary; an absent protein-term pair scores 0 and ties with all other
absent pairs. Retrieval goes both ways: from a protein to its terms (recall_at_10, mrr), and from a term to its proteins
(proteins_recall_at_10, proteins_mrr).
"""

from collections.abc import Iterator

from numpy.typing import NDArray

from gofer.metrics.calibration_error import reliability
from gofer.metrics.fmax import Named, count, coverage_of, fmax_of, smin_of
from gofer.metrics.ranking import micro_aupr, retrieved_terms
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import TermMeans

PROTEIN_METRICS = ["fmax", "weighted_fmax", "smin", "coverage", "micro_aupr", "recall_at_10", "mrr"]
MACRO_METRICS = ["macro_aupr", "macro_auroc", "proteins_recall_at_10", "proteins_mrr"]
TERM_METRICS = [*PROTEIN_METRICS, "calibration_error", *MACRO_METRICS]


def term_figures(pairs: Pairs, accretion_C: NDArray, draws_NB: NDArray, macro: TermMeans) -> Iterator[Named]:
    """Every one of `TERM_METRICS` over the given terms, each with one value per resample (N).

    Figures of proteins are about those that have one of the terms, calibration about all.

    Args:
        pairs: Predicted and true pairs of the terms.
        accretion_C: Information accretion of each term.
        draws_NB: How often each protein is drawn in each of N resamples.
        macro: The figures of terms.

    Yields:
        metric, its values, and n: proteins, or terms for macro figures.
    """
    labelled_B, calibration_N = pairs.labels_B > 0, reliability(pairs, draws_NB).error_N
    labelled = pairs if labelled_B.all() else pairs.of_proteins(labelled_B)
    yield from protein_figures(labelled, accretion_C, draws_NB[:, labelled_B])
    yield "calibration_error", calibration_N, int(labelled_B.sum())
    values = macro.aupr_N, macro.auroc_N, macro.recall_at_10_N, macro.mrr_N
    yield from ((metric, values_N, macro.n_terms) for metric, values_N in zip(MACRO_METRICS, values, strict=True))


def protein_figures(pairs: Pairs, accretion_C: NDArray, draws_NB: NDArray) -> Iterator[Named]:
    """`PROTEIN_METRICS` of proteins that all have a label; arguments as for `term_figures`."""
    plain, weighted = count(pairs), count(pairs, accretion_C)
    found = retrieved_terms(pairs, draws_NB, k=10)
    values = [
        fmax_of(plain, draws_NB),
        fmax_of(weighted, draws_NB),
        smin_of(weighted, draws_NB),
        coverage_of(plain, draws_NB),
        micro_aupr(pairs, draws_NB),
        found.recall_N,
        found.mrr_N,
    ]
    yield from ((metric, values_N, pairs.n_proteins) for metric, values_N in zip(PROTEIN_METRICS, values, strict=True))
