import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofer.errors import GoferError, InputError
from gofer.inputs.clusters import cluster
from gofer.inputs.splits import SplitConfig, make_splits

RESIDUES = list("ACDEFGHIKLMNPQRSTVWY")
RANDOM = SplitConfig("random", "kmers", 0.3, 0.15, 0.15, 1)


def random_protein(rng: np.random.Generator, length: int = 200) -> str:
    return "".join(rng.choice(RESIDUES, length))


def mutated(rng: np.random.Generator, sequence: str, share: float) -> str:
    return "".join(rng.choice(RESIDUES) if rng.random() < share else residue for residue in sequence)


def proteins_of(sequences: list[str]) -> pd.DataFrame:
    hashes = [hashlib.sha256(sequence.encode()).hexdigest() for sequence in sequences]
    ids = [f"P{i:04d}" for i in range(len(sequences))]
    return pd.DataFrame({"protein_id": ids, "sequence": sequences, "sequence_sha256": hashes})


def families(seed: int, n: int = 40, members: int = 5) -> tuple[list[str], list[int]]:
    rng = np.random.default_rng(seed)
    scaffolds = [random_protein(rng) for _ in range(n)]
    return [mutated(rng, s, 0.2) for s in scaffolds for _ in range(members)], [
        number for number in range(n) for _ in range(members)
    ]


def test_words_find_families_and_keep_strangers_apart():
    sequences, family = families(0)
    labels = cluster(sequences, identity=0.3, clusterer="kmers")
    assert labels.tolist() == family


def test_a_shared_motif_is_no_family():
    rng = np.random.default_rng(0)
    sequences = [random_protein(rng, 90) + "HRDLKPENILGSWYC" + random_protein(rng, 90) for _ in range(30)]
    assert len(set(cluster(sequences, identity=0.3, clusterer="kmers").tolist())) == 30


def test_an_insertion_does_not_part_a_family():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 300)
    two = one[:150] + random_protein(rng, 12) + one[150:]
    assert cluster([one, two], identity=0.5, clusterer="kmers").tolist() == [0, 0]


def test_a_high_identity_parts_what_a_low_one_joins():
    rng = np.random.default_rng(0)
    one = random_protein(rng, 400)
    pair = [one, mutated(rng, one, 0.35)]
    assert cluster(pair, identity=0.3, clusterer="kmers").tolist() == [0, 0]
    assert cluster(pair, identity=0.95, clusterer="kmers").tolist() == [0, 1]


def test_clusters_do_not_depend_on_the_order_of_the_proteins():
    sequences, _ = families(1, n=10)
    order = np.random.default_rng(2).permutation(len(sequences))
    one = cluster(sequences, identity=0.3, clusterer="kmers")
    two = cluster([sequences[i] for i in order], identity=0.3, clusterer="kmers")
    together = {(i, j) for i in range(50) for j in range(50) if one[i] == one[j]}
    assert together == {(order[i], order[j]) for i in range(50) for j in range(50) if two[i] == two[j]}


def test_tiny_and_equal_proteins_cluster_without_words():
    assert cluster(["M", "MK", "M", ""], identity=0.3, clusterer="kmers").tolist() == [0, 1, 0, 2]


def test_mmseqs_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(GoferError, match="MMseqs2 is not installed"):
        cluster(["MK"], identity=0.3, clusterer="mmseqs")
    assert cluster(["MK"], identity=0.3, clusterer="auto").tolist() == [0]


def fake_mmseqs(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = folder / "mmseqs"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_clusters_of_mmseqs_are_taken_over(tmp_path, monkeypatch):
    fake_mmseqs(tmp_path, monkeypatch, 'printf "0\\t0\\n0\\t2\\n" > "$3_cluster.tsv"')
    assert cluster(["MA", "MK", "MV"], identity=0.3, clusterer="auto").tolist() == [0, 1, 0]


def test_a_failure_of_mmseqs_shows_what_it_said(tmp_path, monkeypatch):
    fake_mmseqs(tmp_path, monkeypatch, "echo out of memory >&2; exit 3")
    with pytest.raises(GoferError, match="status 3: out of memory"):
        cluster(["MA"], identity=0.3, clusterer="mmseqs")


def test_whole_clusters_are_divided_near_the_wanted_shares():
    proteins = proteins_of(families(3)[0])
    table = make_splits(
        proteins, set(proteins["protein_id"][:190]), SplitConfig("identity", "kmers", 0.3, 0.15, 0.15, 1)
    )
    assert (table[table["split"] != "unused"].groupby("cluster")["split"].nunique() == 1).all()
    share = table["split"].value_counts() / 190
    assert share["val"] == pytest.approx(0.15, abs=0.05)
    assert share["test"] == pytest.approx(0.15, abs=0.05)
    assert (table["split"] == "unused").sum() == 10
    assert (table["split"].to_numpy()[190:] == "unused").all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.lists(st.integers(0, 30), min_size=60, max_size=120))
def test_a_sequence_is_never_in_two_splits_and_every_protein_has_one(seed, copies):
    # Thirty more of their own keep every split from being empty.
    proteins = proteins_of(["M" + "AK" * copy for copy in copies] + ["V" * (i + 1) for i in range(30)])
    config = SplitConfig("random", "kmers", 0.3, 0.2, 0.2, seed)
    table = make_splits(proteins, set(proteins["protein_id"]), config)
    joined = table.merge(proteins, on="protein_id")
    assert (joined.groupby("sequence_sha256")["split"].nunique() == 1).all()
    assert table["protein_id"].tolist() == proteins["protein_id"].tolist()


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    rng = np.random.default_rng(0)
    proteins = proteins_of([random_protein(rng, 20) for _ in range(100)])
    ids = set(proteins["protein_id"])
    one, two, other = (
        make_splits(proteins, ids, SplitConfig("random", "kmers", 0.3, 0.15, 0.15, seed)) for seed in (1, 1, 2)
    )
    assert one.equals(two)
    assert not one.equals(other)


def test_lists_say_who_is_tested(write):
    proteins = proteins_of(["MK", "MA", "MV", "ML"])
    lists = {"val": write("val.txt", "P0001\n"), "test": write("test.txt", "P0003\n")}
    config = SplitConfig("lists", "kmers", 0.3, 0.15, 0.15, 1)
    table = make_splits(proteins, set(proteins["protein_id"]), config, lists=lists)
    assert table["split"].tolist() == ["train", "val", "train", "test"]


@pytest.mark.parametrize(
    ("val", "test", "said"),
    [
        ("P0001\nX\n", "P0003\n", "X is not a protein of the FASTA"),
        ("P0001\n", "P0003\nP0001\n", "P0001 is in the list of val too"),
        ("P0000\n", "P0003\n", r"P0004 \(train\) and P0000 \(val\)|P0000 \(val\) and P0004 \(train\)"),
        ("P0000\nP0001\nP0002\nP0004\n", "P0003\n", "the train split has no annotated protein"),
    ],
)
def test_lists_at_fault_are_refused(write, val, test, said):
    proteins = proteins_of(["MK", "MA", "MV", "ML", "MK"])
    lists = {"val": write("val.txt", val), "test": write("test.txt", test)}
    config = SplitConfig("lists", "kmers", 0.3, 0.15, 0.15, 1)
    with pytest.raises(GoferError, match=said) as caught:
        make_splits(proteins, set(proteins["protein_id"]), config, lists=lists)
    assert caught.value.help
    if isinstance(caught.value, InputError):
        assert caught.value.line == 2


def test_a_split_without_a_protein_is_refused():
    with pytest.raises(GoferError, match="split has no annotated protein"):
        make_splits(proteins_of(["MK", "MA"]), {"P0000", "P0001"}, RANDOM)
