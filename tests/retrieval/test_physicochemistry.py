"""Hydrophobic stretches, charged ends and helical periods are found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.retrieval.features.physicochemistry import AMINO_ACIDS, FEATURES, LAGS, physicochemistry

LOOP, HELIX = "GNGSGNGTGN" * 4, "LLIVALLFVILLAVIALLIVL"
HIGHEST, HELICES, NET_CHARGE, SIGNAL, LAST_CHARGE = 1, 6, 7, 18, 20


def test_a_membrane_helix_is_found_and_two_separate_ones_count_as_two():
    none, one, two = physicochemistry([LOOP, LOOP + HELIX + LOOP, LOOP + HELIX + LOOP + HELIX])
    assert none[HIGHEST] < 0 < 1.6 < one[HIGHEST]
    assert np.expm1([none[HELICES], one[HELICES], two[HELICES]]) == pytest.approx([0, 1, 2])


def test_it_matters_at_which_end_residues_are():
    first, last = physicochemistry([HELIX + LOOP, LOOP + HELIX])
    assert first[SIGNAL] > last[SIGNAL]
    head, tail = physicochemistry(["K" * 10 + LOOP, LOOP + "K" * 10])
    assert head[NET_CHARGE] == tail[NET_CHARGE] > 0
    assert (head[LAST_CHARGE], tail[LAST_CHARGE]) == (0, 10)


def test_autocorrelation_finds_a_period():
    row = physicochemistry(["LK" * 30])[0][-3 * len(LAGS) :: 3]  # of hydropathy, by lag
    assert dict(zip(LAGS, np.round(row), strict=True)) == {1: -1, 2: 1, 3: -1, 4: 1, 7: -1}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(AMINO_ACIDS + "XBZUO", min_size=1, max_size=60), max_size=4))
def test_every_sequence_has_finite_numbers_that_do_not_depend_on_the_others(sequences):
    numbers = physicochemistry(sequences)
    assert numbers.shape == (len(sequences), FEATURES)
    assert np.isfinite(numbers).all()
    for sequence, row in zip(sequences, numbers, strict=True):
        np.testing.assert_array_equal(physicochemistry([sequence])[0], row)
