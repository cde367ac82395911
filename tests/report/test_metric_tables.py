import pytest

from gofer.artefacts import write_text
from gofer.errors import ArtefactError
from gofer.report import metric_tables as quality
from gofer.report.metric_tables import Figure, Metrics, clearly_best

WELL_ABOVE = {"gofer": Figure(0.7, 0.65, 0.75, 9), "naive": Figure(0.4, 0.35, 0.45, 9)}


@pytest.fixture
def metrics(make_run):
    files = make_run().files
    return Metrics.read(files.metrics, files.status)


def test_the_best_is_marked_only_if_intervals_do_not_overlap():
    assert clearly_best(WELL_ABOVE) == "gofer"
    assert clearly_best({**WELL_ABOVE, "diamond": Figure(0.66, 0.6, 0.72, 9)}) is None


def test_where_lower_is_better_the_lowest_is_the_best():
    assert clearly_best(WELL_ABOVE, lower_is_better=True) == "naive"


def test_a_method_without_a_rival_or_an_interval_is_not_the_best():
    assert clearly_best({"gofer": Figure(0.7, 0.65, 0.75, 9), "naive": Figure()}) is None
    assert clearly_best({"gofer": Figure(0.7), "naive": Figure(0.4, 0.35, 0.45, 9)}) is None
    assert clearly_best({}) is None


def test_coverage_is_never_marked(metrics):
    blocks = quality.main_blocks(metrics)
    assert blocks
    for block in blocks:
        marked = {name for row in block.rows for name, cell in zip(quality.MAIN, row.cells, strict=True) if cell.best}
        assert marked == {"fmax", "weighted_fmax", "smin", "micro_aupr", "macro_aupr"}


def test_smin_marks_the_lowest(metrics):
    block = quality.main_blocks(metrics)[0]
    column = quality.MAIN.index("smin")
    assert [row.method for row in block.rows if row.cells[column].best] == ["naive"]


def test_cells_show_the_value_and_its_interval(metrics):
    first = quality.main_blocks(metrics)[0].rows[0]
    assert first.method == "gofer"
    assert (first.cells[0].text, first.cells[0].interval) == ("0.700", "0.65–0.75")


def test_something_else_than_metrics_is_refused(tmp_path, make_run):
    write_text(tmp_path / "metrics.tsv", "a\tb\n1\t2\n")
    with pytest.raises(ArtefactError, match="cannot be read as metrics"):
        Metrics.read(tmp_path / "metrics.tsv", make_run().files.status)
