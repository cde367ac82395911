"""The terms that training knows: those with a training protein that the model may see, roots left out.

Shapes: T training terms, G text width.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.go_text import seen_in_training
from gofer.errors import GoferError
from gofer.evaluation.base_rates import base_rates
from gofer.evaluation.hierarchy import Hierarchy
from gofer.inputs.relations import TRUE_PATH
from gofer.mining.neighbourhood import Neighbourhood


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Training terms in the order of their ids, with all that training asks about them.

    Attributes:
        go_ids: Ids, increasing.
        text_TG: Text vectors of the phase.
        aspect_T: Aspect of each term.
        base_rate_T: Log-odds among the training proteins of the aspect.
        few_T: Whether a term is few-shot.
        neighbourhood: The ontology among these terms, for negatives and the DAG loss.
        hierarchy: The same, for scores that must not fall below a child's.
    """

    go_ids: list[str]
    text_TG: NDArray[np.float32]
    aspect_T: NDArray
    base_rate_T: NDArray[np.float32]
    few_T: NDArray[np.bool_]
    neighbourhood: Neighbourhood
    hierarchy: Hierarchy

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
            neighbourhood=Neighbourhood.of_terms(terms, go_ids, relations),
            hierarchy=Hierarchy.of_terms(seen, relations),
        )


def term_base_rates(terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH) -> NDArray[np.float32]:
    """Log-odds of every term of a terms table among the training proteins annotated in its aspect, float32 (T)."""
    total_T = terms.groupby("aspect")["training_count"].transform("max").to_numpy()
    return base_rates(terms["training_count"].to_numpy(), total_T, Hierarchy.of_terms(terms, relations))
