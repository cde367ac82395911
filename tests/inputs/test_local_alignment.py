import numpy as np
import parasail
import pytest
from inputs.sequences import families, mutated, random_protein

from gofer.inputs.proteins.local_alignment import GAP_EXTEND, GAP_OPEN, MATRIX, all_hits, hits


def identity_of(one: str, other: str) -> float | None:
    found = hits(one, [other])
    return found[0].identity if found else None


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_identity_is_the_share_of_equal_residues(rng):
    one = random_protein(rng, 200)
    other = mutated(rng, one[:195], 0.2) + one[195:]
    assert identity_of(one, one) == 1.0
    assert identity_of(one, other) == pytest.approx(161 / 200)


def test_columns_of_gaps_count(rng):
    one = random_protein(rng, 200)
    assert identity_of(one, one[:100] + random_protein(rng, 10) + one[100:]) == pytest.approx(200 / 210, abs=0.01)


def test_unrelated_proteins_are_not_similar(rng):
    assert [identity_of(random_protein(rng, 300), random_protein(rng, 300)) for _ in range(50)] == [None] * 50


def test_a_fragment_is_as_similar_as_its_part_of_the_whole(rng):
    one = random_protein(rng, 400)
    assert identity_of(one, one[150:210]) == 1.0


@pytest.mark.parametrize(("shared", "similar"), [(70, False), (130, True)])
def test_the_alignment_must_cover_half_of_the_shorter_protein(rng, shared, similar):
    common = random_protein(rng, shared)
    one = random_protein(rng, 200 - shared) + common
    other = common + random_protein(rng, 600)
    assert (identity_of(one, other) is not None) == similar


def test_short_peptides_are_similar_only_with_a_significant_alignment(rng):
    one = random_protein(rng, 20)
    assert identity_of(one, one) == 1.0
    assert identity_of(one[:8], one[:8]) is None


def test_two_proteins_have_one_identity_whichever_comes_first():
    sequences, _ = families(3, n=4, members=4, changed=0.4)
    for one in sequences:
        for other in sequences:
            assert hits(one, [other]) == hits(other, [one])


def test_the_figures_are_those_of_the_plain_algorithm():
    # The instruction sets of other machines give these too: parasail's tests check that.
    sequences, _ = families(4, n=3, members=3, changed=0.35)
    for one in sequences:
        for other in sequences:
            plain = parasail.sw_stats(*sorted([one, other]), GAP_OPEN, GAP_EXTEND, MATRIX)
            for hit in hits(one, [other]):
                assert (hit.score, hit.identity) == (plain.score, plain.matches / plain.length)


def test_a_score_beyond_sixteen_bits_is_right(rng):
    giant = random_protein(rng, 9000)
    (hit,) = hits(giant, [giant])
    assert hit.identity == 1.0
    assert hit.score > 2**15


def test_threads_change_nothing():
    sequences, _ = families(5, n=5, members=3)
    asked = [(one, sequences) for one in sequences]
    assert all_hits(asked, threads=3) == all_hits(asked) == [hits(one, sequences) for one in sequences]
