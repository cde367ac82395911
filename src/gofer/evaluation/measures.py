"""One method's figures as rows of the metrics table: per aspect and set of terms, each with a bootstrap interval."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.evaluation.cafa import score_matrix
from gofer.evaluation.evaluator import AspectFigures, has_parent
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.metrics import count, coverage_of, f_curve, fmax_of, smin_of
from gofer.evaluation.ranking import micro_aupr, term_means
from gofer.evaluation.zero_shot import score_terms
from gofer.inputs.relations import TRUE_PATH

logger = logging.getLogger(__name__)

ASPECTS = ["MFO", "BPO", "CCO"]
COLUMNS = ["method", "split", "aspect", "term_set", "metric", "value", "low", "high", "n"]
ASPECT_METRICS = [
    "fmax", "weighted_fmax", "smin", "coverage", "f_at_validation_threshold", "micro_aupr", "macro_aupr", "macro_auroc",
]  # fmt: skip
TERM_METRICS = ["fmax", "recall_at_10", "macro_aupr", "macro_auroc"]
COUNT_BINS = {
    "train_0": (0, 0),
    "train_1_5": (1, 5),
    "train_6_20": (6, 20),
    "train_21_100": (21, 100),
    "train_over_100": (101, None),
}
TERM_SETS = ["common", "few", "zero", *COUNT_BINS]
UNBOUNDED = {"smin"}  # bits; every other figure lies in [0, 1]
AGREEMENT = 0.0011  # cafaeval prints three decimals


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: 95 % percentile intervals over proteins drawn with replacement, less the resamples' bias.

    A protein drawn twice is an easy neighbour to itself, so that resampled macro figures lie above the value that they
    surround (Efron and Tibshirani 1993, chapter 10); the mean difference is taken off both ends.

    Attributes:
        resamples: How many.
        seed: Makes them repeatable; every method sees the same draws.
    """

    resamples: int = 200
    seed: int = 1

    def draws(self, n_proteins: int) -> NDArray[np.float64]:
        """How often each protein is drawn, (1 + resamples, B); the first row is every protein once."""
        rng = np.random.default_rng(self.seed)
        shares = np.full(n_proteins, 1 / max(n_proteins, 1))
        drawn = rng.multinomial(n_proteins, shares, self.resamples) if n_proteins else np.zeros((self.resamples, 0))
        return np.concatenate([np.ones((1, n_proteins)), drawn])


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What predictions are held against.

    Attributes:
        terms: Columns go_id, aspect, parents per relation, information_accretion, training_count; roots included.
        term_set: common, few or zero by go_id.
        truth: Columns protein_id, go_id, split (val or test), propagated, roots left out.
        relations: Relations along which annotations propagate in this run.
    """

    terms: pd.DataFrame
    term_set: pd.Series
    truth: pd.DataFrame
    relations: tuple[str, ...] = TRUE_PATH

    @classmethod
    def of_tables(
        cls,
        terms: pd.DataFrame,
        term_sets: pd.DataFrame,
        annotations: pd.DataFrame,
        splits: pd.DataFrame,
        relations: Iterable[str] = TRUE_PATH,
    ) -> "HeldOut":
        """Join the tables of the `inputs` stage: labels of the val and test proteins, without roots."""
        relations = tuple(relations)
        truth = annotations[["protein_id", "go_id"]].merge(splits[["protein_id", "split"]], on="protein_id")
        below_roots = has_parent(terms, relations)
        wanted = truth["split"].isin(["val", "test"]) & truth["go_id"].isin(below_roots.index[below_roots])
        term_set, truth = term_sets.set_index("go_id")["term_set"], truth[wanted].drop_duplicates(ignore_index=True)
        return cls(terms, term_set, truth, relations)

    def of_split(self, split: str) -> pd.DataFrame:
        """Columns protein_id, go_id of one split."""
        return self.truth.loc[self.truth["split"] == split, ["protein_id", "go_id"]]


@dataclass(frozen=True, eq=False)
class _AspectData:
    terms: pd.DataFrame  # C, roots left out
    stated_BC: NDArray[np.float64]  # scores as predicted
    scores_BC: NDArray[np.float64]  # scores propagated
    labels_BC: NDArray[np.bool_]
    uncut_BC: NDArray[np.float64] | None  # scores without a lower cutoff, of the terms with a label


def measure(
    method: str,
    predictions: pd.DataFrame,
    held_out: HeldOut,
    figures: Mapping[str, AspectFigures],
    bootstrap: Bootstrap,
    *,
    uncut: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every figure of one method on the test proteins.

    Fmax, weighted Fmax, Smin and coverage are cafaeval's; their intervals, and everything else, come from our own
    metrics, which must agree with cafaeval's.

    Args:
        method: Name in the table.
        predictions: What `read_cafa` gave, of the val and test proteins.
        held_out: Terms and labels.
        figures: cafaeval's figures of the test proteins, by aspect.
        bootstrap: How intervals are made.
        uncut: Columns protein_id, go_id, score of every test protein and every term that one of them has, without a
            lower cutoff; for the figures that look at one term at a time. None: those of `predictions`.

    Returns:
        Columns method, split, aspect, term_set, metric, value, low, high, n: n proteins, for macro figures n terms. NaN
        where a figure cannot be had.

    Raises:
        ArtefactError: Our figures and cafaeval's differ.
    """
    rows: list[dict[str, object]] = []
    for aspect in ASPECTS:
        test = _aspect_data(predictions, held_out, aspect, "test", uncut)
        draws_NB = bootstrap.draws(len(test.labels_BC))
        threshold = _best_threshold(_aspect_data(predictions, held_out, aspect, "val"))
        for metric, values_N, n in _aspect_metrics(test, draws_NB, threshold):
            rows.append({"aspect": aspect, "term_set": "all", "metric": metric, **_interval(metric, values_N), "n": n})
        for name, columns_C in _term_sets(test.terms, held_out.term_set):
            for metric, values_N, n in _term_metrics(test, columns_C, draws_NB):
                rows.append(
                    {"aspect": aspect, "term_set": name, "metric": metric, **_interval(metric, values_N), "n": n}
                )
        logger.info("%s %s: %d proteins, %d terms", method, aspect, *test.labels_BC.shape)
    table = pd.DataFrame(rows).assign(method=method, split="test")[COLUMNS]
    return _with_cafaeval(table, figures)


def not_measured(method: str) -> pd.DataFrame:
    """The rows of a method that could not run, every value NaN."""
    keys = [(aspect, "all", metric) for aspect in ASPECTS for metric in ASPECT_METRICS]
    keys += [(aspect, name, metric) for aspect in ASPECTS for name in TERM_SETS for metric in TERM_METRICS]
    table = pd.DataFrame(keys, columns=["aspect", "term_set", "metric"])
    return table.assign(method=method, split="test", value=np.nan, low=np.nan, high=np.nan, n=0)[COLUMNS]


def text_table(measures: list[pd.DataFrame]) -> str:
    """The methods' rows as the text of `metrics.tsv`; a figure that cannot be had is "n/a"."""
    return pd.concat(measures)[COLUMNS].to_csv(None, sep="\t", index=False, float_format="%.4f", na_rep="n/a")


def _aspect_data(
    predictions: pd.DataFrame, held_out: HeldOut, aspect: str, split: str, uncut: pd.DataFrame | None = None
) -> _AspectData:
    terms = held_out.terms[held_out.terms["aspect"] == aspect].reset_index(drop=True)
    hierarchy = Hierarchy.of_terms(terms, held_out.relations, within_aspect=True)
    truth = held_out.of_split(split)
    truth = truth[truth["go_id"].isin(terms["go_id"])]
    proteins = pd.Index(sorted(truth["protein_id"].unique()))
    labels_BC = score_matrix(truth.assign(score=1.0), proteins, terms["go_id"]) > 0
    stated_BC = score_matrix(predictions, proteins, terms["go_id"])
    below_C = has_parent(terms, held_out.relations).to_numpy()
    return _AspectData(
        terms=terms[below_C].reset_index(drop=True),
        stated_BC=stated_BC[:, below_C],
        scores_BC=hierarchy_consistent(stated_BC, hierarchy)[:, below_C],
        labels_BC=hierarchy_consistent(labels_BC, hierarchy)[:, below_C],
        uncut_BC=None if uncut is None else score_matrix(uncut, proteins, terms["go_id"])[:, below_C],
    )


def _best_threshold(val: _AspectData) -> int | None:
    if not val.labels_BC.size:
        return None
    return int(f_curve(count(val.scores_BC, val.labels_BC))[0].argmax())


def _aspect_metrics(
    data: _AspectData, draws_NB: NDArray[np.float64], threshold: int | None
) -> Iterator[tuple[str, NDArray[np.float64], int]]:
    n_proteins = len(data.labels_BC)
    accretion_C = data.terms["information_accretion"].to_numpy(float)
    plain = count(data.scores_BC, data.labels_BC)
    weighted = count(data.scores_BC, data.labels_BC, accretion_C)
    nothing_N = np.full(len(draws_NB), np.nan)
    at_threshold_N = nothing_N if threshold is None or not n_proteins else f_curve(plain, draws_NB)[:, threshold]
    values = [
        fmax_of(plain, draws_NB),
        fmax_of(weighted, draws_NB),
        smin_of(weighted, draws_NB),
        coverage_of(plain, draws_NB),
        at_threshold_N,
        micro_aupr(data.scores_BC, data.labels_BC, draws_NB),
    ]
    for metric, values_N in zip(ASPECT_METRICS, values, strict=False):
        yield metric, values_N, n_proteins
    means = term_means(data.scores_BC if data.uncut_BC is None else data.uncut_BC, data.labels_BC, draws_NB)
    yield "macro_aupr", means.aupr_N, means.n_terms
    yield "macro_auroc", means.auroc_N, means.n_terms


def _term_metrics(
    data: _AspectData, columns_C: NDArray[np.bool_], draws_NB: NDArray[np.float64]
) -> Iterator[tuple[str, NDArray[np.float64], int]]:
    uncut_BC = None if data.uncut_BC is None else data.uncut_BC[:, columns_C]
    figures = score_terms(data.stated_BC[:, columns_C], data.labels_BC[:, columns_C], draws_NB, uncut_BC)
    yield "fmax", figures.fmax_N, figures.n_proteins
    yield "recall_at_10", figures.recall_at_10_N, figures.n_proteins
    yield "macro_aupr", figures.terms.aupr_N, figures.terms.n_terms
    yield "macro_auroc", figures.terms.auroc_N, figures.terms.n_terms


def _term_sets(terms: pd.DataFrame, term_set: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    set_C = terms["go_id"].map(term_set).to_numpy()
    count_C = terms["training_count"].to_numpy()
    for name in ("common", "few", "zero"):
        yield name, set_C == name
    for name, (least, most) in COUNT_BINS.items():
        yield name, (count_C >= least) & (count_C <= (np.inf if most is None else most))


def _interval(metric: str, values_N: NDArray[np.float64]) -> dict[str, float]:
    drawn = values_N[1:][np.isfinite(values_N[1:])]
    if not np.isfinite(values_N[0]) or not len(drawn):
        return {"value": float(values_N[0]), "low": np.nan, "high": np.nan}
    bias = drawn.mean() - values_N[0]
    low, high = np.clip(np.percentile(drawn, [2.5, 97.5]) - bias, 0, np.inf if metric in UNBOUNDED else 1)
    return {"value": float(values_N[0]), "low": float(low), "high": float(high)}


def _with_cafaeval(table: pd.DataFrame, figures: Mapping[str, AspectFigures]) -> pd.DataFrame:
    for aspect, found in figures.items():
        for metric in ("fmax", "weighted_fmax", "smin", "coverage"):
            here = (table["aspect"] == aspect) & (table["term_set"] == "all") & (table["metric"] == metric)
            ours, theirs = float(table.loc[here, "value"].iloc[0]), float(getattr(found, metric))
            if not abs(ours - theirs) <= AGREEMENT:
                raise ArtefactError(
                    f"{metric} of {aspect} is {theirs} by cafaeval but {ours:.4f} by gofer's own metrics",
                    help="delete the folder evaluation/cafaeval and run snakemake again; if it stays, please report it",
                )
            table.loc[here, "value"] = theirs
    return table
