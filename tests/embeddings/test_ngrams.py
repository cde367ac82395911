import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gofer.embeddings.pretraining.ngrams import RESIDUES, NGrams

TEXTS = st.lists(st.text(alphabet=RESIDUES + "XBZ", max_size=30), max_size=8)


def test_counts_are_interpolated_as_by_witten_and_bell():
    grams = NGrams(["AAC", "CA"], order=2)
    one_A = (3 + 2 / 20) / (5 + 2)
    assert grams.probability[0][0] == pytest.approx(one_A)
    # After A stand A and C, once each: two kinds in two.
    assert grams.probability[1][0, 0] == pytest.approx((1 + 2 * one_A) / (2 + 2))


@given(TEXTS, st.integers(1, 3))
def test_the_probabilities_after_every_context_add_up_to_one(sequences, order):
    for probability in NGrams(sequences, order=order).probability:
        assert probability.sum(-1) == pytest.approx(np.ones(probability.shape[:-1]))
        assert probability.min() > 0


def test_without_counts_all_20_residues_are_similar():
    assert NGrams([], order=3).perplexity(["MKVLA"]) == pytest.approx(20)


def test_the_perplexity_takes_a_shorter_context_at_the_beginning_and_after_other_letters():
    grams = NGrams(["ACACAC", "CCA"], order=3)
    one, two, three = grams.probability
    a, c = RESIDUES.index("A"), RESIDUES.index("C")
    wanted = [one[a], two[a, c], three[a, c, a], one[c], two[c, a]]
    assert grams.perplexity(["ACAXCA"]) == pytest.approx(math.exp(-np.log(wanted).mean()))


def test_longer_ngrams_predict_a_language_of_longer_words():
    text = ["ACDEFGHIKLMN" * 20]
    perplexities = [NGrams(text, order=order).perplexity(text) for order in (1, 2)]
    assert perplexities[1] < 2 < perplexities[0]
