"""The bank of known proteins: which of them is the nearest that has a term, and what each is called."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval.test_protein_vectors import vectors_of

from gofer.retrieval.bank import Bank, plain_name


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 1000))
def test_the_nearest_protein_with_a_term_is_that_of_a_plain_search(n_proteins, n_terms, seed):
    rng = np.random.default_rng(seed)
    train, go_ids = vectors_of(n_proteins, seed), [f"GO:{i}" for i in range(n_terms)]
    carries = rng.random((n_proteins, n_terms)) < 0.4
    pairs = [
        (protein, go_ids[t])
        for protein, row in zip(train.protein_ids, carries, strict=True)
        for t in np.flatnonzero(row)
    ]
    pairs += [("of another split", go_id) for go_id in go_ids]
    annotations = pd.DataFrame(pairs, columns=["protein_id", "go_id"]).sample(frac=1, random_state=seed)
    seen = rng.random(n_terms) < 0.8
    terms = pd.DataFrame({"go_id": go_ids, "training_count": seen.astype(int), "depth": 1})
    z_D, columns = rng.normal(size=4).astype(np.float32), rng.permutation(n_terms)
    similarity_N = np.where(rng.random(n_proteins) < 0.3, rng.integers(1, 3, n_proteins) / 2, 0).astype(np.float32)
    sequence_of = {protein_id: "M" * (row + 1) for row, protein_id in enumerate(train.protein_ids)}
    bank = Bank.of_tables(train, sequence_of, {}, annotations, terms)
    cosine_N = train.vectors_ND @ z_D
    for column, row in zip(columns, bank.nearest(cosine_N, similarity_N, columns), strict=True):
        annotated = np.flatnonzero(carries[:, column] & seen[column])
        best = max(annotated, key=lambda row: (similarity_N[row], cosine_N[row]), default=-1)
        assert row == best


def test_a_protein_without_a_vector_is_near_only_where_it_aligns():
    known = vectors_of(2, 1)
    ids = [*known.protein_ids, "sequence alone"]
    annotations = pd.DataFrame({"protein_id": [ids[0], "sequence alone", "sequence alone"], "go_id": ["a", "a", "b"]})
    terms = pd.DataFrame({"go_id": ["a", "b"], "training_count": 1, "depth": 1})
    sequence_of = {protein_id: "M" * (row + 1) for row, protein_id in enumerate(ids)}
    bank = Bank.of_tables(known, sequence_of, {}, annotations, terms, others=["sequence alone"])
    cosine_V, columns = np.array([-0.9, 0.5], np.float32), np.array([0, 1])
    assert bank.nearest(cosine_V, np.zeros(3, np.float32), columns).tolist() == [0, -1]
    assert bank.nearest(cosine_V, np.array([0, 0, 0.1], np.float32), columns).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("Protein kinase A OS=Homo sapiens OX=9606 GN=PKA", "Protein kinase A"), ("", ""), ("OS=Homo sapiens", ""),
        ("a\tname  with\tblanks", "a name with blanks"),
    ],
)  # fmt: skip
def test_a_protein_is_called_what_its_header_says_before_the_species(description, name):
    assert plain_name(description) == name
