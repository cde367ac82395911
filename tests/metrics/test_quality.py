"""Settings are chosen by what CAFA judges by, all of it."""

import numpy as np
import pytest

from gofer.metrics.fmax import quality

LABELS = np.array([[True, True, False], [True, False, True]])
ACCRETION = np.array([0.5, 2.0, 3.0])


def test_perfect_scores_have_2_and_none_at_all_have_minus_1():
    assert quality(LABELS * 0.9, LABELS, ACCRETION) == pytest.approx(2)
    assert quality(np.zeros(LABELS.shape), LABELS, ACCRETION) == pytest.approx(-1)


def test_a_wrong_informative_term_costs_more_than_a_wrong_plain_one():
    worse, better = LABELS * 0.9, LABELS * 0.9
    worse[0, 2], better[1, 1] = 0.9, 0.9
    assert quality(worse, LABELS, ACCRETION) < quality(better, LABELS, ACCRETION) < 2


def test_without_a_label_there_is_nothing_to_choose_by():
    assert quality(LABELS * 0.9, np.zeros_like(LABELS), ACCRETION) == 0
    assert quality(np.zeros((0, 3)), np.zeros((0, 3), bool), ACCRETION) == 0
