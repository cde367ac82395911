"""Choosing, joining and leaving out pairs gives what the same does to arrays."""

import numpy as np
from metrics.random_pairs import random_scores

from gofer.metrics.sparse_pairs import Pairs


def test_parts_and_choices_are_those_of_the_arrays():
    scores_BC, labels_BC = random_scores(3, n_proteins=30, n_terms=17)
    whole = Pairs.of_arrays(scores_BC, labels_BC)
    parts = [Pairs.of_arrays(scores_BC[rows], labels_BC[rows]) for rows in (slice(0, 7), slice(7, 7), slice(7, None))]
    chosen_B, chosen_C = scores_BC[:, 0] > 0, labels_BC[0]
    cases = [
        (Pairs.joined(parts, labels_BC.shape[1]), whole),
        (whole.of_proteins(chosen_B), Pairs.of_arrays(scores_BC[chosen_B], labels_BC[chosen_B])),
        (whole.of_terms(chosen_C), Pairs.of_arrays(scores_BC[:, chosen_C], labels_BC[:, chosen_C])),
    ]
    for pairs, wanted in cases:
        for name, value in vars(wanted).items():
            np.testing.assert_array_equal(getattr(pairs, name), value)


def test_pairs_that_are_left_out_are_neither_predicted_nor_true():
    scores_BC, labels_BC = random_scores(1, n_proteins=30, n_terms=17)
    row_K, column_K = np.array([0, 0, 5]), np.array([1, 15, 3])
    cases = Pairs.of_arrays(scores_BC, labels_BC).without(row_K, column_K)
    scores_BC[row_K, column_K], labels_BC[row_K, column_K] = 0, False
    for name, values in vars(Pairs.of_arrays(scores_BC, labels_BC)).items():
        np.testing.assert_array_equal(getattr(cases, name), values)
