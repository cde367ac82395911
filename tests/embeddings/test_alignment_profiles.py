"""Proteins that resemble the same training proteins have like profiles; strangers have none."""

import numpy as np
import pytest
from inputs.sequences import mutated, random_protein

from gofer.embeddings.alignment_profiles import AlignmentReader


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_protein_resembles_its_family_and_not_a_stranger(rng):
    parent, stranger = random_protein(rng, 200), random_protein(rng, 200)
    family = [mutated(rng, parent, 0.4) for _ in range(3)]
    reader = AlignmentReader.of_training([*family, stranger])
    profile_1P = reader.read([mutated(rng, parent, 0.4)])
    likes = {reader.targets[column] for column in profile_1P.indices}
    assert likes == set(family)
    assert np.linalg.norm(profile_1P.data) == pytest.approx(1)


def test_the_more_alike_training_protein_counts_more(rng):
    one = random_protein(rng, 200)
    near, far = mutated(rng, one, 0.1), mutated(rng, one, 0.5)
    reader = AlignmentReader.of_training([near, far])
    told = dict(zip((reader.targets[column] for column in range(2)), reader.read([one]).toarray()[0], strict=True))
    assert told[near] > 1.5 * told[far] > 0


def test_two_relatives_are_told_by_a_third(rng):
    middle = random_protein(rng, 300)
    head, tail = middle[:180], middle[120:]
    reader = AlignmentReader.of_training([middle])
    profiles = reader.read([head + random_protein(rng, 100), random_protein(rng, 100) + tail])
    assert (profiles @ profiles.T).toarray()[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("sequence", ["A", "XXXXXXXX", "A" * 100, "GPGPGPGPGPGP" * 5])
def test_a_protein_that_resembles_none_has_an_empty_row(sequence, rng):
    reader = AlignmentReader.of_training([random_protein(rng, 100) for _ in range(3)])
    assert reader.read([sequence]).shape == (1, 3)
    assert reader.read([sequence]).nnz == 0


def test_no_protein_has_no_row(rng):
    assert AlignmentReader.of_training([random_protein(rng, 50)]).read([]).shape == (0, 1)


def test_neither_the_order_nor_company_nor_threads_change_a_profile(rng):
    parents = [random_protein(rng, 150) for _ in range(4)]
    train = [mutated(rng, parent, 0.3) for parent in parents for _ in range(5)]
    asked = [mutated(rng, parent, 0.3) for parent in parents]
    one, other = AlignmentReader.of_training(train), AlignmentReader.of_training(train[::-1] + train[:2])
    whole = one.read(asked).toarray()
    np.testing.assert_array_equal(whole, other.read(asked, threads=2).toarray())
    np.testing.assert_array_equal(whole[[2]], one.read([asked[2]]).toarray())
