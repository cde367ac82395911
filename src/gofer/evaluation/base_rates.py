"""How common a term is before anything is known of the protein: its log-odds among the training proteins."""

import numpy as np
from numpy.typing import NDArray

from gofer.evaluation.hierarchy import Hierarchy

PSEUDO_COUNT = 0.5  # added to both sides of the odds (Haldane 1955, Anscombe 1956), so that they stay finite


def base_rates(training_count_T: NDArray, n_train: int | NDArray, hierarchy: Hierarchy) -> NDArray[np.float32]:
    """Log-odds of each term among the training proteins, float32 (T).

    A term without a training protein takes the log-odds of its rarest nearest ancestor that has one, plus the median
    step from a seen parent to a seen child: it is guessed to be as much rarer than its parent as terms usually are. But
    no such term is guessed to be more common than the median seen term: below a root alone it would count as near
    certain, and of tens of thousands of unseen terms many would be predicted for every protein.

    Args:
        training_count_T: Training proteins of each term, propagated, in 0..n_train.
        n_train: Training proteins, one number or one per term (T), e.g. those annotated in the term's aspect.
        hierarchy: Parents of each term.
    """
    count_T = np.asarray(training_count_T, dtype=np.float64)
    rate_T = np.log(count_T + PSEUDO_COUNT) - np.log(np.maximum(n_train - count_T, 0) + PSEUDO_COUNT)
    seen_T = count_T > 0
    rarest_T = np.where(seen_T, rate_T, np.inf)
    for children, parents, starts in hierarchy.downwards():
        from_parents = np.minimum.reduceat(rarest_T[parents], starts)
        rarest_T[children] = np.where(seen_T[children], rarest_T[children], from_parents)
    guessed_T = np.where(np.isfinite(rarest_T), rarest_T + _median_step(rate_T, seen_T, hierarchy), rate_T)
    if seen_T.any():
        guessed_T = np.minimum(guessed_T, np.median(rate_T[seen_T]))
    return np.where(seen_T, rate_T, guessed_T).astype(np.float32)


def _median_step(rate_T: NDArray, seen_T: NDArray[np.bool_], hierarchy: Hierarchy) -> float:
    both_E = seen_T[hierarchy.child_E] & seen_T[hierarchy.parent_E]
    if not both_E.any():
        return 0.0
    return float(np.median(rate_T[hierarchy.child_E[both_E]] - rate_T[hierarchy.parent_E[both_E]]))
