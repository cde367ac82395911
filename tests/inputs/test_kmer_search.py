import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.sequences import families, mutated, random_protein

from gofer.inputs.proteins import kmer_search as candidates
from gofer.inputs.proteins.kmer_search import PATTERNS, KmerIndex, kmer_matrix

PROTEINS = st.lists(st.text("ACDEKLX", max_size=40), min_size=1, max_size=12)


def kmers_by_hand(sequence: str) -> set[tuple[str, str]]:
    letter_of = {residue: letters[0] for letters in candidates.CLASSES for residue in letters}
    found = set()
    for pattern in PATTERNS:
        for start in range(len(sequence) - len(pattern) + 1):
            seen = [sequence[start + at] for at, sign in enumerate(pattern) if sign == "1"]
            word = [letter_of.get(residue, "?") for residue in seen]
            if "?" not in word and len(set(word)) >= candidates.MIN_DISTINCT:
                found.add((pattern, "".join(word)))
    return found


@settings(max_examples=30, deadline=None)
@given(PROTEINS)
def test_kmers_shared_are_those_counted_by_hand(sequences):
    kmers_NW = kmer_matrix(sequences)
    shared = (kmers_NW @ kmers_NW.T).toarray()
    kmers = [kmers_by_hand(sequence) for sequence in sequences]
    assert shared.tolist() == [[len(one & other) for other in kmers] for one in kmers]


def test_kmers_do_not_reach_into_the_next_protein():
    assert kmer_matrix(["ACDEF", "GHIKL"]).sum(axis=1).tolist() == [1, 1]
    assert kmer_matrix(["ACDE", "FGHI"]).nnz == 0


def test_residues_that_replace_each_other_make_the_same_kmer():
    kmers_NW = kmer_matrix(["ACDLK", "ACDIR", "ACDWK"])
    assert (kmers_NW[[0]] != kmers_NW[[1]]).nnz == 0
    assert (kmers_NW[[0]] != kmers_NW[[2]]).nnz > 0


@settings(max_examples=15, deadline=None)
@given(PROTEINS, st.integers(1, 5))
def test_the_best_are_those_of_a_plain_count(sequences, most):
    kmers = [kmers_by_hand(sequence) for sequence in sequences]
    proteins = Counter(kmer for found in kmers for kmer in found)
    weight = {kmer: 1 + round(4 * math.log2(len(kmers) / count)) for kmer, count in proteins.items()}
    kmers_NW = kmer_matrix(sequences)
    for one, found in zip(kmers, KmerIndex.of(kmers_NW).best(kmers_NW, most=most), strict=True):
        score = [sum(weight[kmer] for kmer in one & other) / math.sqrt(len(other) or 1) for other in kmers]
        wanted = sorted((row for row in range(len(kmers)) if score[row] > 0), key=lambda row: (-score[row], row))
        assert found.tolist() == wanted[:most]


def test_relatives_come_first_and_those_of_the_same_kind_are_skipped():
    sequences, family = families(0, n=30, members=3)
    kinds = np.array(family)
    kmers_NW = kmer_matrix(sequences)
    index = KmerIndex.of(kmers_NW)
    assert [sorted(kinds[rows]) for rows in index.best(kmers_NW, most=3)] == [[number] * 3 for number in family]
    of_other_kinds = index.best(kmers_NW, most=3, kinds=(kinds, kinds))
    assert all(number not in kinds[rows] for number, rows in zip(family, of_other_kinds, strict=True))


def test_blocks_and_threads_change_nothing(monkeypatch):
    sequences, _ = families(1, n=12, members=4)
    kmers_NW = kmer_matrix(sequences)
    whole = KmerIndex.of(kmers_NW).best(kmers_NW, most=5)
    monkeypatch.setattr(candidates, "RESIDUES_AT_ONCE", 500)
    monkeypatch.setattr(candidates, "SHARED_AT_ONCE", 200)
    blocks = kmer_matrix(sequences)
    assert (blocks != kmers_NW).nnz == 0
    parts = KmerIndex.of(blocks).best(blocks, most=5, threads=3)
    assert [rows.tolist() for rows in parts] == [rows.tolist() for rows in whole]


@pytest.mark.parametrize("changed", [0.3, 0.5, 0.6])
def test_distant_relatives_are_among_the_candidates(changed):
    rng = np.random.default_rng(0)
    strangers = [random_protein(rng, 300) for _ in range(300)]
    asked = [random_protein(rng, 300) for _ in range(20)]
    index = KmerIndex.of(kmer_matrix([mutated(rng, one, changed) for one in asked] + strangers))
    found = index.best(kmer_matrix(asked), most=50)
    assert sum(row in rows for row, rows in enumerate(found)) >= 19


def test_of_two_proteins_each_is_a_candidate_of_the_other():
    sequences, _ = families(2, n=1, members=2)
    kmers_NW = kmer_matrix(sequences)
    assert [len(rows) for rows in KmerIndex.of(kmers_NW).best(kmers_NW, most=5)] == [2, 2]
