"""One method's figures of what a benchmark has judged apart, as more rows of the metrics table.

The term set `listed` is the vocabulary of evaluation.terms. The split `test_<name>` is a set of test proteins: one of
evaluation.protein_sets, or what was known of them before they were tested (`knowledge`). Of a set, figures are those of
proteins, over all terms and over the listed ones.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.evaluation.cafa import score_matrix
from gofer.evaluation.intervals import DRAWS, Bootstrap, interval
from gofer.evaluation.judged import PARTIAL, PARTIAL_SPLIT, Judged
from gofer.evaluation.measures import ASPECTS, BITS, COLUMNS, Row
from gofer.evaluation.term_figures import PROTEIN_METRICS, TERM_METRICS, protein_figures, term_figures
from gofer.evaluation.truth import AspectData, HeldOut, Predicted, aspect_data

LISTED = "listed"
ALL = "all"


def measure_apart(
    method: str, predicted: Predicted, held_out: HeldOut, judged: Judged, bootstrap: Bootstrap
) -> pd.DataFrame:
    """Every figure of what is judged apart.

    Args:
        method: Name in the table.
        predicted: What it says.
        held_out: Terms and labels, partial knowledge as a split of its own.
        judged: What is judged apart.
        bootstrap: How intervals are made.

    Returns:
        As `measures.measure`; without a row where nothing is judged apart.
    """
    rows = []
    for aspect in ASPECTS if expected_rows(judged) else []:
        for split, term_set, (metric, values_N, n) in _rows(predicted, held_out, judged, aspect, bootstrap):
            keys = {"method": method, "split": split, "aspect": aspect, "term_set": term_set, "metric": metric}
            told = interval(values_N, (0, np.inf) if metric in BITS else (0, 1))
            rows.append({**keys, **told, "n": n, DRAWS: values_N.astype(np.float32)})
    return pd.DataFrame(rows, columns=[*COLUMNS, DRAWS])


def not_measured_apart(method: str, judged: Judged) -> pd.DataFrame:
    """The same rows of a method that could not run, every value NaN."""
    keys = [(aspect, *key) for aspect in ASPECTS for key in expected_rows(judged)]
    table = pd.DataFrame(keys, columns=["aspect", "split", "term_set", "metric"])
    nothing: dict[str, object] = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    return table.assign(method=method, **nothing, **{DRAWS: [np.empty(0, np.float32)] * len(table)})[[*COLUMNS, DRAWS]]


def expected_rows(judged: Judged) -> list[tuple[str, str, str]]:
    """Split, term set and metric of the rows that each aspect has."""
    listed = bool(len(judged.terms))
    rows = [("test", LISTED, metric) for metric in TERM_METRICS if listed]
    for name in judged.sets(ASPECTS[0]):
        sets = [ALL, *([LISTED] if listed and name != PARTIAL else [])]
        rows += [(f"test_{name}", term_set, metric) for term_set in sets for metric in PROTEIN_METRICS]
    return rows


def _rows(predicted: Predicted, held_out: HeldOut, judged: Judged, aspect: str, bootstrap: Bootstrap) -> Iterator[Row]:
    test = aspect_data(predicted, held_out, aspect, "test")
    draws_NB = bootstrap.draws(len(test.labels_BC))
    listed_C = test.terms["go_id"].isin(judged.terms["go_id"]).to_numpy(bool)
    sets = judged.sets(aspect)
    if len(judged.terms):
        uncut_BC = None if test.uncut_BC is None else test.uncut_BC[:, listed_C]
        # As for other sets of terms, nothing is propagated into the columns.
        own = test.stated_BC[:, listed_C], test.labels_BC[:, listed_C], test.accretion_C[listed_C]
        yield from (("test", LISTED, figure) for figure in term_figures(*own, draws_NB, uncut_BC))
    for name in sets:
        if name == PARTIAL:
            partial = without_known(aspect_data(predicted, held_out, aspect, PARTIAL_SPLIT), judged.known)
            every_B = np.ones(len(partial.labels_BC), bool)
            yield from _of_proteins(PARTIAL_SPLIT, partial, every_B, bootstrap.draws(len(every_B)))
            continue
        own_B = test.protein_ids.isin(sets[name])
        yield from _of_proteins(f"test_{name}", test, own_B, draws_NB)
        if len(judged.terms):
            own_B = own_B & test.labels_BC[:, listed_C].any(axis=1)
            yield from _of_proteins(f"test_{name}", test, own_B, draws_NB, listed_C)


def _of_proteins(
    split: str, data: AspectData, own_B: NDArray[np.bool_], draws_NB: NDArray, listed_C: NDArray[np.bool_] | None = None
) -> Iterator[Row]:
    if listed_C is None:
        figures = protein_figures(data.scores_BC[own_B], data.labels_BC[own_B], data.accretion_C, draws_NB[:, own_B])
    else:
        own = data.stated_BC[own_B][:, listed_C], data.labels_BC[own_B][:, listed_C], data.accretion_C[listed_C]
        figures = protein_figures(*own, draws_NB[:, own_B])
    yield from ((split, ALL if listed_C is None else LISTED, figure) for figure in figures)


def without_known(data: AspectData, known: pd.DataFrame) -> AspectData:
    """The same with no score and no label where a term was known: it is neither found, missed nor wrong.

    Args:
        data: Scores and labels.
        known: Columns protein_id, go_id.
    """
    known_BC = score_matrix(known.assign(score=1.0), data.protein_ids, data.terms["go_id"]) > 0
    return replace(
        data,
        stated_BC=np.where(known_BC, 0, data.stated_BC),
        scores_BC=np.where(known_BC, 0, data.scores_BC),
        labels_BC=data.labels_BC & ~known_BC,
    )
