"""An unseen term is as likely as its text says, more so where seen terms of like text are expected."""

import numpy as np
import pytest

from gofer.retrieval.related_terms import RelatedTerms

SEEN_SD = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
ASPECT_S = np.array(["MFO", "MFO", "BPO"])
MEAN_S = np.array([0.2, 0.4, 0.1], np.float32)


def related(unseen_UD, aspects=("MFO",)):
    return RelatedTerms.of_vectors(np.array(unseen_UD, np.float32), SEEN_SD, np.array(aspects), ASPECT_S, MEAN_S)


def test_the_nearest_seen_term_of_the_aspect_decides():
    own = related([[0.0, 0.6, 0.8]])
    assert own.weights_US.toarray()[0] == pytest.approx([0, 1, 0], abs=1e-4)
    assert own.mean_U == pytest.approx([0.4], abs=1e-4)


def test_odds_rise_by_how_much_more_often_than_on_average_the_like_term_is_expected():
    own = related([[0, 1, 0]])
    scores_BU = np.array([[0.1], [0.1], [0.1]], np.float32)
    expected_BS = np.array([[0.9, 0.4, 0.9], [0.0, 0.8, 0.0], [0.9, 0.0, 0.9]], np.float32)
    same, double, never = own.raised(scores_BU, expected_BS)[:, 0]
    assert same == pytest.approx(0.1, rel=1e-4)
    assert double / (1 - double) == pytest.approx(2 * 0.1 / 0.9, rel=1e-4)
    assert 0 < never < 0.01


def test_without_a_seen_term_in_the_aspect_the_text_decides_alone():
    own = related([[1, 0, 0]], aspects=("CCO",))
    assert own.raised(np.array([[0.3]], np.float32), np.ones((1, 3), np.float32))[0, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("score", [1e-6, 0.5, 1.0])
def test_scores_stay_scores(score):
    raised = related([[1, 0, 0]]).raised(np.array([[score]], np.float32), np.ones((1, 3), np.float32))
    assert 0 < raised[0, 0] <= 1


def test_with_no_unseen_term_there_is_nothing_to_raise():
    own = RelatedTerms.of_vectors(np.zeros((0, 3), np.float32), SEEN_SD, np.zeros(0, str), ASPECT_S, MEAN_S)
    assert own.raised(np.zeros((2, 0), np.float32), np.ones((2, 3), np.float32)).shape == (2, 0)
