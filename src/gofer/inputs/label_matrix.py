"""Pairs of protein and term as a sparse matrix, joined by id: labels, scores, hops.

Shapes: P pairs, N proteins, T terms.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray


def label_matrix(
    table: pd.DataFrame,
    rows: Sequence | pd.Index | pd.Series,
    columns: Sequence | pd.Index | pd.Series,
    values: ArrayLike | None = None,
    *,
    names: tuple[str, str] = ("protein_id", "go_id"),
) -> sp.csr_array:
    """The pairs of a table, (N, T); pairs of other proteins or terms are left out.

    Args:
        table: Ids of the proteins and terms, in the columns `names`.
        rows: Proteins of the rows, each once.
        columns: Terms of the columns, each once.
        values: Value of each pair (P), which gives the type of the matrix; a pair listed twice has their sum. Without,
            the matrix is bool: True where a protein has a term.
        names: The two columns of the table.
    """
    row_P, column_P = (_places(table[name], ids) for name, ids in zip(names, (rows, columns), strict=True))
    here_P = (row_P >= 0) & (column_P >= 0)
    values_P = np.ones(len(table), bool) if values is None else np.asarray(values)
    places = row_P[here_P], column_P[here_P]
    return sp.csr_array((values_P[here_P], places), shape=(len(rows), len(columns)))


def _places(names: pd.Series, ids: Sequence | pd.Index | pd.Series) -> NDArray[np.int32]:
    # Each name is looked up once: a table of predictions repeats them a thousand times.
    names = names.astype("category")
    place_of = pd.Index(ids).get_indexer(names.cat.categories).astype(np.int32)
    return np.append(place_of, np.int32(-1))[names.cat.codes]  # code -1, a missing name, finds the last


def label_matrices(
    annotations: Iterable[pa.RecordBatch], protein_ids: Sequence[Sequence[str]], go_ids: Sequence[str]
) -> list[sp.csr_array]:
    """`label_matrix` of several sets of proteins in one pass over a table that comes in batches; bool (N, T).

    Args:
        annotations: Columns protein_id, go_id, each pair once.
        protein_ids: Rows of each matrix.
        go_ids: Columns.
    """
    terms = pa.array(go_ids, pa.string())
    proteins = [pa.array(ids, pa.string()) for ids in protein_ids]
    found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in proteins]
    for batch in annotations:
        column = pc.index_in(batch["go_id"], value_set=terms)
        for ids, pairs in zip(proteins, found, strict=True):
            row = pc.index_in(batch["protein_id"], value_set=ids)
            here = pc.and_(pc.is_valid(row), pc.is_valid(column))
            pairs.append((row.filter(here).to_numpy(), column.filter(here).to_numpy()))
    empty = np.empty(0, np.int32)
    matrices = []
    for ids, pairs in zip(proteins, found, strict=True):
        row, column = (np.concatenate([empty, *parts]) for parts in (zip(*pairs, strict=True) if pairs else ([], [])))
        ones = np.ones(len(row), dtype=bool)
        matrices.append(sp.csr_array((ones, (row, column)), shape=(len(ids), len(terms))))
    return matrices
