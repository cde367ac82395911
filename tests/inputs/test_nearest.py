import shutil

import numpy as np
import pandas as pd
import pytest
from inputs.sequences import families, mutated, proteins_of, random_protein

from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins import candidates
from gofer.inputs.proteins.local_alignment import hits
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.identity_bins import identity_bins
from gofer.inputs.splits.nearest import account_nearest, with_nearest, without_similar


def splits_of(split: list[str], cluster: list[int] | None = None) -> pd.DataFrame:
    ids = [f"P{number:04d}" for number in range(len(split))]
    return pd.DataFrame({"protein_id": ids, "split": split, "cluster": cluster or range(len(split))})


def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training proteins, then one to look for at about 90 %, one at 60 %, and an unrelated one."""
    rng = np.random.default_rng(0)
    one, other, third = (random_protein(rng) for _ in range(3))
    sequences = [mutated(rng, one, 0.3), mutated(rng, one, 0.1), mutated(rng, other, 0.4), third, one, other]
    sequences.append(random_protein(rng))
    return proteins_of(sequences), splits_of(["train", "train", "train", "unused", "test", "val", "test"])


def test_the_most_identical_training_protein_is_named():
    proteins, splits = world()
    table = with_nearest(splits, proteins)
    assert table["nearest_train"].tolist()[4:6] == ["P0001", "P0002"]
    assert table["nearest_identity"].tolist()[4:6] == pytest.approx([0.9, 0.6], abs=0.03)


def test_without_a_similar_protein_and_for_training_and_unused_proteins_there_is_no_nearest():
    proteins, splits = world()
    table = with_nearest(splits, proteins).iloc[[0, 1, 2, 3, 6]]
    assert table["nearest_train"].isna().all()
    assert table["nearest_identity"].isna().all()


def test_an_unused_protein_is_never_the_nearest():
    proteins, splits = world()
    splits.loc[1, "split"] = "unused"
    assert with_nearest(splits, proteins)["nearest_train"][4] == "P0000"


def test_of_equal_training_sequences_the_first_id_is_named():
    proteins = proteins_of(["MKTAYIAKQRQISFVKSHFSRQ" * 3] * 2 + ["MKTAYIAKQRQISFVKSHFSRW" * 3])
    table = with_nearest(splits_of(["train", "train", "test"]), proteins.iloc[[1, 0, 2]])
    assert table["nearest_train"][2] == "P0000"


def test_neither_the_order_of_the_proteins_nor_threads_change_anything():
    sequences, _ = families(0, n=20, members=4, changed=0.4)
    proteins, splits = proteins_of(sequences), splits_of(["train", "val", "test", "train"] * 20)
    table = with_nearest(splits, proteins)
    order = np.random.default_rng(1).permutation(len(proteins))
    mixed = with_nearest(splits.iloc[order], proteins.iloc[order[::-1]], threads=3)
    pd.testing.assert_frame_equal(mixed.sort_values("protein_id"), table)


def test_the_nearest_is_that_of_aligning_every_pair():
    sequences, family = families(1, n=10, members=4, changed=0.3)
    table = with_nearest(splits_of(["train", "train", "train", "test"] * 10), proteins_of(sequences))
    train = [sequence for place, sequence in enumerate(sequences) if place % 4 < 3]
    for place in range(3, 40, 4):
        assert table["nearest_identity"][place] == max(hit.identity for hit in hits(sequences[place], train))
        assert family[int(table["nearest_train"][place][1:])] == family[place]


def test_a_protein_that_is_still_similar_goes_to_training_with_its_cluster():
    proteins, splits = world()
    splits["cluster"] = [0, 1, 2, 3, 6, 5, 6]
    splits = pd.concat([splits, pd.DataFrame({"protein_id": ["P0007"], "split": ["test"], "cluster": [7]})])
    extra = proteins_of([random_protein(np.random.default_rng(9))]).assign(protein_id="P0007")
    proteins = pd.concat([proteins, extra], ignore_index=True)
    table, moved = without_similar(splits.reset_index(drop=True), proteins, identity=0.8)
    assert table["split"].tolist() == ["train", "train", "train", "unused", "train", "val", "train", "test"]
    assert moved == 2
    assert table["nearest_train"].dropna().tolist() == ["P0002"]
    assert not (table["nearest_identity"] >= 0.8).any()


def test_a_split_whose_last_protein_would_go_to_training_is_refused():
    proteins, splits = world()
    with pytest.raises(GoferError, match="the val split has no annotated protein"):
        without_similar(splits, proteins, identity=0.5)


def test_without_similar_proteins_none_changes_its_split():
    proteins, splits = world()
    table, moved = without_similar(splits, proteins, identity=0.95)
    assert moved == 0
    assert table.equals(with_nearest(splits, proteins))


def test_the_held_out_proteins_are_counted_by_bins():
    proteins, splits = world()
    accounting = Accounting()
    account_nearest(accounting, with_nearest(splits, proteins))
    item = "{} proteins by nearest training protein"
    assert accounting.count(item.format("test"), "none similar") == 1
    assert accounting.count(item.format("test"), "70–95 %") == 1
    assert accounting.count(item.format("val"), "50–70 %") == 1
    assert accounting.table()["count"].sum() == 3


def test_of_real_proteins_the_near_ones_are_all_found(shared_data):
    proteins, _ = read_proteins([shared_data / "swissprot" / "swissprot_2020.fasta"])
    proteins = proteins.drop_duplicates("sequence").sort_values("sequence").iloc[:400].reset_index(drop=True)
    held_out = np.arange(len(proteins)) % 4 == 0
    splits = pd.DataFrame({"protein_id": proteins["protein_id"], "split": np.where(held_out, "test", "train")})
    found = with_nearest(splits, proteins)["nearest_identity"].fillna(0).to_numpy()[held_out]
    train = proteins["sequence"][~held_out].tolist()
    asked = proteins["sequence"][held_out]
    best = np.array([max((hit.identity for hit in hits(one, train)), default=0) for one in asked])
    assert (best >= 0.4).sum() >= 10
    assert (found[best >= 0.4] == best[best >= 0.4]).all()
    assert (found >= 0.3).sum() >= 0.9 * (best >= 0.3).sum()


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (np.nan, "none similar"), (0.1, "under 30 %"), (0.3, "30–50 %"), (0.4999, "30–50 %"), (0.5, "50–70 %"),
        (0.7, "70–95 %"), (0.95, "95 % or more"), (1.0, "95 % or more"),
    ],
)  # fmt: skip
def test_a_bin_holds_its_lower_edge(identity, name):
    assert identity_bins([identity]).tolist() == [name]


def test_every_bin_is_reported_in_order_even_an_empty_one():
    counts = identity_bins([0.6, np.nan, np.nan]).value_counts(sort=False)
    assert counts.tolist() == [2, 0, 0, 1, 0, 0]


def test_known_proteins_are_looked_among_too():
    proteins, splits = world()
    splits.loc[1, "split"] = "known"
    assert with_nearest(splits, proteins)["nearest_train"][4] == "P0001"


@pytest.mark.skipif(
    shutil.which("diamond") is None, reason="DIAMOND is not on the PATH (apt-get install diamond-aligner)"
)
def test_in_large_sets_diamond_finds_the_same_nearest_with_the_same_identity(monkeypatch):
    proteins, splits = world()
    table = with_nearest(splits, proteins)
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    monkeypatch.setattr(candidates, "kmer_matrix", None)
    pd.testing.assert_frame_equal(with_nearest(splits, proteins), table)


def test_a_large_set_without_diamond_is_reported(monkeypatch, caplog):
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    proteins, splits = world()
    with_nearest(splits, proteins)
    assert "without DIAMOND" in caplog.text
