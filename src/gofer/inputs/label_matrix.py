"""Annotations as a sparse matrix of proteins and terms."""

import numpy as np
import pandas as pd
import scipy.sparse as sp


def label_matrix(annotations: pd.DataFrame, protein_ids: list[str], go_ids: list[str]) -> sp.csr_array:
    """1 where a protein has a term, int32 (N, T); pairs of other proteins or terms are left out.

    Args:
        annotations: Columns protein_id, go_id, each pair once.
        protein_ids: Rows.
        go_ids: Columns.
    """
    row = pd.Index(protein_ids, dtype="str").get_indexer(annotations["protein_id"])
    column = pd.Index(go_ids, dtype="str").get_indexer(annotations["go_id"])
    here = (row >= 0) & (column >= 0)
    ones = np.ones(int(here.sum()), dtype=np.int32)
    return sp.csr_array((ones, (row[here], column[here])), shape=(len(protein_ids), len(go_ids)))
