import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import write_text
from gofer.errors import ArtefactError
from gofer.evaluation import subset_metrics
from gofer.methods import METHODS
from gofer.metrics.generalised_zero_shot import RANK_METRICS, SETTINGS
from gofer.report import subset_tables as breakdowns
from gofer.report.metric_tables import Metrics
from gofer.report.page import MARKERS
from gofer.report.reliability_plot import reliability_diagram, reliability_points
from gofer.report.subset_tables import Differences
from gofer.report.svg import COLOURS, OTHER_STYLE, style


@pytest.fixture
def files(make_run):
    return make_run().files


@pytest.fixture
def metrics(files):
    return Metrics.read(files.metrics, files.status)


def test_the_page_knows_every_setting_that_evaluation_writes():
    assert list(breakdowns.SETTING_NAMES) == SETTINGS
    assert breakdowns.OF_RANKS == RANK_METRICS


def test_bins_of_identity_without_a_test_protein_are_left_out(metrics):
    table = metrics.table.copy()
    table.loc[table["split"].isin(["test_50_70", "test_from_95"]), "n"] = 0
    [(name, blocks), *_] = breakdowns.identity_blocks(Metrics(table, metrics.status))
    assert name == "Molecular function"
    assert [block.title for block in blocks] == [
        "None similar (90)", "Under 30 % (90)", "30–50 % (90)", "70–95 % (90)",
    ]  # fmt: skip


def test_figures_of_a_bin_of_identity_are_not_those_of_all_test_proteins(metrics):
    table = metrics.table.copy()
    table.loc[table["split"] == "test_30_50", "value"] = 0.123
    both = Metrics(table, metrics.status)
    assert both.figure("gofer", "MFO", "all", "fmax").value == 0.7
    assert both.figure("gofer", "MFO", "all", "fmax", "test_30_50").value == 0.123


def test_subsets_are_shown_by_name_and_nothing_without_subsets(metrics):
    assert breakdowns.subset_blocks(metrics) == []
    rows = metrics.table[(metrics.table["split"] == "test") & (metrics.table["term_set"] == "all")]
    more = [rows.assign(term_set="listed"), rows.assign(split="test_no_knowledge", n=7)]
    more.append(rows.assign(split="test_below_30", term_set="listed", n=0))
    blocks = breakdowns.subset_blocks(Metrics(pd.concat([metrics.table, *more]), metrics.status))
    assert [name for name, _ in blocks] == ["Molecular function", "Biological process", "Cellular component"]
    assert [block.title for block in blocks[0][1]] == ["All, listed terms (90)", "No knowledge (7)"]
    assert breakdowns.LISTED == subset_metrics.LISTED


def test_unseen_terms_are_ranked_among_all_and_among_unseen(metrics):
    [(_, blocks), *_] = breakdowns.generalised_blocks(metrics)
    assert [block.title for block in blocks] == list(breakdowns.SETTING_NAMES.values())
    assert all(block.about == "90 test proteins" for block in blocks)


def test_a_difference_is_marked_if_its_whole_interval_favours_gofer(files, metrics):
    table = Differences.read(files.differences).table
    table.loc[table["metric"] == "weighted_fmax", ["low", "high"]] = [-0.1, 0.5]
    blocks = Differences(table).blocks(metrics)
    assert [row.method for row in blocks[0].rows] == ["naive", "diamond"]
    cells = dict(zip(breakdowns.COMPARED, blocks[0].rows[0].cells, strict=True))
    assert cells["all", "fmax"].text == "0.320"
    assert cells["all", "fmax"].best
    assert not cells["all", "weighted_fmax"].best
    assert not cells["all", "smin"].best  # lower is better, and gofer's is higher


def test_a_method_that_did_not_run_has_no_difference(make_run):
    files = make_run(diamond="diamond is not installed").files
    metrics = Metrics.read(files.metrics, files.status)
    assert [row.method for row in Differences.read(files.differences).blocks(metrics)[0].rows] == ["naive"]


def test_something_else_than_differences_is_refused(tmp_path):
    write_text(tmp_path / "differences.tsv", "a\tb\n1\t2\n")
    with pytest.raises(ArtefactError, match="differences.tsv cannot be read"):
        Differences.read(tmp_path / "differences.tsv")


def test_reliability_is_drawn_from_the_lowest_score_up(metrics):
    table = metrics.table.copy()
    for number in range(1, 11):
        table.loc[table["metric"] == f"reliability_score_{number}", "value"] = 1 - number / 20
    table.loc[table["metric"] == "reliability_share_3", "value"] = np.nan
    points = reliability_points(Metrics(table, metrics.status), "gofer", "MFO")
    scores = [score.value for score, _ in points]
    assert scores == sorted(scores)
    assert len(points) == 9
    assert "<svg" in reliability_diagram(metrics, "MFO", ["gofer", "naive"])
    assert reliability_diagram(metrics, "MFO", ["nobody"]) is None


def test_every_method_has_a_name_and_a_unique_style():
    assert len({method.name for method in METHODS.values()}) == len(METHODS)
    looks = {style(method) for method in METHODS}
    assert len(looks | {OTHER_STYLE}) == len(METHODS) + 1
    assert {colour for colour, _ in looks} <= set(COLOURS)
    assert {marker for _, marker in looks} <= set(MARKERS)
