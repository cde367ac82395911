"""The page shows curves and differences of residue evidence, and nothing if no example was explained."""

import pandas as pd
import pytest

from gofer.errors import ArtefactError
from gofer.report.faithfulness_section import Faithfulness
from gofer.tables import FAITHFULNESS


def table(low, high):
    orders = ("impact", "attention", "chance", "chance in blocks")
    orders += tuple(f"impact - {order}" for order in orders[1:])
    rows = [
        (curve, order, share, (low + high) / 2, low, high, 7)
        for curve in ("deletion", "insertion")
        for order in orders
        for share in ("0.1", "0.5", "mean")
    ]
    return pd.DataFrame(rows, columns=FAITHFULNESS)


def test_a_difference_is_good_below_zero_for_deletion_and_above_for_insertion():
    names = [name for name, _ in Faithfulness(table(0.1, 0.2)).rows()]
    assert names == ["Impact minus chance in blocks", "Impact minus chance", "Impact minus attention"]
    (_, [deletion, insertion]), *_ = Faithfulness(table(0.1, 0.2)).rows()
    assert (deletion.best, insertion.best) == (False, True)
    (_, [deletion, insertion]), *_ = Faithfulness(table(-0.2, -0.1)).rows()
    assert (deletion.best, insertion.best) == (True, False)
    (_, [deletion, insertion]), *_ = Faithfulness(table(-0.1, 0.1)).rows()
    assert (deletion.best, insertion.best) == (False, False)


def test_there_is_a_picture_for_each_curve_with_all_orders():
    pictures = Faithfulness(table(0.1, 0.2)).pictures()
    assert len(pictures) == 2
    assert all(
        name in picture for picture in pictures for name in ("Impact", "Attention", "Chance", "Chance in blocks")
    )


def test_without_an_example_there_is_nothing_to_show(tmp_path):
    (tmp_path / "f.tsv").write_text("\t".join(FAITHFULNESS) + "\n")
    empty = Faithfulness.read(tmp_path / "f.tsv")
    assert (empty.examples, empty.pictures(), list(empty.rows())) == (0, [], [])


def test_a_file_that_is_something_else_is_refused(tmp_path):
    (tmp_path / "f.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(ArtefactError, match="cannot be read"):
        Faithfulness.read(tmp_path / "f.tsv")
