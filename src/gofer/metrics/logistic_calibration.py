"""From text logits to a probability: text logit + base rate, weighted per aspect on validation proteins.

A text logit is the cosine of protein and term over the temperature. It has no base rate, and a base rate knows nothing
about the protein. Logistic regression on both is shrinkage: if the text logits are useless, their weight goes to 0 and
the score falls back to how common the term is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gofer.errors import ArtefactError, GoferError

BASE_RATE_ALONE = (0.0, 1.0, 0.0)
MIN_POSITIVES = 30  # about ten positives per fitted number (Peduzzi 1996)
PRIOR_STRENGTH = 1.0  # ridge towards BASE_RATE_ALONE: as much as one standard-normal prior; keeps separable data finite
LOWEST_SCORE = 1e-6
PROTEINS_AT_ONCE = 32
MAX_STEPS = 50


def log_odds(probability: NDArray) -> NDArray:
    """Log-odds of probabilities, of their type and shape; finite, since 0 and 1 count as nearly so."""
    return logit(np.clip(probability, LOWEST_SCORE, 1 - LOWEST_SCORE))


@dataclass(frozen=True)
class Calibration:
    """score = σ(a·text logit + b·base rate + c), with one (a, b, c) per aspect and a >= 0.

    Attributes:
        weights: (a, b, c) by aspect; an aspect that is not named uses the base rate only, (0, 1, 0).
    """

    weights: Mapping[str, tuple[float, float, float]]

    def __post_init__(self) -> None:
        for aspect, weights in self.weights.items():
            if len(weights) != 3 or not np.isfinite(weights).all() or weights[0] < 0:
                raise ArtefactError(
                    f"calibration of {aspect} is {weights}, not three finite numbers with the first >= 0",
                    help="delete retrieval/calibration.json and run snakemake again",
                )

    def apply(self, text_logits_BT: NDArray, base_rate_T: NDArray, aspects_T: NDArray) -> NDArray[np.float32]:
        """Scores in (0, 1], float32 (B, T).

        Args:
            text_logits_BT: Cosine over temperature, float.
            base_rate_T: Log-odds of each term in training.
            aspects_T: Aspect of each term.
        """
        a_T, b_T, c_T = np.array([self.weights.get(aspect, BASE_RATE_ALONE) for aspect in aspects_T], np.float32).T
        scores_BT = expit(
            a_T * np.asarray(text_logits_BT, np.float32) + (b_T * np.asarray(base_rate_T, np.float32) + c_T)
        )
        return np.clip(scores_BT, np.float32(LOWEST_SCORE), np.float32(1))

    def to_json(self) -> dict[str, Any]:
        """The weights as plain lists."""
        return {"weights": {aspect: list(weights) for aspect, weights in self.weights.items()}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Calibration":
        """The inverse of `to_json`.

        Raises:
            ArtefactError: The content is not that of a calibration.
        """
        try:
            return cls({aspect: (float(a), float(b), float(c)) for aspect, (a, b, c) in content["weights"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                f"this is not a calibration: {error}", help="delete retrieval/calibration.json and run snakemake again"
            ) from error


def fit(text_logits_BT: NDArray, base_rate_T: NDArray, aspects_T: NDArray, labels_BT: NDArray[np.bool_]) -> Calibration:
    """Calibration fitted on validation proteins.

    Each aspect uses the proteins that have a label in it. An aspect with fewer than `MIN_POSITIVES` labels gets the
    base rate only. Text logits that contradict the labels (a < 0) get weight 0, and the rest is fitted again.

    Args:
        text_logits_BT: Cosine over temperature of each validation protein and term; finite.
        base_rate_T: Log-odds of each term in training.
        aspects_T: Aspect of each term.
        labels_BT: True where the protein has the term, propagated. Leave out columns that are not to count (roots).

    Raises:
        GoferError: A text logit is not finite.
    """
    if not np.isfinite(text_logits_BT).all():
        raise GoferError("a text logit of a protein is not finite", help="the model has diverged: lower its rate")
    return Calibration(
        {
            str(aspect): _fit_aspect(text_logits_BT, base_rate_T, labels_BT, aspects_T == aspect)
            for aspect in np.unique(aspects_T)
        }
    )


def _fit_aspect(
    text_logits_BT: NDArray, base_rate_T: NDArray, labels_BT: NDArray[np.bool_], columns_T: NDArray[np.bool_]
) -> tuple[float, float, float]:
    labels_BC = labels_BT[:, columns_T]
    if labels_BC.sum() < MIN_POSITIVES:
        return BASE_RATE_ALONE
    labelled_B = labels_BC.any(axis=1)
    data = text_logits_BT[labelled_B][:, columns_T], base_rate_T[columns_T], labels_BC[labelled_B]
    weights = _newton(*data, free=np.array([True, True, True]))
    if weights[0] < 0:  # the loss is convex, so its optimum under a >= 0 is then at a = 0
        weights = _newton(*data, free=np.array([False, True, True]))
    a, b, c = (float(weight) for weight in weights)
    return a, b, c


def _newton(
    text_logits_BC: NDArray, base_rate_C: NDArray, labels_BC: NDArray[np.bool_], *, free: NDArray[np.bool_]
) -> NDArray:
    prior = np.array(BASE_RATE_ALONE)
    weights = prior.copy()
    loss, gradient, hessian = _loss(weights, text_logits_BC, base_rate_C, labels_BC, prior)
    for _ in range(MAX_STEPS):
        step = np.zeros(3)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        while True:
            trial = _loss(weights - step, text_logits_BC, base_rate_C, labels_BC, prior)
            if trial[0] <= loss or np.abs(step).max() < 1e-7:
                break
            step /= 2
        weights, (loss, gradient, hessian) = weights - step, trial
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _loss(
    weights: NDArray, text_logits_BC: NDArray, base_rate_C: NDArray, labels_BC: NDArray[np.bool_], prior: NDArray
) -> tuple[float, NDArray, NDArray]:
    # Summed cross-entropy with its gradient (3) and Hessian (3, 3), some proteins at a time: B × C × 3 would not fit.
    pull = PRIOR_STRENGTH * (weights - prior)
    loss, gradient, hessian = 0.5 * float(pull @ (weights - prior)), pull, PRIOR_STRENGTH * np.eye(3)
    for start in range(0, len(text_logits_BC), PROTEINS_AT_ONCE):
        rows = slice(start, start + PROTEINS_AT_ONCE)
        text_logits = np.asarray(text_logits_BC[rows], np.float64).ravel()
        labels = labels_BC[rows].ravel()
        features = np.stack(
            [text_logits, np.tile(base_rate_C, len(text_logits) // len(base_rate_C)), np.ones_like(text_logits)]
        )
        logits = weights @ features
        scores = expit(logits)
        loss += float(np.logaddexp(0, logits).sum() - logits[labels].sum())
        gradient = gradient + features @ (scores - labels)
        hessian = hessian + (features * (scores * (1 - scores))) @ features.T
    return loss, gradient, hessian
