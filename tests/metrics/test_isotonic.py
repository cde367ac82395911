"""The share of true pairs rises with the score, whether pairs are counted singly or in groups of about one score."""

import numpy as np
import pytest

from gofer.metrics import isotonic
from gofer.metrics.isotonic import increasing


def test_groups_of_many_pairs_give_nearly_the_shares_of_single_pairs(monkeypatch):
    rng = np.random.default_rng(0)
    scores = rng.random(20_000).astype(np.float32)
    truth = rng.random(20_000) < scores**2
    one = increasing(scores, truth)
    monkeypatch.setattr(isotonic, "MOST_PAIRS", 10_000)
    many = increasing(scores, truth)
    places = np.linspace(0.05, 0.95, 19)
    of_one, of_many = (np.interp(places, found.least_G, found.share_G) for found in (one, many))
    np.testing.assert_allclose(of_many, of_one, atol=1e-3)
    np.testing.assert_allclose(of_one, places**2, atol=0.1)
    assert many.pairs_G.sum() == len(scores)
    assert many.total_G.sum() == pytest.approx(scores.sum(dtype=float))


def test_scores_within_a_hair_of_each_other_have_a_share_too():
    scores = np.float32(1) - np.arange(5000, dtype=np.float32) * np.float32(6e-8)
    truth = np.random.default_rng(0).random(5000) < 0.9
    share = increasing(scores, truth).share_G
    assert share[-1] == pytest.approx(0.9, abs=0.05)
    assert np.isfinite(share).all()
