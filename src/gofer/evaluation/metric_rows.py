"""One method's figures as rows of the metrics table: per aspect and set of terms, each with a bootstrap interval.

Rows of the split `test` are about all test proteins, those of `test_<bin>` about the test proteins whose nearest
training protein is that similar, those of `test_below_…` about all that are less similar. The term set is `all`, a set
of the run (common, few, zero), a bin of training counts (`train_…`), or a setting of generalised zero-shot retrieval
(`generalised_zero_shot.SETTINGS`).
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.evaluation.cafaeval import AspectFigures
from gofer.evaluation.join_predictions import AspectPairs, Predicted, aspect_pairs
from gofer.evaluation.term_metrics import PROTEIN_METRICS, TERM_METRICS, protein_figures, term_figures
from gofer.inputs.held_out import HeldOut
from gofer.inputs.splits.identity_bins import identity_bins
from gofer.metrics.bootstrap import DRAWS, Bootstrap, interval
from gofer.metrics.calibration_error import BINS, reliability
from gofer.metrics.fmax import THRESHOLDS, Named, count, f_curve, s_curve
from gofer.metrics.generalised_zero_shot import (
    RANK_METRICS,
    SETTINGS,
    from_table,
    generalised_figures,
    true_ranks,
)
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import TermMeans, TermScores, by_term, means_of_terms
from gofer.names import ASPECTS, BELOW_IDENTITY, IDENTITY_BINS, TERM_SETS
from gofer.retrieval.unthresholded_scores import UnthresholdedScores
from gofer.tables import METRICS

logger = logging.getLogger(__name__)

THRESHOLD_METRICS = [
    "best_threshold", "validation_threshold", "f_at_validation_threshold", "weighted_f_at_validation_threshold",
    "s_at_validation_threshold",
]  # fmt: skip
RELIABILITY = [f"reliability_{what}_{number}" for number in range(1, BINS + 1) for what in ("score", "share")]
DESCRIPTIVE = [*RELIABILITY, "best_threshold", "validation_threshold"]  # neither good nor bad: not compared
ASPECT_METRICS = [*TERM_METRICS, *THRESHOLD_METRICS, *RELIABILITY]
COUNT_BINS = {
    "train_0": (0, 0),
    "train_1_5": (1, 5),
    "train_6_20": (6, 20),
    "train_21_100": (21, 100),
    "train_over_100": (101, None),
}
SETS = [*TERM_SETS, *COUNT_BINS]
BITS = {"smin", "s_at_validation_threshold"}  # every other figure is in [0, 1]
AGREEMENT = 0.0011  # cafaeval prints three decimals

Row = tuple[str, str, Named]  # split, term set, figure


def measure(
    method: str,
    predicted: Predicted,
    held_out: HeldOut,
    figures: Mapping[str, AspectFigures],
    bootstrap: Bootstrap,
) -> pd.DataFrame:
    """Every figure of one method on the test proteins.

    Fmax, weighted Fmax, Smin and coverage are cafaeval's; their intervals, and everything else, come from
    `gofer.metrics`, which must agree with cafaeval.

    Args:
        method: Name in the table.
        predicted: Its scores.
        held_out: Terms and labels.
        figures: cafaeval's figures of the test proteins, by aspect.
        bootstrap: How intervals are made.

    Returns:
        `tables.METRICS` and draws, the values of all resamples (float32): n proteins, for macro figures n terms. NaN
        where a figure is not defined.

    Raises:
        ArtefactError: Our figures and cafaeval's differ.
    """
    parts = []
    for aspect in ASPECTS:
        val = aspect_pairs(predicted.scores, held_out, aspect, "val").pairs
        test = aspect_pairs(predicted.scores, held_out, aspect, "test")
        draws_NB = bootstrap.draws(len(test.protein_ids))
        parts.append(with_intervals(method, aspect, _rows(test, val, predicted, held_out, draws_NB)))
        logger.info("%s %s: %d proteins, %d terms", method, aspect, len(test.protein_ids), len(test.terms))
    return _with_cafaeval(pd.concat(parts, ignore_index=True), figures)


def with_intervals(method: str, aspect: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Figures of one aspect as a table, `tables.METRICS` and draws."""
    table = []
    for split, term_set, (metric, values_N, n) in rows:
        bounds = (0, np.inf) if metric in BITS else (0, 1)
        keys = {"method": method, "split": split, "aspect": aspect, "term_set": term_set, "metric": metric}
        table.append({**keys, **interval(values_N, bounds), "n": n, DRAWS: values_N.astype(np.float32)})
    return pd.DataFrame(table, columns=[*METRICS, DRAWS])


def without_values(method: str, keys: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """The same table with every value NaN: split, term set and metric of each aspect's rows."""
    table = pd.DataFrame(
        [(aspect, *key) for aspect in ASPECTS for key in keys], columns=["aspect", "split", "term_set", "metric"]
    )
    nothing: dict[str, object] = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    return table.assign(method=method, **nothing, **{DRAWS: [np.empty(0, np.float32)] * len(table)})[[*METRICS, DRAWS]]


def not_measured(method: str) -> pd.DataFrame:
    """The rows of a method that could not run, every value NaN."""
    keys = [("test", "all", metric) for metric in ASPECT_METRICS]
    keys += [("test", name, metric) for name in SETS for metric in TERM_METRICS]
    keys += [("test", setting, metric) for setting in SETTINGS for metric in RANK_METRICS]
    by_identity = [*(one.split for one in IDENTITY_BINS), *BELOW_IDENTITY]
    keys += [(split, "all", metric) for split in by_identity for metric in PROTEIN_METRICS]
    return without_values(method, keys)


def text_table(measures: Iterable[pd.DataFrame], columns: Iterable[str] = tuple(METRICS)) -> str:
    """The methods' rows as the text of `metrics.tsv`; a figure that is not defined is "n/a"."""
    table = pd.concat([table[list(columns)] for table in measures])
    return table.to_csv(None, sep="\t", index=False, float_format="%.4f", na_rep="n/a")


def _rows(test: AspectPairs, val: Pairs, predicted: Predicted, held_out: HeldOut, draws_NB: NDArray) -> Iterator[Row]:
    sets = dict(_term_sets(test.terms, held_out.term_set))
    macro = macro_figures(test, predicted.unthresholded, sets, draws_NB)
    yield from (("test", "all", figure) for figure in _of_all_terms(test, val, macro["all"], draws_NB))
    for name, chosen_C in sets.items():
        # Nothing is propagated into these columns: a zero-shot term must not get its score from a descendant.
        of_set = test.stated.of_terms(chosen_C)
        figures = term_figures(of_set, test.accretion_C[chosen_C], draws_NB, macro[name])
        yield from (("test", name, figure) for figure in figures)
    ranks = (
        true_ranks(test.stated, test.unseen_C)
        if predicted.ranks is None
        else from_table(predicted.ranks, test.protein_ids, pd.Index(test.terms["go_id"]))
    )
    for setting, figure in generalised_figures(ranks, test.unseen_C, draws_NB):
        yield "test", setting, figure
    identity_B = held_out.identity.reindex(test.protein_ids)
    bins = identity_bins(identity_B)
    similar = {one.split: (bins == one.name).to_numpy(bool) for one in IDENTITY_BINS}
    similar |= {split: ~(identity_B >= limit).to_numpy(bool) for split, limit in BELOW_IDENTITY.items()}
    for split, own_B in similar.items():
        found = protein_figures(test.pairs.of_proteins(own_B), test.accretion_C, draws_NB[:, own_B])
        yield from ((split, "all", figure) for figure in found)


def macro_figures(
    test: AspectPairs,
    unthresholded: UnthresholdedScores | None,
    sets: Mapping[str, NDArray[np.bool_]],
    draws_NB: NDArray,
) -> dict[str, TermMeans]:
    """Figures of terms one by one, over all (`all`) and over each set, from scores without a cutoff if there are any.

    Most scores of rare terms are below any sensible cutoff, but their order shows whether a term is recognised.

    Args:
        test: Test proteins.
        unthresholded: Scores without a cutoff, if there are.
        sets: Which terms are in each set.
        draws_NB: How often each protein is drawn in each of N resamples.
    """
    whole = {"all": np.ones(len(test.terms), bool)}
    if unthresholded is not None:
        return means_of_terms(_without_cutoff(test, unthresholded), draws_NB, {**whole, **sets})
    stated = means_of_terms(by_term(test.stated), draws_NB, sets)
    return means_of_terms(by_term(test.pairs), draws_NB, whole) | stated


def _without_cutoff(test: AspectPairs, unthresholded: UnthresholdedScores) -> Iterator[TermScores]:
    labels, every_B = test.stated, np.arange(len(test.protein_ids), dtype=np.int32)
    order_L = np.argsort(labels.label_L, kind="stable")
    starts_C = np.searchsorted(labels.label_L, np.arange(labels.n_terms + 1), sorter=order_L)
    place_B = unthresholded.protein_ids.get_indexer(test.protein_ids)
    for column, score_N in unthresholded.of_terms(pd.Index(test.terms["go_id"])):
        own_L = order_L[starts_C[column] : starts_C[column + 1]]
        yield TermScores(column, every_B, np.where(place_B >= 0, score_N[place_B], 0), labels.owner_L[own_L])


def _of_all_terms(test: AspectPairs, val: Pairs, macro: TermMeans, draws_NB: NDArray) -> Iterator[Named]:
    yield from term_figures(test.pairs, test.accretion_C, draws_NB, macro)
    yield from _at_thresholds(test.pairs, val, test.accretion_C, draws_NB)
    found, n_proteins = reliability(test.pairs, draws_NB), test.pairs.n_proteins
    for number in range(BINS):
        yield f"reliability_score_{number + 1}", found.score_NU[:, number], n_proteins
        yield f"reliability_share_{number + 1}", found.share_NU[:, number], n_proteins


def _at_thresholds(test: Pairs, val: Pairs, accretion_C: NDArray, draws_NB: NDArray) -> Iterator[Named]:
    # The best threshold of the test proteins is not known in practice; that of the validation proteins is.
    nothing_N, n_proteins = np.full(len(draws_NB), np.nan), test.n_proteins
    values = [nothing_N] * len(THRESHOLD_METRICS)
    if n_proteins:
        plain, weighted = count(test), count(test, accretion_C)
        values[0] = THRESHOLDS[f_curve(plain, draws_NB).argmax(axis=1)]
        if val.n_proteins:
            val_plain, val_weighted = count(val), count(val, accretion_C)
            best = int(f_curve(val_plain)[0].argmax())
            weighted_best, s_best = int(f_curve(val_weighted)[0].argmax()), int(s_curve(val_weighted)[0].argmin())
            s_N = s_curve(weighted, draws_NB)[:, s_best]
            values[1:] = [
                np.full(len(draws_NB), THRESHOLDS[best]),
                f_curve(plain, draws_NB)[:, best],
                f_curve(weighted, draws_NB)[:, weighted_best],
                np.where(np.isfinite(s_N), s_N, np.nan),
            ]
    yield from ((metric, values_N, n_proteins) for metric, values_N in zip(THRESHOLD_METRICS, values, strict=True))


def _term_sets(terms: pd.DataFrame, term_set: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    set_C = terms["go_id"].map(term_set).to_numpy()
    count_C = terms["training_count"].to_numpy()
    for name in TERM_SETS:
        yield name, set_C == name
    for name, (least, most) in COUNT_BINS.items():
        yield name, (count_C >= least) & (count_C <= (np.inf if most is None else most))


def _with_cafaeval(table: pd.DataFrame, figures: Mapping[str, AspectFigures]) -> pd.DataFrame:
    whole = (table["split"] == "test") & (table["term_set"] == "all")
    for aspect, found in figures.items():
        for metric in ("fmax", "weighted_fmax", "smin", "coverage"):
            here = whole & (table["aspect"] == aspect) & (table["metric"] == metric)
            ours, theirs = float(table.loc[here, "value"].iloc[0]), float(getattr(found, metric))
            if not abs(ours - theirs) <= AGREEMENT:
                raise ArtefactError(
                    f"{metric} of {aspect} is {theirs} by cafaeval but {ours:.4f} by gofer.metrics",
                    help="delete the folder evaluation/cafaeval and run snakemake again; if it stays, please report it",
                )
            table.loc[here, "value"] = theirs
    return table
