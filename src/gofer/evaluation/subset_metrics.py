"""One method's figures on the subsets that a benchmark evaluates separately, as rows of the metrics table.

The term set `listed` is the vocabulary of evaluation.terms. The split `test_<name>` is a set of test proteins: one of
evaluation.protein_sets, or a kind of prior knowledge (`knowledge`). A set has the figures of proteins, over all terms
and over the listed ones.
"""

from collections.abc import Iterator

import pandas as pd
from numpy.typing import NDArray

from gofer.evaluation.join_predictions import AspectPairs, Predicted, aspect_pairs
from gofer.evaluation.metric_rows import Row, macro_figures, with_intervals, without_values
from gofer.evaluation.term_metrics import PROTEIN_METRICS, TERM_METRICS, protein_figures, term_figures
from gofer.inputs.benchmark_subsets import PARTIAL, PARTIAL_SPLIT, Judged
from gofer.inputs.held_out import HeldOut
from gofer.metrics.bootstrap import Bootstrap
from gofer.metrics.sparse_pairs import Pairs
from gofer.names import ASPECTS

LISTED = "listed"
ALL = "all"


def measure_subsets(
    method: str, predicted: Predicted, held_out: HeldOut, judged: Judged, bootstrap: Bootstrap
) -> pd.DataFrame:
    """Every figure on subsets.

    Args:
        method: Name in the table.
        predicted: Its scores.
        held_out: Terms and labels, partial knowledge as a separate split, or within the split test.
        judged: The subsets.
        bootstrap: How intervals are made.

    Returns:
        As `metric_rows.measure`; without a row if there is no subset.
    """
    if not expected_rows(judged):
        return subsets_not_measured(method, judged)
    parts = (
        with_intervals(method, aspect, _rows(predicted, held_out, judged, aspect, bootstrap)) for aspect in ASPECTS
    )
    return pd.concat(parts, ignore_index=True)


def subsets_not_measured(method: str, judged: Judged) -> pd.DataFrame:
    """The same rows of a method that could not run, every value NaN."""
    return without_values(method, expected_rows(judged))


def expected_rows(judged: Judged) -> list[tuple[str, str, str]]:
    """Split, term set and metric of the rows that each aspect has."""
    listed = bool(len(judged.terms))
    rows = [("test", LISTED, metric) for metric in TERM_METRICS if listed]
    for name in judged.sets(next(iter(ASPECTS))):
        sets = [ALL, *([LISTED] if listed and name != PARTIAL else [])]
        rows += [(f"test_{name}", term_set, metric) for term_set in sets for metric in PROTEIN_METRICS]
    return rows


def _rows(predicted: Predicted, held_out: HeldOut, judged: Judged, aspect: str, bootstrap: Bootstrap) -> Iterator[Row]:
    test = aspect_pairs(predicted.scores, held_out, aspect, "test")
    draws_NB = bootstrap.draws(len(test.protein_ids))
    listed_C = test.terms["go_id"].isin(judged.terms["go_id"]).to_numpy(bool)
    # As for other sets of terms, nothing is propagated into the columns.
    listed, accretion_C = test.stated.of_terms(listed_C), test.accretion_C[listed_C]
    if len(judged.terms):
        macro = macro_figures(test, predicted.unthresholded, {LISTED: listed_C}, draws_NB)[LISTED]
        yield from (("test", LISTED, figure) for figure in term_figures(listed, accretion_C, draws_NB, macro))
    for name, proteins in judged.sets(aspect).items():
        if name == PARTIAL:
            # In a judged split, known terms are in the main test too.
            separate = (held_out.truth["split"] == PARTIAL_SPLIT).any()
            partial = aspect_pairs(predicted.scores, held_out, aspect, PARTIAL_SPLIT) if separate else test
            new, draws = without_known(partial, judged.known), bootstrap.draws(len(partial.protein_ids))
            in_set_B = partial.protein_ids.isin(proteins)
            yield from _of_proteins(
                PARTIAL_SPLIT, ALL, new.of_proteins(in_set_B), partial.accretion_C, draws[:, in_set_B]
            )
            continue
        in_set_B = test.protein_ids.isin(proteins)
        yield from _of_proteins(
            f"test_{name}", ALL, test.pairs.of_proteins(in_set_B), test.accretion_C, draws_NB[:, in_set_B]
        )
        if len(judged.terms):
            in_set_B &= listed.labels_B > 0
            yield from _of_proteins(
                f"test_{name}", LISTED, listed.of_proteins(in_set_B), accretion_C, draws_NB[:, in_set_B]
            )


def _of_proteins(split: str, term_set: str, pairs: Pairs, accretion_C: NDArray, draws_NB: NDArray) -> Iterator[Row]:
    yield from ((split, term_set, figure) for figure in protein_figures(pairs, accretion_C, draws_NB))


def without_known(data: AspectPairs, known: pd.DataFrame) -> Pairs:
    """The pairs without those whose term was known for the protein: they are neither found, missed nor wrong.

    Args:
        data: Scores and labels, propagated.
        known: Columns protein_id, go_id.
    """
    row_K = data.protein_ids.get_indexer(known["protein_id"])
    column_K = pd.Index(data.terms["go_id"]).get_indexer(known["go_id"])
    here_K = (row_K >= 0) & (column_K >= 0)
    return data.pairs.without(row_K[here_K], column_K[here_K])
