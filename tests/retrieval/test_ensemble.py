"""Kinds of evidence become one calibrated score that keeps their order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import ArtefactError
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.retrieval.ensemble import RARE, AspectEnsemble, Ensemble, Expected
from gofer.retrieval.ensemble_fit import SHARES, Validation, fitted_curve

TERMS = 40
ASPECTS = np.array(["MFO"] * 20 + ["BPO"] * 20)
COUNTS = np.full(TERMS, 1e9)  # of terms so common that a share is what it says
TABLE = pd.DataFrame(
    {
        "go_id": [str(i) for i in range(TERMS)],
        "aspect": ASPECTS,
        "is_a": [[]] * TERMS,
        "training_count": COUNTS,
        "information_accretion": 1.0,
    }
)
FLAT = GoGraph.of_terms(TABLE, ["is_a"])


def world(n=300, seed=0):
    """Truth, an honest probability of it, and noise."""
    rng = np.random.default_rng(seed)
    honest = rng.beta(0.5, 3, size=(n, TERMS))
    return rng.random((n, TERMS)) < honest, honest, rng.random((n, TERMS))


def expected(regressed, transferred=None, similarity=0.0):
    best = {
        aspect: np.full(len(regressed), similarity) if np.isscalar(similarity) else similarity
        for aspect in ("MFO", "BPO")
    }
    return Expected(regressed, np.zeros_like(regressed) if transferred is None else transferred, best)


def fitted(text, regressed, truth, transferred=None, similarity=0.0):
    validation = Validation(expected(regressed, transferred, similarity), truth, TABLE, FLAT)
    return validation.fit_shares(text, validation.fit_trust(text))


def score(ensemble, text, regressed):
    return ensemble.apply(text, expected(regressed), TABLE)


def test_the_better_kind_of_evidence_gets_the_greater_share():
    truth, honest, noise = world()
    assert all(aspect.share >= 0.75 for aspect in fitted(noise, honest, truth).aspects.values())
    assert all(aspect.share <= 0.25 for aspect in fitted(honest, noise, truth).aspects.values())


def test_averages_of_one_are_as_often_right_as_they_were_on_validation_proteins():
    averages = np.repeat(np.float32([0.25, 0.5, 1]), 4000)
    rng = np.random.default_rng(0)
    truth = rng.random(len(averages)) < np.repeat([0.1, 0.4, 0.7], 4000)
    curve = AspectEnsemble(0, 0, *fitted_curve(averages, truth))
    assert curve.scores(np.float32([0.25, 0.5, 1])) == pytest.approx([0.1, 0.4, 0.7], abs=0.03)


@pytest.mark.parametrize("n", [20, 400], ids=["platt", "isotonic"])
def test_a_score_says_how_often_it_is_right(n):
    truth, honest, noise = world(n)
    ensemble = fitted(noise, np.sqrt(honest), truth)  # the order is right, the figures are far too high
    new, honest, noise = world(2000, seed=1)
    scores = score(ensemble, noise, np.sqrt(honest))
    for low in (0.0, 0.1, 0.3):
        inside = (scores >= low) & (scores < low + 0.2)
        assert scores[inside].mean() == pytest.approx(new[inside].mean(), abs=0.06)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(20, 200))
def test_a_higher_mixture_never_scores_lower_and_scores_stay_within_0_and_1(seed, n):
    truth, honest, noise = world(n, seed)
    aspects = fitted(noise, honest, truth).aspects
    assert aspects
    for aspect in aspects.values():
        mixed = np.linspace(0, 1, 1001)[None]
        scores = aspect.scores(mixed)[0]
        assert (np.diff(scores) >= 0).all()
        assert len(np.unique(scores)) > 500  # no plateaus
        assert scores.min() > 0
        assert scores.max() <= 1


def test_an_aspect_with_few_labels_keeps_the_texts_scores():
    truth, honest, noise = world()
    truth[:, :20] = False
    ensemble = fitted(honest, noise, truth)
    assert set(ensemble.aspects) == {"BPO"}
    np.testing.assert_allclose(score(ensemble, honest, noise)[:, :20], honest[:, :20], atol=1e-6)


def test_a_mixture_comes_back_from_json():
    truth, honest, noise = world()
    ensemble = fitted(noise, honest, truth)
    assert Ensemble.from_json(ensemble.to_json()) == ensemble
    with pytest.raises(ArtefactError, match="no ensemble of scores"):
        Ensemble.from_json({"MFO": {"share": 1}})


def test_without_a_curve_the_mixture_is_the_score():
    aspect = AspectEnsemble(0.0, SHARES[2])
    mixed = aspect.mixed("MFO", np.array([[0.2]]), expected(np.array([[0.4]])), np.array([1e9]))
    assert aspect.scores(mixed) == pytest.approx(0.3, abs=1e-5)


def test_for_a_rare_term_the_text_weighs_more():
    aspect = AspectEnsemble(0.0, 0.9)
    mixed = aspect.mixed("MFO", np.zeros((1, 3)), expected(np.ones((1, 3))), np.array([1, RARE, 1e9]))
    np.testing.assert_allclose(mixed, [[0.9 / (1 + RARE), 0.45, 0.9]], rtol=1e-5)


def test_transferred_labels_weigh_as_much_as_they_help():
    truth, honest, noise = world()
    has_relative = np.arange(len(truth)) % 2 == 0
    better, similarity = np.where(has_relative[:, None], honest, 0), np.where(has_relative, 0.2, 0.0)
    ensemble = fitted(noise, np.sqrt(noise * honest), truth, better, similarity)
    assert all(aspect.trust >= 2 for aspect in ensemble.aspects.values())
    worse = fitted(noise, honest, truth, np.where(has_relative[:, None], noise, 0), similarity)
    assert all(aspect.trust == 0 for aspect in worse.aspects.values())


def test_the_closer_the_relative_the_more_its_labels_count():
    regressed, transferred = np.full((3, 1), 0.2), np.array([[0.8], [0.8], [0.0]])
    labels = expected(regressed, transferred, np.array([0.5, 0.1, 0.0]))
    mixed = AspectEnsemble(10.0, 1.0).mixed("MFO", np.zeros((3, 1)), labels, np.array([1e9]))
    np.testing.assert_allclose(mixed, [[0.7], [0.5], [0.2]], rtol=1e-6)


def test_terms_that_validation_proteins_have_more_or_less_often_than_expected_get_a_factor():
    truth, honest, noise = world(400)
    wrong = honest.copy()
    wrong[:, ::2] = np.minimum(3 * honest[:, ::2], 1)  # half of the terms are expected three times too often
    factors = fitted(wrong, wrong, truth).aspects["MFO"].factors
    assert all(factors[str(column)] < 0.7 < factors[str(column + 1)] for column in range(0, 20, 2))


def test_a_factor_multiplies_the_average_of_its_term_up_to_1():
    aspect = AspectEnsemble(0.0, 0.5, factors={"b": 3.0})
    np.testing.assert_allclose(
        aspect.corrected(np.array([[0.25, 0.25], [0.5, 0.5]]), ["a", "b"]), [[0.25, 0.75], [0.5, 1]]
    )


def test_an_aspect_that_was_not_fitted_keeps_what_was_regressed():
    parts = expected(np.full((1, TERMS), 0.2), np.full((1, TERMS), 0.8), 0.1)
    labels = Ensemble({"MFO": AspectEnsemble(10.0, 0.9)}).labels(parts, ASPECTS)
    np.testing.assert_allclose(labels, np.where(ASPECTS == "MFO", 0.5, 0.2)[None], rtol=1e-6)
