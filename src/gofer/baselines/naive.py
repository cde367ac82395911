"""The naive baseline: how common each term is among the training proteins."""

import numpy as np
import pandas as pd

from gofer.inputs.ontology.go_graph import is_root
from gofer.retrieval.cafa_format import predicted_pairs


def naive(terms: pd.DataFrame, protein_ids: list[str], *, min_score: float) -> pd.DataFrame:
    """Every protein gets every term with the term's frequency among the training proteins annotated in its aspect.

    Args:
        terms: Columns go_id, aspect, depth, training_count; a root's count is that of the aspect's proteins.
        protein_ids: Proteins to predict for.
        min_score: Rarer terms are left out.

    Returns:
        Columns protein_id, go_id, score in (0, 1]; roots left out.
    """
    count_T = terms["training_count"].to_numpy(float)
    total_T = terms.groupby("aspect")["training_count"].transform("max").to_numpy(float)
    frequency_T = np.divide(count_T, total_T, out=np.zeros_like(count_T), where=total_T > 0)
    keep_T = ~is_root(terms) & (frequency_T >= max(min_score, np.finfo(np.float32).tiny))
    scores_BT = np.broadcast_to(frequency_T[keep_T], (len(protein_ids), int(keep_T.sum())))
    return predicted_pairs(scores_BT, protein_ids, list(terms["go_id"][keep_T]), np.ones(scores_BT.shape, bool))
