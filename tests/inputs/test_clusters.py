import shutil
from pathlib import Path

import numpy as np
import pytest
from inputs.sequences import families, mutated, random_protein

from gofer.errors import GoferError
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits import clusters
from gofer.inputs.splits.clusters import cluster, links_by_mmseqs


def numbers(sequences: list[str], *, identity: float = 0.3, clusterer: str = "kmers", threads: int = 1) -> list[int]:
    return cluster(sequences, identity=identity, clusterer=clusterer, threads=threads).number_N.tolist()


@pytest.mark.parametrize("changed", [0.1, 0.2, 0.3])
def test_families_are_found_and_strangers_kept_apart(changed):
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


def test_a_high_identity_parts_what_a_low_one_joins():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 400)
    pair = [one, mutated(rng, one, 0.35)]
    assert numbers(pair) == [0, 0]
    assert numbers(pair, identity=0.7) == [0, 1]


def test_a_family_larger_than_the_candidates_of_one_comes_together(monkeypatch):
    # Two groups of near copies, themselves similar: the nearest of each protein are all of its own group.
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


def test_tiny_and_equal_proteins_cluster_without_words():
    assert numbers(["M", "MK", "M", ""]) == [0, 1, 0, 2]


def test_links_are_counted_by_who_found_them():
    sequences, _ = families(2, n=4, members=2)
    assert cluster(sequences, identity=0.3, clusterer="kmers").links == {"alignment": 4}


def test_mmseqs_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(GoferError, match="MMseqs2 is not installed"):
        cluster(["MK"], identity=0.3, clusterer="mmseqs")
    assert numbers(["MK"], clusterer="auto") == [0]


def fake_mmseqs(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = folder / "mmseqs"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_links_of_mmseqs_are_taken_over_where_they_span_half_of_the_shorter(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    sequences = sorted([random_protein(rng, 100), random_protein(rng, 60), random_protein(rng, 80)], key=len)
    row = {sequence: number for number, sequence in enumerate(sorted(sequences))}
    short, middle, long = (row[sequence] for sequence in sequences)
    lines = [
        (short, short, 1, 60, 1, 60),
        (long, middle, 1, 40, 11, 50),  # 40 of 80
        (middle, long, 11, 50, 1, 40),
        (short, long, 1, 29, 1, 99),  # 29 of 60
    ]
    text = "".join("\\t".join(map(str, line)) + "\\n" for line in lines)
    fake_mmseqs(tmp_path, monkeypatch, f'printf "{text}" > "$4"')
    found = cluster(sequences, identity=0.3, clusterer="auto")
    assert found.number_N.tolist() == [0, 1, 1]
    assert found.links == {"MMseqs2": 1, "alignment": 0}


def test_mmseqs_that_finds_nothing_links_nothing(tmp_path, monkeypatch):
    fake_mmseqs(tmp_path, monkeypatch, 'touch "$4"')
    assert numbers(["MA", "MK"], clusterer="mmseqs") == [0, 1]


def test_a_failure_of_mmseqs_shows_what_it_said(tmp_path, monkeypatch):
    fake_mmseqs(tmp_path, monkeypatch, "echo out of memory >&2; exit 3")
    with pytest.raises(GoferError, match="status 3: out of memory"):
        cluster(["MA"], identity=0.3, clusterer="mmseqs")


def test_without_mmseqs_the_families_that_it_finds_come_together_too(shared_data):
    if shutil.which("mmseqs") is None:
        pytest.skip("MMseqs2 is not installed")
    proteins, _ = read_proteins([shared_data / "swissprot" / "swissprot_2020.fasta"])
    sequences = sorted(set(proteins["sequence"]))[:400]
    pairs = links_by_mmseqs(sequences, identity=0.3, threads=2)
    number = np.array(numbers(sequences, identity=0.28))  # the programs' identities differ by a little
    assert len(pairs) > 60
    assert (number[pairs[:, 0]] == number[pairs[:, 1]]).mean() > 0.9
