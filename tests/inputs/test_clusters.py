import shutil
from pathlib import Path

import numpy as np
import pytest
from inputs.sequences import families, mutated, random_protein

from gofer.errors import GoferError
from gofer.inputs.splits import clusters
from gofer.inputs.splits.clusters import cluster

NEEDS_MMSEQS = pytest.mark.skipif(
    shutil.which("mmseqs") is None, reason="MMseqs2 is not on the PATH (apt-get install mmseqs2)"
)


def numbers(sequences: list[str], *, identity: float = 0.3, clusterer: str = "kmers", threads: int = 1) -> list[int]:
    return cluster(sequences, identity=identity, clusterer=clusterer, threads=threads).number_N.tolist()


@pytest.mark.parametrize("changed", [0.1, 0.2, 0.3])
def test_families_are_found_and_unrelated_proteins_are_separate(changed):
    sequences, family = families(0, changed=changed)
    assert numbers(sequences) == family


def test_a_shared_motif_is_no_family():
    rng = np.random.default_rng(0)
    sequences = [random_protein(rng, 90) + "HRDLKPENIL" + random_protein(rng, 90) for _ in range(30)]
    assert len(set(numbers(sequences))) >= 28  # an alignment may run on by chance


def test_an_insertion_does_not_part_a_family():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 300)
    two = one[:150] + random_protein(rng, 12) + one[150:]
    assert numbers([one, two], identity=0.5) == [0, 0]


def test_a_fragment_stays_with_its_whole():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 500)
    assert numbers([one, random_protein(rng, 100), one[200:300]], identity=0.9) == [0, 1, 0]


def test_a_high_identity_separates_proteins_that_a_low_one_joins():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 400)
    pair = [one, mutated(rng, one, 0.35)]
    assert numbers(pair) == [0, 0]
    assert numbers(pair, identity=0.7) == [0, 1]


def test_a_family_larger_than_the_candidates_of_one_comes_together(monkeypatch):
    # Two groups of near copies, themselves similar: the nearest of each protein are all of its group.
    rng = np.random.default_rng(0)
    one = random_protein(rng, 200)
    other = mutated(rng, one, 0.45)
    sequences = [mutated(rng, origin, 0.02) for origin in (one, other) for _ in range(6)]
    monkeypatch.setattr(clusters, "CANDIDATES", 3)
    assert set(numbers(sequences)) == {0}


def test_clusters_do_not_depend_on_the_order_of_the_proteins_nor_on_threads():
    sequences, _ = families(1, n=10)
    order = np.random.default_rng(2).permutation(len(sequences))
    one, two = np.array(numbers(sequences)), np.array(numbers([sequences[i] for i in order], threads=3))
    assert ((one[order][:, None] == one[order]) == (two[:, None] == two)).all()


def test_tiny_and_equal_proteins_cluster_without_kmers():
    assert numbers(["M", "MK", "M", ""]) == [0, 1, 0, 2]


def test_links_are_counted_by_who_found_them():
    sequences, _ = families(2, n=4, members=2)
    found = cluster(sequences, identity=0.3, clusterer="kmers")
    assert (found.linked_by, found.links) == ("alignment", 4)


def test_a_set_beyond_the_built_in_clusterer_is_reported(monkeypatch, caplog):
    monkeypatch.setattr(clusters, "MOST_BY_KMERS", 2)
    numbers(["MKWA", "MKWC"])
    assert "without MMseqs2" not in caplog.text
    numbers(["MKWA", "MKWC", "MKWD"])
    assert "3 different sequences are clustered without MMseqs2" in caplog.text


def test_the_longest_sequence_represents_a_family_that_alignments_link():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 300)
    found = cluster([one[:200], "MKV", one, one], identity=0.9, clusterer="kmers")
    assert found.representative_N.tolist() == [2, 1, 2, 2]  # of equal sequences the first


def test_a_missing_mmseqs_is_reported(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(GoferError, match="MMseqs2 is not installed"):
        cluster(["MK"], identity=0.3, clusterer="mmseqs")
    assert numbers(["MK"], clusterer="auto") == [0]


def fake_mmseqs(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = folder / "mmseqs"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_clusters_of_mmseqs_are_those_of_their_representatives(tmp_path, monkeypatch):
    # Rows of the sorted, distinct sequences: MA, MC, MD, ME.
    fake_mmseqs(tmp_path, monkeypatch, r'printf "2\t2\n2\t0\n1\t1\n3\t3\n" > "$3_cluster.tsv"')
    found = cluster(["ME", "MA", "MD", "MA", "MC"], identity=0.3, clusterer="auto")
    assert found.number_N.tolist() == [0, 1, 1, 1, 2]
    assert found.representative_N.tolist() == [0, 2, 2, 2, 4]
    assert (found.linked_by, found.links) == ("linclust", 1)


def test_a_failure_of_mmseqs_shows_its_message(tmp_path, monkeypatch):
    fake_mmseqs(tmp_path, monkeypatch, "echo out of memory >&2; exit 3")
    with pytest.raises(GoferError, match="status 3: out of memory"):
        cluster(["MA"], identity=0.3, clusterer="mmseqs")


@NEEDS_MMSEQS
def test_mmseqs_finds_close_families_and_keeps_unrelated_proteins_separate():
    sequences, family = families(0, changed=0.02)
    assert numbers(sequences, clusterer="mmseqs") == family


@NEEDS_MMSEQS
def test_a_shared_domain_does_not_chain_families():
    # Each half is shared with another protein: single linkage joins all three, coverage of both sides none.
    rng = np.random.default_rng(0)
    one, other, third, fourth = (random_protein(rng, 200) for _ in range(4))
    chain = [one + other, other + third, third + fourth]
    assert numbers(chain, identity=0.9) == [0, 0, 0]
    covered = cluster(chain, identity=0.9, clusterer="mmseqs", covered=0.8)
    assert covered.number_N.tolist() == [0, 1, 2]
