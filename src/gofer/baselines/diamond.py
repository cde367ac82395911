"""The baseline by sequence similarity: labels of the training proteins that DIAMOND finds."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.inputs.label_matrix import label_matrix
from gofer.retrieval.annotation_transfer import transferred
from gofer.retrieval.cafa_format import predicted_pairs


def transferred_labels(
    hits: pd.DataFrame, queries: pd.DataFrame, targets: pd.DataFrame, labels: pd.DataFrame, *, min_score: float
) -> pd.DataFrame:
    """Labels of the proteins hit, weighed by bit score: score(p, t) = Σ bitscore · [hit has t] / Σ bitscore.

    The DiamondScore of Kulmanov and Hoehndorf 2020, doi:10.1093/bioinformatics/btz595.

    Args:
        hits: What `DiamondSearch.hits` gave.
        queries: Column protein_id.
        targets: Columns protein_id and those used in the search.
        labels: Columns protein_id, go_id of the targets, propagated, roots left out. A target without a label counts
            in neither sum.
        min_score: Lower scores are left out.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    go_ids = np.sort(labels["go_id"].unique().astype(str))
    has_ST = label_matrix(labels, targets["protein_id"], go_ids)
    bits_BS = sp.csr_array((hits["bitscore"], (hits["query"], hits["target"])), shape=(len(queries), len(targets)))
    scores_BT = transferred(bits_BS, has_ST)
    return predicted_pairs(scores_BT, list(queries["protein_id"]), list(go_ids), scores_BT >= min_score)
