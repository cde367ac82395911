"""A learned blend of the estimates of an aspect: boosted trees over pairs of protein and term.

The trees read the estimates that the formula of `ensemble` averages, its average among them, and facts of the term, and
give the log-odds that the protein has the term (Friedman 2001, doi:10.1214/aos/1013203451). They are fitted by
scikit-learn and kept as plain arrays, so that a model file holds numbers and nothing that runs.

Pairs of which every estimate is below `LEAST` keep the average. Shapes: B proteins, C terms of an aspect, P pairs, F
features, K trees, D depth, N inner nodes of a tree (2^D - 1), L leaves (2^D).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from gofer.metrics.logistic_calibration import log_odds

ESTIMATES = ("average", "text", "regressed", "transferred")
FEATURES = (*ESTIMATES, "similarity", "training_count", "information_accretion", "depth", "validation_rate")
LEAST = 0.01
TREES, DEPTH = 80, 5
LEAST_LEAF = 100  # pairs
AT_ONCE = 1 << 15  # pairs whose arrays stay in the processor's cache


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Trees of one depth, each filled up to it, level by level from its root.

    Attributes:
        start: Log-odds before the first tree.
        feature_KN: Feature that each inner node compares.
        threshold_KN: A pair goes right where its feature is above.
        leaf_KL: What each leaf adds to the log-odds.
    """

    start: float
    feature_KN: NDArray[np.int64]
    threshold_KN: NDArray[np.float32]
    leaf_KL: NDArray[np.float32]

    @classmethod
    def fit(cls, features_PF: NDArray[np.float32], true_P: NDArray[np.bool_]) -> "BoostedTrees":
        """Fit `TREES` trees by logistic loss.

        Args:
            features_PF: Of each pair.
            true_P: Which pairs are true: some, and not all.
        """
        model = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_depth=DEPTH,
            max_leaf_nodes=None,
            min_samples_leaf=LEAST_LEAF,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=0,
        ).fit(features_PF, true_P)
        # scikit-learn names these parts as private, and has no other way to them; a test compares both predictions.
        trees = [_filled(tree.nodes) for [tree] in model._predictors]
        feature_KN, threshold_KN, leaf_KL = (np.stack(part) for part in zip(*trees, strict=True))
        return cls(round(float(model._baseline_prediction.item()), 6), feature_KN, threshold_KN, leaf_KL)

    def odds(self, features_FP: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds of pairs, (P); features are rows."""
        odds_P = np.full(features_FP.shape[1], self.start, np.float32)
        for start in range(0, len(odds_P), AT_ONCE):
            part_FQ, sum_Q = features_FP[:, start : start + AT_ONCE], odds_P[start : start + AT_ONCE]
            pairs, pair_Q = len(sum_Q), np.arange(len(sum_Q), dtype=np.int32)
            for feature_N, threshold_N, leaf_L in zip(self.feature_KN, self.threshold_KN, self.leaf_KL, strict=True):
                right_NQ = (part_FQ[feature_N] > threshold_N[:, None]).ravel()  # flat: `take` is five times as fast
                place_Q = right_NQ[:pairs].astype(np.int32)
                for level in range(1, self.depth):
                    node_Q = place_Q + (2**level - 1)
                    place_Q = 2 * place_Q + right_NQ.take(node_Q * pairs + pair_Q)
                sum_Q += leaf_L[place_Q]
        return odds_P

    @property
    def depth(self) -> int:
        """Comparisons from the root to a leaf."""
        return self.leaf_KL.shape[1].bit_length() - 1

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "start": self.start,
            "feature": self.feature_KN.tolist(),
            "threshold": [[float(str(number)) for number in tree_N] for tree_N in self.threshold_KN],
            "leaf": [[float(str(number)) for number in tree_L] for tree_L in self.leaf_KL],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "BoostedTrees":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: The content is something else.
        """
        trees = cls(
            float(content["start"]),
            np.array(content["feature"], np.int64),
            np.array(content["threshold"], np.float32),
            np.array(content["leaf"], np.float32),
        )
        if trees.feature_KN.ndim != 2 or trees.feature_KN.shape != trees.threshold_KN.shape:
            raise ValueError("the nodes of its trees do not fit each other")
        number, nodes = trees.feature_KN.shape
        if not 1 <= nodes < 64 or nodes & (nodes + 1) or trees.leaf_KL.shape != (number, nodes + 1):
            raise ValueError("the leaves of its trees do not fit their nodes")
        if trees.feature_KN.min(initial=0) < 0 or trees.feature_KN.max(initial=0) >= len(FEATURES):
            raise ValueError("a tree compares a feature that there is not")
        if not np.isfinite([trees.start, *trees.threshold_KN.ravel(), *trees.leaf_KL.ravel()]).all():
            raise ValueError("a number of a tree is not finite")
        return trees


def _filled(nodes: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    # A leaf above the last level becomes nodes that send every pair on to the same value, whichever way. Thresholds are
    # the next lower float32, which divides float32 features in the same way. Values of leaves are rounded: the order in
    # which threads add them up must not be seen.
    level, features, thresholds = [0], [], []
    for _ in range(DEPTH):
        following = []
        for place in level:
            node = nodes[place]
            features.append(0 if node["is_leaf"] else int(node["feature_idx"]))
            thresholds.append(0.0 if node["is_leaf"] else float(node["num_threshold"]))
            following += [place, place] if node["is_leaf"] else [int(node["left"]), int(node["right"])]
        level = following
    leaves = np.round(nodes["value"][level], 6).astype(np.float32)
    threshold_N = np.array(thresholds, np.float32)
    lower_N = np.nextafter(threshold_N, np.float32(-np.inf))
    return np.array(features), np.where(threshold_N > thresholds, lower_N, threshold_N), leaves


@dataclass(frozen=True, eq=False)
class LearnedBlend:
    """How one aspect's estimates become one.

    Attributes:
        trees: Over `FEATURES`.
        proteins: Validation proteins that were counted.
        counts: By GO id, how many of them have the term; 0 for a term that is not listed.
    """

    trees: BoostedTrees
    proteins: int
    counts: Mapping[str, int]

    def apply(self, estimates: Mapping[str, NDArray], terms: pd.DataFrame) -> NDArray[np.float32]:
        """Probabilities in [0, 1], (B, C).

        Args:
            estimates: `ESTIMATES` (B, C), and similarity (B).
            terms: Columns go_id, training_count, information_accretion, depth of the terms.
        """
        pairs = CandidatePairs.of(estimates, terms)
        true_C = np.array([self.counts.get(go_id, 0) for go_id in terms["go_id"]])
        rate_P = validation_rate(true_C, self.proteins)[pairs.column_P]
        return pairs.blended(expit(self.trees.odds(pairs.features(rate_P))))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "features": list(FEATURES),
            **self.trees.to_json(),
            "proteins": self.proteins,
            "counts": dict(self.counts),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any] | None) -> "LearnedBlend | None":
        """The inverse of `to_json`; None of None, where an aspect is scored by the formula.

        Raises:
            KeyError, TypeError, ValueError: The content is something else.
        """
        if content is None:
            return None
        if tuple(content["features"]) != FEATURES:
            raise ValueError(f"its trees read other features than {', '.join(FEATURES)}")
        counts = {str(go_id): int(count) for go_id, count in content["counts"].items()}
        return cls(BoostedTrees.from_json(content), int(content["proteins"]), counts)


def validation_rate(true: NDArray[np.int64], proteins: NDArray[np.int64] | int) -> NDArray[np.float32]:
    """Log-odds that a validation protein has a term that `true` of `proteins` have."""
    return log_odds((true + 0.5) / (proteins + 1)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class CandidatePairs:
    """Pairs of which an estimate is at least `LEAST`.

    Attributes:
        average_BC: The formula's average of all pairs.
        row_P: Protein.
        column_P: Term.
        features_FP: `FEATURES` but the last, which the caller counts.
    """

    average_BC: NDArray[np.float32]
    row_P: NDArray[np.int64]
    column_P: NDArray[np.int64]
    features_FP: NDArray[np.float32]

    @classmethod
    def of(cls, estimates: Mapping[str, NDArray], terms: pd.DataFrame) -> "CandidatePairs":
        """Of some proteins and terms; arguments as of `LearnedBlend.apply`."""
        average_BC = estimates["average"]
        read = (average_BC, estimates["regressed"], estimates["transferred"])
        row_P, column_P = np.nonzero(np.logical_or.reduce([estimate_BC >= LEAST for estimate_BC in read]))
        facts = np.log1p(terms["training_count"].to_numpy(float)), terms["information_accretion"], terms["depth"]
        features_FP = np.stack(
            [
                *(log_odds(estimates[name][row_P, column_P]).astype(np.float32) for name in ESTIMATES),
                estimates["similarity"][row_P].astype(np.float32),
                *(np.asarray(fact_C, np.float32)[column_P] for fact_C in facts),
            ]
        )
        return cls(average_BC, row_P, column_P, features_FP)

    def features(self, rate_P: NDArray[np.float32]) -> NDArray[np.float32]:
        """`FEATURES`, (F, P), with the last one."""
        return np.concatenate([self.features_FP, rate_P[None]])

    def blended(self, probability_P: NDArray[np.floating]) -> NDArray[np.float32]:
        """These probabilities, and the average of all other pairs, (B, C)."""
        blended_BC = np.array(self.average_BC, np.float32)
        blended_BC[self.row_P, self.column_P] = probability_P
        return blended_BC
