"""The baseline by sequence similarity: labels of the training proteins that DIAMOND finds."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.inputs.label_matrix import label_matrix
from gofer.retrieval.annotation_transfer import transferred
from gofer.retrieval.cafa_format import predicted_pairs

QUERIES_AT_ONCE = 512


def transferred_labels(
    hits: pd.DataFrame, queries: pd.DataFrame, targets: pd.DataFrame, labels: pd.DataFrame, *, min_score: float
) -> Iterator[pd.DataFrame]:
    """Labels of the proteins hit, weighed by bit score: score(p, t) = Σ bitscore · [hit has t] / Σ bitscore.

    The DiamondScore of Kulmanov and Hoehndorf 2020, doi:10.1093/bioinformatics/btz595.

    Args:
        hits: What `hits_of_all` gave.
        queries: Column protein_id.
        targets: The same of the proteins searched in.
        labels: Columns protein_id, go_id of the targets, propagated, roots left out. A target without a label counts
            in neither sum.
        min_score: Lower scores are left out.

    Yields:
        Columns protein_id, go_id, score in (0, 1], of some proteins after the others.
    """
    go_ids = np.sort(labels["go_id"].unique().astype(str))
    hit = np.unique(hits["target"].to_numpy(np.int64))
    has_ST = label_matrix(labels, targets["protein_id"].iloc[hit], go_ids)
    places = hits["query"], np.searchsorted(hit, hits["target"])
    bits_BS = sp.csr_array((hits["bitscore"], places), shape=(len(queries), len(hit)))
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        block = slice(start, start + QUERIES_AT_ONCE)
        scores_BT = transferred(bits_BS[block], has_ST)
        yield predicted_pairs(scores_BT, list(queries["protein_id"][block]), list(go_ids), scores_BT >= min_score)
