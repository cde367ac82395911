"""Kinds of evidence become one score that keeps their order and says how often it is right."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import ArtefactError
from gofer.evaluation.hierarchy import Hierarchy
from gofer.evaluation.mixture import SHARES, AspectMixture, Expected, Mixture, fit_mixture

TERMS = 40
ASPECTS = np.array(["MFO"] * 20 + ["BPO"] * 20)
FLAT = Hierarchy.of_terms(
    pd.DataFrame(
        {"go_id": [str(i) for i in range(TERMS)], "aspect": ASPECTS, "is_a": [[]] * TERMS, "part_of": [[]] * TERMS}
    )
)


def world(n=300, seed=0):
    """Truth, an honest probability of it, and noise."""
    rng = np.random.default_rng(seed)
    honest = rng.beta(0.5, 3, size=(n, TERMS))
    return rng.random((n, TERMS)) < honest, honest, rng.random((n, TERMS))


def expected(regressed, carried=None):
    return Expected(regressed, np.zeros_like(regressed) if carried is None else carried)


def fitted(text, regressed, truth, carried=None):
    return fit_mixture(text, expected(regressed, carried), truth, ASPECTS, np.ones(TERMS), FLAT)


def test_the_better_kind_of_evidence_gets_the_greater_share():
    truth, honest, noise = world()
    assert all(own.share >= 0.75 for own in fitted(noise, honest, truth).aspects.values())
    assert all(own.share <= 0.25 for own in fitted(honest, noise, truth).aspects.values())


@pytest.mark.parametrize("n", [20, 400], ids=["platt", "isotonic"])
def test_a_score_says_how_often_it_is_right(n):
    truth, honest, noise = world(n)
    mixture = fitted(noise, np.sqrt(honest), truth)  # the order is right, the figures are far too high
    new, honest, noise = world(2000, seed=1)
    scores = mixture.apply(noise, expected(np.sqrt(honest)), ASPECTS)
    for low in (0.0, 0.1, 0.3):
        inside = (scores >= low) & (scores < low + 0.2)
        assert scores[inside].mean() == pytest.approx(new[inside].mean(), abs=0.06)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(20, 200))
def test_a_higher_mixture_never_scores_lower_and_scores_stay_within_0_and_1(seed, n):
    truth, honest, noise = world(n, seed)
    for own in fitted(noise, honest, truth).aspects.values():
        mixed = np.linspace(0, 1, 1001)[None]
        scores = own.scores(mixed, expected(mixed))[0]
        assert (np.diff(scores) >= 0).all()
        assert len(np.unique(scores)) > 500  # no plateaus
        assert scores.min() > 0
        assert scores.max() <= 1


def test_an_aspect_with_few_labels_keeps_the_texts_scores():
    truth, honest, noise = world()
    truth[:, :20] = False
    mixture = fitted(honest, noise, truth)
    assert set(mixture.aspects) == {"BPO"}
    np.testing.assert_allclose(mixture.apply(honest, expected(noise), ASPECTS)[:, :20], honest[:, :20], atol=1e-6)


def test_a_mixture_comes_back_from_json():
    truth, honest, noise = world()
    mixture = fitted(noise, honest, truth)
    assert Mixture.from_json(mixture.to_json()) == mixture
    with pytest.raises(ArtefactError, match="no mixture of scores"):
        Mixture.from_json({"MFO": {"share": 1}})


def test_without_a_curve_the_mixture_is_the_score():
    own = AspectMixture(SHARES[2])
    assert own.scores(np.array([[0.2]]), expected(np.array([[0.4]]))) == pytest.approx(0.3, abs=1e-5)


def test_labels_carried_over_count_where_a_protein_has_a_relative_and_as_much_as_they_are_worth():
    truth, honest, noise = world()
    has_relative = np.arange(len(truth)) % 2 == 0
    better = np.where(has_relative[:, None], honest, 0)
    mixture = fitted(noise, np.sqrt(noise * honest), truth, better)
    assert all(own.carried >= 0.3 for own in mixture.aspects.values())
    assert all(own.carried == 0 for own in fitted(noise, honest, truth, 0.5 * noise).aspects.values())
    own = AspectMixture(1.0, 0.5)
    mixed = own.mixed(np.zeros((2, 1)), expected(np.array([[0.2], [0.2]]), np.array([[0.8], [0.0]])))
    np.testing.assert_allclose(mixed, [[0.5], [0.2]])
