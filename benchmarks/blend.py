"""Learned blends of the estimates of a finished run against its formula, cross-fitted on validation proteins.

    python benchmarks/blend.py results/swissprot_2014
    python benchmarks/blend.py results/swissprot_2014 --every 3 --alone
    python benchmarks/blend.py results/swissprot_2014 --every 3 --features

Of each aspect: Fmax and weighted Fmax, each with the difference from the present formula and its paired 95 % interval
over proteins, and the calibration error; of all proteins and of those below 50 and 30 % identity to training. A fold
holds whole clusters. What is fitted on the other folds: the factors and curves of the formula, the rates of terms,
and the blends. The calibration of the text, trust and share, 15 numbers, are those of the run, which were fitted on all
validation proteins; formula and blends have them in common.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from blend_pairs import FOLDS, LEAST, Pairs, Proteins, pairs_by_aspect, term_rates
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.metrics.calibration_error import reliability
from gofer.metrics.fmax import count_arrays, fmax_of
from gofer.metrics.sparse_pairs import Pairs as ScoredPairs
from gofer.retrieval.learned_blend import BoostedTrees

BELOW = (1.01, 0.5, 0.3)
WEIGHTED = ("mixed", "transferred", "linear", "regressed", "best", "rate")  # that count more with a near relative

Fit = Callable[[NDArray, NDArray], Callable[[NDArray], NDArray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> of a finished run")
    parser.add_argument("--every", type=int, default=1, help="only every n-th validation protein")
    parser.add_argument("--alone", action="store_true", help="without the labels of hits")
    parser.add_argument("--features", action="store_true", help="the blend without each of its features, and with more")
    options = parser.parse_args()
    proteins = Proteins.read(options.run, options.every, alone=options.alone)
    fold_B = proteins.folds()
    print(
        f"{len(fold_B)} validation proteins; seconds are CPU time; Fmax, weighted Fmax, calibration error", flush=True
    )
    for aspect, pairs in pairs_by_aspect(proteins, proteins.present(fold_B)).items():
        one = OneAspect.of(proteins, pairs, aspect, fold_B)
        present = one.show("formula", one.dense(pairs.present_P))
        for name, fit, given_parents in OTHER_FEATURES if options.features else BLENDS:
            one.show(name, one.dense(one.cross_fitted(fit, given_parents)), present)


@dataclass(frozen=True, eq=False)
class OneAspect:
    """Pairs of one aspect, C terms, and what they are judged by."""

    aspect: str
    pairs: Pairs
    features: list[pd.DataFrame]  # of each fold, as it is held out
    graph: GoGraph
    place_P: NDArray[np.int64]
    truth_BC: NDArray[np.bool_]
    accretion_C: NDArray[np.float64]
    fold_B: NDArray[np.int64]
    identity_B: NDArray[np.float64]

    @classmethod
    def of(cls, proteins: Proteins, pairs: Pairs, aspect: str, fold_B: NDArray[np.int64]) -> "OneAspect":
        """With the rates of terms, which differ between folds."""
        terms = proteins.terms
        columns = np.flatnonzero(terms["aspect"] == aspect)
        own = terms.iloc[columns].reset_index(drop=True)
        rates = [term_rates(proteins, pairs, aspect, fold_B == fold, fold_B) for fold in range(FOLDS)]
        return cls(
            aspect,
            pairs,
            [pd.concat([pairs.features.drop(columns="average"), rate], axis=1) for rate in rates],
            GoGraph.of_terms(own, TRUE_PATH, within_aspect=True),
            np.searchsorted(columns, pairs.column_P),
            proteins.truth_BS[:, columns],
            own["information_accretion"].to_numpy(float),
            fold_B,
            proteins.identity_B,
        )

    def cross_fitted(self, fit: Fit, given_parents: bool) -> NDArray[np.float64]:
        """Probability of each pair by a blend that was fitted on the other folds."""
        found_P, labelled_B = np.zeros(len(self.place_P)), self.truth_BC.any(axis=1)
        for fold, features in enumerate(self.features):
            held_P = self.fold_B[self.pairs.row_P] == fold
            fit_P = labelled_B[self.pairs.row_P] & ~held_P
            if given_parents:
                fit_P &= self.pairs.parents_true_P
            predict = fit(features[fit_P], self.pairs.true_P[fit_P])
            found_P[held_P] = predict(features[held_P])
        if not given_parents:
            return found_P
        scores_BC = self.dense(found_P)
        for children, parents, starts in self.graph.downwards():
            scores_BC[:, children] *= np.minimum.reduceat(scores_BC[:, parents], starts, axis=1)
        return scores_BC[self.pairs.row_P, self.place_P]

    def dense(self, score_P: NDArray) -> NDArray[np.float32]:
        """As an array (B, C); pairs that are no candidates have 0."""
        scores_BC = np.zeros(self.truth_BC.shape, np.float32)
        scores_BC[self.pairs.row_P, self.place_P] = score_P
        return scores_BC

    def show(self, name: str, scores_BC: NDArray, present: list[list[NDArray]] | None = None) -> list[list[NDArray]]:
        """Print the figures; returns those of all resamples by identity."""
        scores_BC, found = hierarchy_consistent(scores_BC, self.graph), []
        for number, below in enumerate(BELOW):
            rows = np.flatnonzero(self.truth_BC.any(axis=1) & (self.identity_B < below))
            scores, truth, draws = scores_BC[rows], self.truth_BC[rows], Bootstrap().draws(len(rows))
            counts = (count_arrays(scores, truth, weights) for weights in (None, self.accretion_C))
            values = [fmax_of(count, draws) for count in counts]
            texts = [f"{value[0]:.3f}" for value in values]
            if present:
                both = zip(values, present[number], strict=True)
                gains = [interval(value - before, UNBOUNDED) for value, before in both]
                texts = [
                    f"{t} {g['value']:+.3f} [{g['low']:+.3f}, {g['high']:+.3f}]"
                    for t, g in zip(texts, gains, strict=True)
                ]
            kept = ScoredPairs.of_arrays(np.where(scores >= LEAST, scores, 0), truth)
            error = reliability(kept, np.ones((1, len(rows)))).error_N[0]
            shown = "any" if below > 1 else f"< {below:.0%}"
            print(
                f"{self.aspect} {shown:>6s} {len(rows):5d} {name:24s}"
                + "".join(f"{text:>30s}" for text in texts)
                + f"{error:8.4f}{time.process_time():7.0f} s",
                flush=True,
            )
            found.append(values)
        return found


def logistic(features: pd.DataFrame, true_P: NDArray[np.bool_]) -> Callable[[pd.DataFrame], NDArray]:
    """Logistic regression on the features and their products with the weight of transferred labels."""
    scale = StandardScaler().fit(_with_products(features))
    model = LogisticRegression(solver="newton-cholesky", max_iter=200)
    model.fit(scale.transform(_with_products(features)), true_P)
    return lambda others: model.predict_proba(scale.transform(_with_products(others)))[:, 1]


def trees(features: Sequence[str]) -> Fit:
    """The library's trees over some features."""

    def fit(table: pd.DataFrame, true_P: NDArray[np.bool_]) -> Callable[[pd.DataFrame], NDArray]:
        fitted = BoostedTrees.fit(table[list(features)].to_numpy(), true_P)
        return lambda others: expit(fitted.odds(np.ascontiguousarray(others[list(features)].to_numpy().T)))

    return fit


def _with_products(features: pd.DataFrame) -> pd.DataFrame:
    products = {f"weight × {name}": features["weight"] * features[name] for name in WEIGHTED}
    found = (features["weight"] * (features["hits"] > 0)).astype(np.float32)
    return features.drop(columns=["transferred", "linear"]).assign(**products, found=found)


# Those of the library's blend, by their names here.
BUILT_IN = ("mixed", "raised", "regressed", "transferred", "similarity", "count", "accretion", "depth", "rate")
HITS, ABOVE = ("linear", "best", "hits"), ("whole", "parents")
Blends = tuple[tuple[str, Fit, bool], ...]
BLENDS: Blends = (
    ("logistic", logistic, False),
    ("logistic, given parents", logistic, True),
    ("trees, built in", trees(BUILT_IN), False),
    ("trees, given parents", trees(BUILT_IN), True),
)
OTHER_FEATURES: Blends = (
    ("trees, built in", trees(BUILT_IN), False),
    *((f"without {left_out}", trees([name for name in BUILT_IN if name != left_out]), False) for left_out in BUILT_IN),
    ("with factor", trees((*BUILT_IN, "factor")), False),
    ("with text alone", trees((*BUILT_IN, "text")), False),
    ("with parents", trees((*BUILT_IN, *ABOVE)), False),
    ("with single hits", trees((*BUILT_IN, *HITS)), False),
)


if __name__ == "__main__":
    main()
