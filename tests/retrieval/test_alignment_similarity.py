"""A protein is similar to training proteins with a significant alignment; unrelated ones are similar to none."""

import shutil

import numpy as np
import pandas as pd
import pytest
from inputs.sequences import mutated, random_protein

from gofer.inputs.proteins import candidates
from gofer.inputs.proteins.local_alignment import own_bits, scores
from gofer.retrieval.alignment_similarity import MAX_EXPECTED, Aligner, DifferentSequences


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def aligner_of(sequences: list[str], *, most: int) -> Aligner:
    return Aligner(tuple(DifferentSequences.of(sequences).targets), most)


def test_a_protein_is_similar_to_its_family_and_not_to_an_unrelated_one(rng):
    parent, stranger = random_protein(rng, 200), random_protein(rng, 200)
    family = [mutated(rng, parent, 0.4) for _ in range(3)]
    reader = aligner_of([*family, stranger], most=100)
    similarity_1P = reader.read([mutated(rng, parent, 0.4)])
    assert {reader.targets[column] for column in similarity_1P.indices} == set(family)
    assert (similarity_1P.data < 0.7).all()


def test_a_protein_is_wholly_like_itself(rng):
    protein = random_protein(rng, 200)
    assert aligner_of([protein], most=100).read([protein]).toarray() == pytest.approx(1, abs=0.05)


def test_the_more_similar_training_protein_counts_more(rng):
    one = random_protein(rng, 200)
    near, far = mutated(rng, one, 0.1), mutated(rng, one, 0.5)
    reader = aligner_of([near, far], most=100)
    similarity = dict(
        zip((reader.targets[column] for column in range(2)), reader.read([one]).toarray()[0], strict=True)
    )
    assert similarity[near] > 1.5 * similarity[far] > 0


def test_proteins_of_like_composition_are_not_similar_for_that(rng):
    def coiled():
        return "".join(rng.choice(list("EKLAQ"), 400))

    train, strangers = [coiled() for _ in range(20)], [coiled() for _ in range(5)]
    assert sum(len(scores(protein, train, max_expected=MAX_EXPECTED)) for protein in strangers) > 90  # of 100
    reader = aligner_of(train, most=100)
    similarity = reader.read(strangers)
    assert similarity.nnz < 20
    assert reader.read([mutated(rng, train[0], 0.3)]).max() > 5 * similarity.max()


def test_only_training_proteins_that_share_most_kmers_are_aligned(rng):
    protein = random_protein(rng, 200)
    train = [mutated(rng, protein, 0.1), *(mutated(rng, protein, 0.6) for _ in range(5))]
    few, all_ = (aligner_of(train, most=most).read([protein]) for most in (1, 100))
    assert few.indices.tolist() == [all_.indices[all_.data.argmax()]]


@pytest.mark.parametrize("sequence", ["A", "XXXXXXXX", "A" * 100, "GPGPGPGPGPGP" * 5])
def test_a_protein_that_resembles_none_has_an_empty_row(sequence, rng):
    reader = aligner_of([random_protein(rng, 100) for _ in range(3)], most=100)
    assert reader.read([sequence]).shape == (1, 3)
    assert reader.read([sequence]).nnz == 0


def test_no_protein_has_no_row(rng):
    assert aligner_of([random_protein(rng, 50)], most=100).read([]).shape == (0, 1)


def test_neither_order_nor_batch_nor_threads_change_a_profile(rng):
    parents = [random_protein(rng, 150) for _ in range(4)]
    train = [mutated(rng, parent, 0.3) for parent in parents for _ in range(5)]
    asked = [mutated(rng, parent, 0.3) for parent in parents]
    one, other = aligner_of(train, most=100), aligner_of(train[::-1] + train[:2], most=100)
    whole = one.read(asked).toarray()
    np.testing.assert_array_equal(whole, other.read(asked, threads=2).toarray())
    np.testing.assert_array_equal(whole[[2]], one.read([asked[2]]).toarray())


@pytest.mark.skipif(shutil.which("diamond") is None, reason="DIAMOND is not on the PATH")
def test_in_large_sets_diamond_finds_what_is_similar_and_how_much(rng, monkeypatch):
    protein = random_protein(rng, 200)
    train = [mutated(rng, protein, 0.2), mutated(rng, protein, 0.4), random_protein(rng, 200), random_protein(rng, 300)]
    whole = aligner_of(train, most=100).read([protein, train[3]])
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 2)
    found = aligner_of(train, most=3).read([protein, train[3]])
    np.testing.assert_allclose(found.toarray(), whole.toarray(), atol=0.03)


def test_what_was_searched_before_is_not_searched_again(rng, monkeypatch):
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    monkeypatch.setenv("PATH", "")  # no DIAMOND
    one, other, stranger = (random_protein(rng, 200) for _ in range(3))
    sequence_of = {"T1": one, "T2": other, "Q1": one, "Q2": stranger}
    hits = pd.DataFrame({"protein_id": ["Q1", "Q2"], "known_id": ["T1", None], "bitscore": [own_bits(one) / 2, None]})
    similarity = aligner_of([one, other], most=9).with_hits(hits, sequence_of).read([stranger, one])
    expected = np.zeros((2, 2))
    expected[1, sorted([one, other]).index(one)] = 0.5
    np.testing.assert_allclose(similarity.toarray(), expected)


@pytest.mark.skipif(shutil.which("diamond") is None, reason="DIAMOND is not on the PATH")
def test_what_was_searched_ahead_is_found_as_if_it_were_searched_alone(rng, monkeypatch):
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    train = [random_protein(rng, 200) for _ in range(3)]
    asked = [mutated(rng, protein, 0.3) for protein in train]
    aligner, alone = (aligner_of(train, most=9) for _ in range(2))
    for sequence in asked[:2]:
        aligner.search_ahead([sequence])
    monkeypatch.setenv("PATH", "")  # no further search
    found = aligner.read(asked[:2]).toarray()
    monkeypatch.undo()
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    np.testing.assert_array_equal(found, alone.read(asked[:2]).toarray())
    assert (found.max(axis=1) > 0.3).all()
