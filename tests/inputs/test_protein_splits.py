from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from inputs.sequences import families, mutated, proteins_of, random_protein

from gofer.errors import GoferError, InputError
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.inputs.splits.split_dates import first_days

pytestmark = pytest.mark.slow

RANDOM = SplitConfig("random", "kmers", 0.3, 0.15, 0.15, 1)
IDENTITY = SplitConfig("identity", "kmers", 0.3, 0.2, 0.2, 1)
LISTS = SplitConfig("lists", "kmers", 0.3, 0.15, 0.15, 1)


def split_of(proteins: pd.DataFrame, config: SplitConfig, **given) -> pd.DataFrame:
    return make_splits(proteins, set(proteins["protein_id"]), config, **given)[0]


def test_whole_clusters_are_divided_near_the_wanted_shares():
    proteins = proteins_of(families(3)[0])
    config = SplitConfig("identity", "kmers", 0.3, 0.15, 0.15, 1)
    table, accounting = make_splits(proteins, set(proteins["protein_id"][:190]), config)
    assert accounting.count("clusters", "sequences linked at 30% identity") == 40
    assert accounting.count("proteins in the largest cluster") == 5
    assert (table[table["split"] != "unused"].groupby("cluster")["split"].nunique() == 1).all()
    share = table["split"].value_counts() / 190
    assert share["val"] == pytest.approx(0.15, abs=0.05)
    assert share["test"] == pytest.approx(0.15, abs=0.05)
    assert (table["split"] == "unused").sum() == 10
    assert (table["split"].to_numpy()[190:] == "unused").all()


@st.composite
def worlds(draw):
    """Proteins of families of many sizes, some of them equal, some not annotated; shares, and a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=12, max_size=25))
    scaffolds = [random_protein(rng, 60) for _ in sizes]
    sequences = [
        mutated(rng, one, draw(st.sampled_from([0.0, 0.1])))
        for one, n in zip(scaffolds, sizes, strict=True)
        for _ in range(n)
    ]
    proteins = proteins_of(sequences)
    without = draw(st.sets(st.sampled_from(proteins["protein_id"].tolist()), max_size=5))
    share = st.floats(0.1, 0.35)
    method = draw(st.sampled_from(["identity", "random"]))
    config = SplitConfig(method, "kmers", 0.3, draw(share), draw(share), draw(st.integers(0, 99)))
    return proteins, set(proteins["protein_id"]) - without, config, rng


def split_if_any(proteins: pd.DataFrame, annotated: set[str], config: SplitConfig) -> pd.DataFrame | None:
    try:
        return make_splits(proteins, annotated, config)[0]
    except GoferError as error:
        if "has no annotated protein" not in str(error):
            raise
        return None


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_a_split_keeps_its_promises_with_any_proteins_and_settings(world):
    proteins, annotated, config, rng = world
    table = split_if_any(proteins, annotated, config)
    assume(table is not None)  # few large clusters can leave val or test without any, which is refused
    assert table["protein_id"].tolist() == proteins["protein_id"].tolist()
    assert set(table.loc[table["split"] != "unused", "protein_id"]) == annotated
    used = table[table["split"] != "unused"]
    assert (used.groupby("cluster")["split"].nunique() == 1).all()
    assert (used.merge(proteins, on="protein_id").groupby("sequence_sha256")["split"].nunique() == 1).all()
    largest = used["cluster"].value_counts().max()
    for split, share in (("val", config.val), ("test", config.test)):
        assert share * len(used) - largest - 1 <= (used["split"] == split).sum() <= share * len(used) + 0.5
    assert make_splits(proteins, annotated, config)[0].equals(table)
    mixed = make_splits(proteins.iloc[rng.permutation(len(proteins))], annotated, config)[0]
    assert mixed.set_index("protein_id").loc[table["protein_id"]].reset_index().equals(table)


def test_another_seed_gives_another_split():
    proteins = proteins_of([f"M{'AK' * number}" for number in range(100)])
    one, other = (split_of(proteins, SplitConfig("random", "kmers", 0.3, 0.15, 0.15, seed)) for seed in (1, 2))
    assert not one.equals(other)


def test_lists_say_who_is_tested(write):
    proteins = proteins_of(["MK", "MA", "MV", "ML"])
    lists = {"val": [write("val.txt", "P0001\n")], "test": [write("test.txt", "P0003\n")]}
    table = split_of(proteins, LISTS, lists=lists)
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
    lists = {"val": [write("val.txt", val)], "test": [write("test.txt", test)]}
    with pytest.raises(GoferError, match=said) as caught:
        split_of(proteins, LISTS, lists=lists)
    assert caught.value.help
    if isinstance(caught.value, InputError):
        assert caught.value.line == 2


def test_a_split_may_be_listed_in_several_files_that_overlap(write):
    proteins = proteins_of(["MK", "MA", "MV", "ML", "MI"])
    lists = {
        "val": [write("val.txt", "P0001\n")],
        "test": [write("a.txt", "P0003\nP0004\n"), write("b.txt", "P0003\n")],
    }
    assert split_of(proteins, LISTS, lists=lists)["split"].tolist() == ["train", "val", "train", "test", "test"]


def test_without_a_list_for_validation_its_share_of_the_others_is_drawn_and_similar_proteins_stay_together(write):
    letters = "ACDEFGHIKLMNPQRSTVWY"
    rng = np.random.default_rng(3)
    families = ["".join(rng.choice(list(letters), 60)) for _ in range(40)]
    proteins = proteins_of([family + tail for family in families for tail in ("MKV", "LLW")])
    tested = proteins["protein_id"][:10]
    lists = {"test": [write("test.txt", "\n".join(tested))]}
    table = split_of(proteins, replace(LISTS, val=0.2), lists=lists)
    assert table.loc[table["split"] == "test", "protein_id"].tolist() == tested.tolist()
    rest = table.iloc[10:]
    assert (rest["split"] == "val").sum() == pytest.approx(0.2 * len(rest), abs=2)
    assert (rest.groupby("cluster")["split"].nunique() == 1).all()
    assert rest["cluster"].nunique() == 35


def test_proteins_with_the_sequence_of_a_tested_protein_are_left_out_if_configured(write):
    proteins = proteins_of(["MK", "MA", "MV", "MK", "MA"])
    lists = {"val": [write("val.txt", "P0001\n")], "test": [write("test.txt", "P0003\nP0004\n")]}
    with pytest.raises(GoferError, match="have the same sequence"):
        split_of(proteins, LISTS, lists=lists)
    more = pd.concat([proteins, proteins_of(["ME"]).assign(protein_id="Q")], ignore_index=True)
    lists["val"] = [write("val.txt", "P0001\nQ\n")]
    table, accounting = make_splits(
        more, set(more["protein_id"]), replace(LISTS, same_sequence="leave_out"), lists=lists
    )
    assert table["split"].tolist() == ["unused", "unused", "train", "test", "test", "val"]
    assert accounting.count("proteins left out", "having the sequence of one that is tested") == 2


def test_a_split_without_a_protein_is_refused():
    with pytest.raises(GoferError, match="split has no annotated protein"):
        make_splits(proteins_of(["MK", "MA"]), {"P0000", "P0001"}, RANDOM)


def days_of(days: dict[str, str], proteins: pd.DataFrame) -> pd.DataFrame:
    stated = pd.DataFrame(list(days.items()), columns=["protein_id", "date"]).assign(go_id="GO:0000001")
    return first_days(stated, proteins, set())


def test_a_split_by_date_uses_the_first_day_and_the_given_days_belong_to_the_later_split():
    proteins = proteins_of(["MA", "MC", "MD", "ME", "MF", "MG"])
    first = ["2018-12-31", "2019-01-01", "2019-12-31", "2020-01-01", "2024-02-29", "1999-01-01"]
    days = days_of(dict(zip(proteins["protein_id"], first, strict=True)), proteins)
    config = SplitConfig("date", "kmers", 0.3, 0.15, 0.15, 1, "2019-01-01", "2020-01-01")
    assert split_of(proteins, config, days=days)["split"].tolist() == ["train", "val", "val", "test", "test", "train"]


def test_days_that_leave_a_split_without_a_protein_are_refused():
    proteins = proteins_of(["MA", "MC", "MD"])
    days = days_of(dict.fromkeys(proteins["protein_id"], "2018-01-01"), proteins)
    config = SplitConfig("date", "kmers", 0.3, 0.15, 0.15, 1, "2019-01-01", "2020-01-01")
    with pytest.raises(GoferError, match="the val split has no annotated protein") as caught:
        split_of(proteins, config, days=days)
    assert "other shares, days or lists" in caught.value.help


def test_only_identity_promises_one():
    assert (IDENTITY.promised, RANDOM.promised) == (0.3, None)


JUDGED = SplitConfig("judged", "kmers", 0.3, 0.15, 0.15, 1)


def test_judged_proteins_are_halved_with_similar_ones_together_and_all_others_train():
    sequences, family = families(4, n=20, members=4)
    proteins = proteins_of(sequences)
    judged = set(proteins["protein_id"][:40]) | {"not in the FASTA"}
    table = split_of(proteins, JUDGED, judged=judged).assign(family=family)
    assert (table["split"][40:] == "train").all()
    assert table["split"][:40].value_counts().to_dict() == {"val": 20, "test": 20}
    assert (table[:40].groupby("family")["split"].nunique() == 1).all()
    assert not set(table["cluster"][:40]) & set(table["cluster"][40:])
    assert split_of(proteins, replace(JUDGED, seed=2), judged=judged)["split"].tolist() != table["split"].tolist()


def test_no_protein_with_the_sequence_of_a_judged_one_trains():
    rng = np.random.default_rng(0)
    one, two, three = (random_protein(rng) for _ in range(3))
    proteins = proteins_of([one, two, three, one, two])
    table, accounting = make_splits(proteins, set(proteins["protein_id"]), JUDGED, judged={"P0000", "P0001"})
    assert sorted(table["split"][:2]) == ["test", "val"]
    assert table["split"][2:].tolist() == ["train", "unused", "unused"]
    assert accounting.count("proteins left out", "having the sequence of one that is tested") == 2


def trained_on(labels: list[tuple[str, str]], **changed) -> dict[str, str]:
    """Splits of three families of three, longest first, and of a judged pair."""
    rng = np.random.default_rng(1)
    kinds = [random_protein(rng, 200) for _ in range(3)]
    sequences = [kind[: 200 - cut] for kind in kinds for cut in (0, 10, 20)] + [random_protein(rng) for _ in range(2)]
    proteins = proteins_of(sequences)
    config = replace(JUDGED, **{"train_identity": 0.9, **changed})
    table = split_of(
        proteins, config, judged={"P0009", "P0010"}, labels=pd.DataFrame(labels, columns=["protein_id", "go_id"])
    )
    return dict(zip(table["protein_id"], table["split"], strict=True))


def test_representatives_train_and_the_others_are_known():
    split = trained_on([])
    assert [protein for protein in split if split[protein] == "train"] == ["P0000", "P0003", "P0006"]
    assert [protein for protein in split if split[protein] == "known"] == [
        "P0001",
        "P0002",
        "P0004",
        "P0005",
        "P0007",
        "P0008",
    ]


def test_at_most_so_many_train_but_each_term_keeps_a_protein():
    assert sum(split == "train" for split in trained_on([], train_most=1).values()) == 1
    labels = [(f"P000{number}", "a") for number in range(9)]
    assert sum(split == "train" for split in trained_on(labels, train_most=1).values()) == 1
    split = trained_on([*labels, ("P0002", "b"), ("P0002", "c"), ("P0009", "d")], train_most=1)
    assert split["P0002"] == "train"
    assert sum(one == "train" for one in split.values()) == 2


def test_without_an_identity_one_of_equal_sequences_trains():
    split = trained_on([], train_identity=None, train_most=4)
    assert sorted(split.values()).count("train") == 4
    assert sorted(split.values()).count("known") == 5
