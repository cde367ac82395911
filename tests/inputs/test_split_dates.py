import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs.sequences import proteins_of

from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.inputs.splits.split_dates import CLOSED, first_days, known_in_time

ROOTS = {"GO:0003674"}
DAYS = {"val_from": "2019-01-01", "test_from": "2020-01-01"}
CONFIG = SplitConfig("date", "kmers", 0.3, 0.15, 0.15, 1, *DAYS.values())


def stated_of(rows: list[tuple[str, str, str | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["protein_id", "go_id", "date"])
    return table.assign(evidence="IDA", source="UniProt")


def known(rows: list[tuple[str, str, str | None]], sequences: list[str]) -> tuple[list[tuple[str, str]], Accounting]:
    accounting = Accounting()
    accounting.add("annotations kept", count=len(rows))
    table = known_in_time(stated_of(rows), proteins_of(sequences), ROOTS, accounting, **DAYS)
    return list(zip(table["protein_id"], table["go_id"], strict=True)), accounting


def test_annotations_after_the_end_of_a_split_are_left_out_and_counted():
    rows = [
        ("P0000", "GO:1", "2018-05-01"), ("P0000", "GO:2", "2018-12-31"), ("P0000", "GO:3", "2019-01-01"),
        ("P0001", "GO:1", "2019-01-01"), ("P0001", "GO:2", "2020-01-01"),
        ("P0002", "GO:1", "2020-01-01"), ("P0002", "GO:2", "2031-01-01"),
    ]  # fmt: skip
    kept, accounting = known(rows, ["MA", "MC", "MD"])
    assert kept == [(protein, term) for protein, term, _ in rows if (protein, term) not in
                    {("P0000", "GO:3"), ("P0001", "GO:2")}]  # fmt: skip
    assert accounting.count("annotations dropped", CLOSED) == 2
    assert accounting.count("annotations kept") == len(kept)


def test_a_root_dates_no_protein():
    kept, _ = known([("P0000", "GO:0003674", "2001-01-01"), ("P0000", "GO:1", "2021-01-01")], ["MA"])
    assert len(kept) == 2
    days = first_days(stated_of([("P0000", "GO:0003674", "2001-01-01")]), proteins_of(["MA"]), ROOTS)
    assert len(days) == 0


def test_equal_sequences_go_with_the_earliest_day_of_any_of_them():
    rows = [("P0000", "GO:1", "2021-01-01"), ("P0001", "GO:1", "2018-01-01"), ("P0001", "GO:2", "2021-01-01")]
    kept, accounting = known(rows, ["MA", "MA"])
    assert kept == [("P0001", "GO:1")]
    assert accounting.count("proteins moved", "to the earlier split of an equal sequence") == 1


def test_annotations_without_a_date_are_refused_with_their_number():
    rows = [("P0000", "GO:1", None), ("P0001", "GO:1", "2018-01-01"), ("P0002", "GO:1", None)]
    with pytest.raises(GoferError, match="2 of 3 annotations have no date") as caught:
        known(rows, ["MA", "MC", "MD"])
    assert "a table has none" in caught.value.help


ROWS = st.lists(
    st.tuples(
        st.integers(0, 11).map("P{:04d}".format),
        st.sampled_from(["GO:0003674", "GO:1", "GO:2", "GO:3"]),
        st.dates(pd.Timestamp("2017-06-01").date(), pd.Timestamp("2021-06-01").date()).map(str),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],
)


@pytest.mark.fault(39)
@settings(max_examples=30, deadline=None)
@given(ROWS, st.lists(st.sampled_from(["MA", "MC", "MD", "ME", "MF", "MG"]), min_size=12, max_size=12))
def test_nothing_stated_later_is_seen_by_an_earlier_split(rows, sequences):
    # Three more proteins keep every split from being empty.
    rows = [*rows, ("P0012", "GO:1", "2018-01-01"), ("P0013", "GO:1", "2019-06-01"), ("P0014", "GO:1", "2020-06-01")]
    proteins = proteins_of([*sequences, "WA", "WC", "WD"])
    table = known_in_time(stated_of(rows), proteins, ROOTS, Accounting(), **DAYS)
    days = first_days(table, proteins, ROOTS)
    splits, _ = make_splits(proteins, set(days.index), CONFIG, days=days)
    seen = table[~table["go_id"].isin(ROOTS)].merge(splits, on="protein_id")
    assert (seen.loc[seen["split"] == "train", "date"] < DAYS["val_from"]).all()
    assert (seen.loc[seen["split"].isin(["train", "val"]), "date"] < DAYS["test_from"]).all()
    used = splits[splits["split"] != "unused"].merge(proteins, on="protein_id")
    assert (used.groupby("sequence_sha256")["split"].nunique() == 1).all()
    # Nothing more is left out: a protein of the test, alone of its sequence, keeps all.
    alone = proteins.groupby("sequence")["protein_id"].transform("size") == 1
    tested = set(splits.loc[splits["split"] == "test", "protein_id"]) & set(proteins.loc[alone, "protein_id"])
    assert sum(row[0] in tested for row in rows) == table["protein_id"].isin(tested).sum()


def test_with_later_tested_a_protein_that_is_annotated_again_is_tested_with_all_that_is_stated_of_it():
    rows = [
        ("P0000", "GO:1", "2018-05-01"), ("P0000", "GO:2", "2020-03-01"),  # known, and annotated again
        ("P0001", "GO:1", "2019-05-01"), ("P0001", "GO:2", "2019-06-01"),  # validation
        ("P0002", "GO:1", "2018-01-01"), ("P0002", "GO:2", "2019-06-01"),  # training, less what came in validation
        ("P0003", "GO:1", "2017-01-01"), ("P0004", "GO:1", "2020-01-01"),  # one sequence: tested, both of them
    ]  # fmt: skip
    proteins = proteins_of(["MA", "MC", "MD", "ME", "ME"])
    accounting = Accounting()
    table = known_in_time(stated_of(rows), proteins, ROOTS, accounting, **DAYS, later="test")
    assert len(table) == len(rows) - 1
    assert accounting.count("annotations dropped", CLOSED) == 1
    days = first_days(table, proteins, ROOTS, again_from=DAYS["test_from"])
    splits, _ = make_splits(proteins, set(days.index), CONFIG, days=days)
    assert splits["split"].tolist() == ["test", "val", "train", "test", "test"]
