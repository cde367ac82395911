import numpy as np
import pytest

from gofer.report import metric_tables as quality
from gofer.report.metric_tables import Metrics
from gofer.report.verdict import headline, verdicts


@pytest.fixture
def metrics(make_run):
    files = make_run().files
    return Metrics.read(files.metrics, files.status)


def test_the_verdict_says_when_a_difference_is_within_the_intervals(make_run):
    files = make_run().files
    metrics = Metrics.read(files.metrics, files.status)
    assert "clearly higher than the best other method, DIAMOND (0.50; 0.45–0.55)" in verdicts(metrics)[0]
    metrics.table.loc[metrics.table["method"] == "diamond", ["value", "high"]] = [0.68, 0.73]
    near = Metrics(metrics.table, metrics.status)
    assert "the best other method, DIAMOND (0.68" in verdicts(near)[0]
    assert "but the intervals overlap" in verdicts(near)[0]


def test_a_verdict_without_labels_or_without_rivals_says_so(metrics):
    alone = Metrics(metrics.table[metrics.table["method"] == "gofer"], {"gofer": "complete"})
    assert "no other method ran" in verdicts(alone)[0]
    table = metrics.table.copy()
    table.loc[table["aspect"] == "BPO", ["value", "low", "high"]] = np.nan
    assert "no test protein has a label" in verdicts(Metrics(table, metrics.status))[1]


def test_a_handful_of_proteins_decides_nothing(metrics):
    few = Metrics(metrics.table.assign(n=quality.FEWEST - 1), metrics.status)
    assert not any(cell.best for block in quality.main_blocks(few) for row in block.rows for cell in row.cells)
    assert "19 test proteins: too few to tell" in verdicts(few)[0]
    assert few.few_proteins[0] == "molecular function (19)"
    assert metrics.few_proteins == []


def test_the_headline_says_whether_gofer_is_better_than_naive_and_diamond(metrics):
    sentence = headline(metrics)
    assert sentence.startswith("gofer predicts better than naive prediction and DIAMOND in every aspect, by Fmax.")
    assert "molecular function 90, biological process 90 and cellular component 90" in sentence
    worse = metrics.table.copy()
    worse.loc[(worse["method"] == "gofer") & (worse["aspect"] != "MFO"), ["value", "low", "high"]] = [0.5, 0.45, 0.55]
    assert " in molecular function, by Fmax." in headline(Metrics(worse, metrics.status))
    worse.loc[worse["method"] == "gofer", ["value", "low", "high"]] = [0.5, 0.45, 0.55]
    assert "is not clearly better" in headline(Metrics(worse, metrics.status))


def test_the_headline_of_a_handful_of_proteins_says_that_they_are_too_few(metrics):
    few = Metrics(metrics.table.assign(n=quality.FEWEST - 1), metrics.status)
    assert headline(few).startswith("Too few test proteins to say whether gofer is better")
    alone = Metrics(metrics.table[metrics.table["method"] == "gofer"], {"gofer": "complete"})
    assert "neither the naive method nor DIAMOND ran" in headline(alone)
