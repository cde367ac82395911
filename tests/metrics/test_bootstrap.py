"""Intervals contain their figure, and a paired difference is more precise than two intervals."""

import numpy as np
import pandas as pd
import pytest

from gofer.metrics.bootstrap import DRAWS, Bootstrap, differences, interval
from gofer.tables import DIFFERENCES, METRIC_KEYS


def test_draws_begin_with_every_protein_once_and_keep_their_number():
    draws_NB = Bootstrap(resamples=30, seed=3).draws(11)
    assert draws_NB.shape == (31, 11)
    assert (draws_NB[0] == 1).all()
    assert (draws_NB.sum(axis=1) == 11).all()
    assert Bootstrap(resamples=4).draws(0).shape == (5, 0)


def test_an_interval_loses_the_bias_of_the_resamples_and_stays_within_its_bounds():
    values_N = np.r_[0.98, np.linspace(0.9, 1.0, 101) + 0.5]
    summary = interval(values_N)
    assert summary["value"] == 0.98
    assert summary["low"] == pytest.approx(0.98 - 0.0475)
    assert summary["high"] == 1.0


def test_without_a_value_or_a_resample_there_is_no_interval():
    assert np.isnan(interval(np.array([np.nan, 0.1]))["low"])
    assert np.isnan(interval(np.array([0.3, np.nan]))["high"])
    assert interval(np.array([0.3]))["value"] == 0.3


def rows(values_N, metric="fmax"):
    values_N = np.asarray(values_N, np.float32)
    row = {
        **dict.fromkeys(METRIC_KEYS, "x"),
        "metric": metric,
        "value": float(values_N[0]),
        "n": 5,
        DRAWS: values_N,
    }
    return pd.DataFrame([row])


def test_difficulty_for_both_methods_cancels_in_their_difference():
    shared_N = np.random.default_rng(1).normal(0.5, 0.1, 200)
    table = differences({"gofer": rows(shared_N + 0.02), "naive": rows(shared_N)})
    assert table.columns.tolist() == DIFFERENCES
    assert table[["method", "against"]].values.tolist() == [["gofer", "naive"]]
    assert table[["value", "low", "high"]].iloc[0].tolist() == pytest.approx([0.02] * 3, abs=1e-6)


def test_a_difference_may_be_negative():
    table = differences({"gofer": rows([0.1, 0.2, 0.1]), "text_cosine": rows([0.6, 0.5, 0.7])})
    assert table["value"].tolist() == pytest.approx([-0.5])


def test_figures_that_one_method_lacks_or_that_are_not_to_be_compared_are_left_out():
    lacking = {"gofer": rows([0.1, 0.2]), "diamond": rows([np.nan, np.nan])}
    assert differences(lacking).empty
    assert differences({"gofer": rows([0.1, 0.2]), "naive": rows([0.1, 0.1])}, without=["fmax"]).empty
    assert differences({}).columns.tolist() == DIFFERENCES
