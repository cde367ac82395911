"""The terms that training knows, with their base rates: terms with a visible training protein, without the roots.

A base rate is how common a term is before the protein is known: its log-odds among the training proteins.
Shapes: T training terms, G text width.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.inputs.ontology.propagation import seen_in_training


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Training terms in the order of their ids, with all that training needs of them.

    Attributes:
        go_ids: Ids, increasing.
        text_TG: Text vectors of the phase.
        aspect_T: Aspect of each term.
        base_rate_T: Log-odds among the training proteins of the aspect.
        few_T: Whether a term is few-shot.
        graph: The ontology among these terms. Negatives and the DAG loss use its edges within aspects.
    """

    go_ids: list[str]
    text_TG: NDArray[np.float32]
    aspect_T: NDArray
    base_rate_T: NDArray[np.float32]
    few_T: NDArray[np.bool_]
    graph: GoGraph

    @classmethod
    def of_tables(
        cls, terms: pd.DataFrame, term_sets: pd.DataFrame, texts: GoLookupCache, *, relations: list[str]
    ) -> "Vocabulary":
        """From inputs/terms.parquet, inputs/term_sets.parquet and the phase's texts.

        Raises:
            GoferError: No term has a training protein.
        """
        terms = terms.sort_values("go_id", ignore_index=True)
        seen = terms[seen_in_training(terms)]
        if seen.empty:
            raise GoferError("no term has a training protein", help="give annotations to more proteins, or mask fewer")
        go_ids = seen["go_id"].tolist()
        sets = term_sets.set_index("go_id")["term_set"]
        return cls(
            go_ids=go_ids,
            text_TG=texts.subset(go_ids).vectors_TG,
            aspect_T=seen["aspect"].to_numpy(str),
            base_rate_T=term_base_rates(terms, relations)[seen.index.to_numpy()],
            few_T=(sets.loc[go_ids] == "few").to_numpy(bool, copy=True),
            graph=GoGraph.of_terms(seen, relations),
        )


def term_base_rates(terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH) -> NDArray[np.float32]:
    """Log-odds of every term of a terms table among the training proteins annotated in its aspect, float32 (T)."""
    total_T = terms.groupby("aspect")["training_count"].transform("max").to_numpy()
    return base_rates(terms["training_count"].to_numpy(), total_T, GoGraph.of_terms(terms, relations))


PSEUDO_COUNT = 0.5  # added to both sides of the odds (Haldane 1955, Anscombe 1956), so that they stay finite


def base_rates(training_count_T: NDArray, n_train: int | NDArray, graph: GoGraph) -> NDArray[np.float32]:
    """Log-odds of each term among the training proteins, float32 (T).

    A term without a training protein takes the log-odds of its rarest nearest ancestor that has one, plus the median
    step from a seen parent to a seen child: it is assumed to be as much rarer than its parent as terms usually are. It
    is never assumed to be more common than the median seen term. Otherwise a term directly below a root would be almost
    certain, and many of the tens of thousands of unseen terms would be predicted for every protein.

    Args:
        training_count_T: Training proteins of each term, propagated, in 0..n_train.
        n_train: Training proteins, one number or one per term (T), e.g. those annotated in the term's aspect.
        graph: Parents of each term.
    """
    count_T = np.asarray(training_count_T, dtype=np.float64)
    rate_T = np.log(count_T + PSEUDO_COUNT) - np.log(np.maximum(n_train - count_T, 0) + PSEUDO_COUNT)
    seen_T = count_T > 0
    rarest_T = np.where(seen_T, rate_T, np.inf)
    for children, parents, starts in graph.downwards():
        from_parents = np.minimum.reduceat(rarest_T[parents], starts)
        rarest_T[children] = np.where(seen_T[children], rarest_T[children], from_parents)
    guessed_T = np.where(np.isfinite(rarest_T), rarest_T + _median_step(rate_T, seen_T, graph), rate_T)
    if seen_T.any():
        guessed_T = np.minimum(guessed_T, np.median(rate_T[seen_T]))
    return np.where(seen_T, rate_T, guessed_T).astype(np.float32)


def _median_step(rate_T: NDArray, seen_T: NDArray[np.bool_], graph: GoGraph) -> float:
    both_E = seen_T[graph.child_E] & seen_T[graph.parent_E]
    if not both_E.any():
        return 0.0
    return float(np.median(rate_T[graph.child_E[both_E]] - rate_T[graph.parent_E[both_E]]))
