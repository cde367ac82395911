"""Pairs of protein and term are joined by id, in any order of the table."""

import pandas as pd
import pytest

from gofer.inputs.label_matrix import label_matrix


@pytest.fixture
def table():
    return pd.DataFrame({"protein_id": ["P2", "P1", "X"], "go_id": ["b", "a", "a"], "score": [0.2, 0.1, 0.9]})


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_values_are_joined_by_id_and_others_are_left_out(table, dtype):
    table = table.astype({"protein_id": dtype, "go_id": dtype})
    assert label_matrix(table, ["P1", "P2"], ["a", "b"], table["score"]).toarray().tolist() == [[0.1, 0], [0, 0.2]]
    shuffled = table.sample(frac=1, random_state=1)
    scores_BT = label_matrix(shuffled, ["P2", "P1"], ["b", "a"], shuffled["score"]).toarray()
    assert scores_BT.tolist() == [[0.2, 0], [0, 0.1]]


def test_without_values_a_pair_is_true_however_often_it_is_listed(table):
    labels_NT = label_matrix(pd.concat([table, table]), ["P1", "P2", "P3"], ["a", "b", "c"])
    assert labels_NT.dtype == bool
    assert labels_NT.toarray().tolist() == [[True, False, False], [False, True, False], [False] * 3]
    assert labels_NT.sum(axis=0).tolist() == [1, 1, 0]


def test_a_missing_id_is_left_out_and_an_empty_table_has_no_pair(table):
    table.loc[0, "go_id"] = None
    assert label_matrix(table, ["P1", "P2"], ["a", "b"]).toarray().tolist() == [[True, False], [False, False]]
    assert label_matrix(table.iloc[:0], ["P1"], ["a"]).nnz == 0
    assert label_matrix(table, [], []).shape == (0, 0)
