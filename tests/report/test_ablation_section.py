"""The contribution of each part: differences are paired by seed, with Student's t interval."""

import math

import pandas as pd
import pytest

from gofer.errors import GoferError
from gofer.report.ablation_section import ablation_picture, compare
from gofer.tables import ABLATION

T_OF_TWO = 4.302652729911275  # 97.5 % quantile of Student's t with 2 degrees of freedom


def figures(values, metric="fmax"):
    rows = [
        (part, seed, metric, value) for part, of_seeds in values.items() for seed, value in enumerate(of_seeds, start=1)
    ]
    return pd.DataFrame(rows, columns=["part", "seed", "metric", "value"])


def test_differences_are_paired_by_seed():
    table = compare(figures({"full": [0.5, 0.6, 0.7], "dag": [0.4, 0.52, 0.58]})).set_index("part")
    assert table.loc["dag", "value"] == pytest.approx(0.5)
    assert table.loc["dag", "difference"] == pytest.approx(-0.1)
    reach = T_OF_TWO * 0.02 / math.sqrt(3)  # the differences are -0.1, -0.08 and -0.12
    assert table.loc["dag", "low"] == pytest.approx(-0.1 - reach)
    assert table.loc["dag", "high"] == pytest.approx(-0.1 + reach)
    assert table.loc["dag", "seeds"] == 3
    assert table.loc["full", ["value", "difference"]].tolist() == pytest.approx([0.6, 0])


def test_one_direction_of_info_nce_is_compared_with_both():
    table = compare(figures({"full": [0.5, 0.5], "infonce": [0.4, 0.4], "go_to_protein": [0.3, 0.31]}))
    row = table.set_index("part").loc["go_to_protein"]
    assert row["compared_with"] == "infonce"
    assert row["difference"] == pytest.approx(-0.095)
    with pytest.raises(GoferError, match="go_to_protein is compared with infonce"):
        compare(figures({"full": [0.5], "go_to_protein": [0.3]}))


def test_with_a_single_seed_there_is_no_interval():
    row = compare(figures({"full": [0.5], "bce": [0.6]})).set_index("part").loc["bce"]
    assert row["difference"] == pytest.approx(0.1)
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])


def test_a_figure_that_a_seed_lacks_leaves_that_seed_out():
    row = compare(figures({"full": [0.5, 0.6, 0.7], "dag": [0.4, math.nan, 0.6]})).set_index("part").loc["dag"]
    assert row["seeds"] == 2
    assert row["difference"] == pytest.approx(-0.1)


def test_the_picture_is_the_same_bytes_for_the_same_table():
    values = {"full": [0.5, 0.6], "infonce": [0.4, 0.4], "go_to_protein": [0.3, 0.31], "dag": [0.5, math.nan]}
    parts = [figures(values, metric) for metric in ("fmax", "seen_macro_aupr", "zero_macro_auroc")]
    table = compare(pd.concat(parts))
    assert list(table.columns) == ABLATION
    picture = ablation_picture(table)
    assert picture.startswith(b"\x89PNG")
    assert picture == ablation_picture(table)


def test_a_metric_that_nothing_has_leaves_its_panel_empty():
    values = {"full": [math.nan], "dag": [math.nan]}
    assert ablation_picture(compare(figures(values, "zero_macro_auroc"))).startswith(b"\x89PNG")
