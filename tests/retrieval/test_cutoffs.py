"""Cutoffs at stated precision: scores above one are right that often, and too few pairs give none."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gofer.retrieval.cutoffs import FEWEST, PERCENTS, precision_cutoffs


def cutoffs(scores_BS, truth_BS):
    return precision_cutoffs(scores_BS, truth_BS, np.full(scores_BS.shape[1], "MFO"))["MFO"]


@given(st.integers(0, 10**6))
def test_above_a_cutoff_at_least_so_many_percent_are_right_and_higher_ones_lie_higher(seed):
    rng = np.random.default_rng(seed)
    scores_BS = rng.random((40, 10)).astype(np.float32).round(2)
    truth_BS = rng.random((40, 10)) < scores_BS ** rng.uniform(0.5, 3)
    truth_BS[:, 0] = True  # every protein has a label
    found = cutoffs(scores_BS, truth_BS)
    known = [found[str(percent)] for percent in PERCENTS if found[str(percent)] is not None]
    assert known == sorted(known)
    for percent in PERCENTS:
        if (cutoff := found[str(percent)]) is not None:
            above = scores_BS >= cutoff
            assert above.sum() >= FEWEST
            assert 100 * truth_BS[above].mean() >= percent - 1e-6


def test_many_good_predictions_do_not_make_up_for_bad_ones():
    scores_BS = np.repeat(np.array([[0.9, 0.1]], np.float32), 50, axis=0)
    truth_BS = np.repeat(np.array([[True, False]]), 50, axis=0)
    assert cutoffs(scores_BS, truth_BS)["50"] == np.float32(0.9)


def test_there_is_no_cutoff_where_nothing_is_right_or_too_little_is_known():
    assert set(cutoffs(np.full((9, 9), 0.5, np.float32), np.eye(9, dtype=bool)).values()) == {None}
    few = np.ones((1, FEWEST - 1))
    assert set(cutoffs(few.astype(np.float32), few.astype(bool)).values()) == {None}


def test_proteins_without_a_label_in_the_aspect_do_not_count():
    scores_BS, truth_BS = np.full((60, 1), 0.8, np.float32), np.arange(60)[:, None] < 30
    assert cutoffs(scores_BS, truth_BS)["90"] == np.float32(0.8)
