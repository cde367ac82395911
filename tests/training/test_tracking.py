"""Figures of training: always a table."""

import pandas as pd

from gofer.artefacts import write_tsv
from gofer.training.columns import COLUMNS
from gofer.training.tracking import Tracker


def test_the_table_holds_every_figure_in_order():
    tracker = Tracker("B")
    tracker.log(epoch=1, step=7, split="train", loss=0.25, con=0.5)
    tracker.log(epoch=2, step=14, split="val", fmax=1)
    tracker.finish()
    table = tracker.table()
    assert table.columns.tolist() == COLUMNS
    assert table.values.tolist() == [
        ["B", 1, 7, "train", "loss", 0.25], ["B", 1, 7, "train", "con", 0.5], ["B", 2, 14, "val", "fmax", 1.0],
    ]  # fmt: skip


def test_a_table_is_written_with_six_figures_and_n_a(tmp_path):
    write_tsv(tmp_path / "t.tsv", pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, float("nan")]}))
    assert (tmp_path / "t.tsv").read_bytes() == b"name\tvalue\na\t0.333333\nb\tn/a\n"
