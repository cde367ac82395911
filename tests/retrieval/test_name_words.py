"""Words of names find the names that hold them; ranks of two searches are added, ties evenly."""

import numpy as np

from gofer.retrieval.name_words import NameWords, added_ranks

NAMES = ["RNA ligase activity", "DNA ligase activity", "nucleus", "regulation of RNA ligation"]


def test_a_name_finds_itself_first_and_unknown_words_find_nothing():
    words = NameWords(NAMES).words
    for row, name in enumerate(NAMES):
        assert words(name).argmax() == row
    assert words("The NUCLEUS, of a cell").argmax() == 2
    for query in ("of the", "§§§", "unknown"):
        np.testing.assert_array_equal(words(query), np.zeros(len(NAMES)))


def test_letters_find_a_name_by_another_ending():
    letters = NameWords(NAMES).letters
    for row, name in enumerate(NAMES):
        assert letters(name).argmax() == row
        assert letters(name)[row] > 0.999
    assert letters("nuclei").argmax() == 2
    np.testing.assert_array_equal(letters("§§§"), np.zeros(len(NAMES)))


def test_what_two_searches_place_high_comes_before_what_one_places_first():
    first, second = np.array([0.9, 0.8, 0.1, 0.2]), np.array([0.0, 0.7, 0.9, 0.0])
    assert added_ranks(first, second).argmax() == 1
    # A search that tells nothing changes no order.
    np.testing.assert_array_equal(np.argsort(added_ranks(first, np.zeros(4))), np.argsort(first))
