"""Text logits become probabilities; useless ones fall back to the base rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from gofer.errors import ArtefactError, GoferError
from gofer.metrics.logistic_calibration import BASE_RATE_ALONE, LOWEST_SCORE, MIN_POSITIVES, Calibration, fit

WEIGHTS = st.tuples(st.floats(0, 5), st.floats(-2, 2), st.floats(-3, 3))


def simulated(weights, *, n_proteins=1500, n_terms=40, seed=1):
    rng = np.random.default_rng(seed)
    evidence_BT, base_rate_T = rng.normal(size=(n_proteins, n_terms)), rng.normal(-2, 1, n_terms)
    a, b, c = weights
    labels_BT = rng.random((n_proteins, n_terms)) < expit(a * evidence_BT + b * base_rate_T + c)
    return evidence_BT, base_rate_T, labels_BT


def test_the_weights_of_simulated_data_are_recovered():
    true = (1.5, 0.8, -0.3)
    evidence_BT, base_rate_T, labels_BT = simulated(true)
    fitted = fit(evidence_BT, base_rate_T, np.array(["MFO"] * 40), labels_BT).weights["MFO"]
    assert fitted == pytest.approx(true, abs=0.1)


def test_each_aspect_has_separate_weights():
    first, second = simulated((2.0, 1.0, 0.0)), simulated((0.5, 1.0, 0.5), seed=2)
    evidence_BT, base_rate_T, labels_BT = (np.concatenate(pair, axis=-1) for pair in zip(first, second, strict=True))
    fitted = fit(evidence_BT, base_rate_T, np.repeat(["MFO", "BPO"], 40), labels_BT).weights
    assert fitted["MFO"][0] == pytest.approx(2.0, abs=0.15)
    assert fitted["BPO"][0] == pytest.approx(0.5, abs=0.15)


def test_useless_evidence_gets_no_weight():
    evidence_BT, base_rate_T, labels_BT = simulated((0.0, 1.0, 0.0))
    a, b, c = fit(evidence_BT, base_rate_T, np.array(["MFO"] * 40), labels_BT).weights["MFO"]
    assert a == pytest.approx(0, abs=0.05)
    assert (b, c) == pytest.approx((1, 0), abs=0.1)


def test_text_logits_that_contradict_the_labels_get_weight_zero_not_less():
    evidence_BT, base_rate_T, labels_BT = simulated((2.0, 1.0, 0.0))
    a, b, _ = fit(-evidence_BT, base_rate_T, np.array(["MFO"] * 40), labels_BT).weights["MFO"]
    assert a == 0
    assert b > 0


def test_an_aspect_with_few_labels_falls_back_to_the_base_rate():
    evidence_BT, base_rate_T, labels_BT = simulated((2.0, 1.0, 0.0))
    labels_BT[:] = False
    labels_BT[: MIN_POSITIVES - 1, 0] = True
    calibration = fit(evidence_BT, base_rate_T, np.array(["MFO"] * 40), labels_BT)
    assert calibration.weights["MFO"] == BASE_RATE_ALONE
    scores_BT = calibration.apply(evidence_BT, base_rate_T, np.array(["MFO"] * 40))
    np.testing.assert_allclose(scores_BT, np.broadcast_to(expit(base_rate_T), scores_BT.shape), rtol=1e-5)


def test_an_aspect_that_was_never_fitted_uses_the_base_rate():
    scores_BT = Calibration({}).apply(np.array([[5.0, -5.0]]), np.array([0.0, -2.0]), np.array(["CCO", "CCO"]))
    assert scores_BT[0] == pytest.approx(expit([0.0, -2.0]))


def test_separable_labels_give_finite_weights():
    evidence_BT = np.tile(np.array([10.0, -10.0]), (60, 1))
    labels_BT = np.tile(np.array([True, False]), (60, 1))
    weights = fit(evidence_BT, np.zeros(2), np.array(["MFO", "MFO"]), labels_BT).weights["MFO"]
    assert np.isfinite(weights).all()
    assert weights[0] > 0


def test_proteins_without_a_label_in_the_aspect_change_nothing():
    evidence_BT, base_rate_T, labels_BT = simulated((1.0, 1.0, 0.0), n_proteins=200)
    labels_BT[:50] = False
    aspects_T = np.array(["MFO"] * 40)
    labelled_B = labels_BT.any(axis=1)
    alone = fit(evidence_BT[labelled_B], base_rate_T, aspects_T, labels_BT[labelled_B])
    assert fit(evidence_BT, base_rate_T, aspects_T, labels_BT).weights == alone.weights


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_evidence_that_is_not_finite_is_an_error_and_no_endless_loop(value):
    evidence_BT, base_rate_T, labels_BT = simulated((1.0, 1.0, 0.0), n_proteins=50)
    evidence_BT[3, 3] = value
    with pytest.raises(GoferError, match="not finite"):
        fit(evidence_BT, base_rate_T, np.array(["MFO"] * 40), labels_BT)


@settings(max_examples=80, deadline=None)
@given(WEIGHTS, st.lists(st.floats(-50, 50), min_size=2, max_size=20), st.floats(-12, 5))
def test_scores_are_in_zero_to_one_and_rise_with_the_text_logit(weights, evidence, base_rate):
    evidence_B1 = np.sort(np.array(evidence))[:, None]
    scores_B = Calibration({"MFO": weights}).apply(evidence_B1, np.array([base_rate]), np.array(["MFO"]))[:, 0]
    assert scores_B.dtype == np.float32
    assert (scores_B >= np.float32(LOWEST_SCORE)).all()
    assert (scores_B <= 1).all()
    assert (np.diff(scores_B) >= 0).all()


@given(st.dictionaries(st.sampled_from(["MFO", "BPO", "CCO"]), WEIGHTS))
def test_a_calibration_survives_json(weights):
    assert Calibration.from_json(Calibration(weights).to_json()) == Calibration(weights)


@pytest.mark.parametrize(
    "content",
    [{}, {"weights": 3}, {"weights": {"MFO": [1, 2]}}, {"weights": {"MFO": [-1, 1, 0]}},
     {"weights": {"MFO": [float("nan"), 1, 0]}}, {"weights": {"MFO": ["x", 1, 0]}}],
)  # fmt: skip
def test_anything_but_a_calibration_is_refused(content):
    with pytest.raises(ArtefactError, match="calibration"):
        Calibration.from_json(content)
