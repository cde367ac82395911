import numpy as np

from gofer.report import labels_and_help as words


def test_figures_are_written_for_people():
    assert words.number(1234.5, 1) == "1,234.5"
    assert words.number(-0.5, 2) == "−0.50"
    assert words.number(np.nan, 2) == "n/a"
    assert words.interval(np.nan, 1, 2) == ""
    assert words.interval(-1, 1, 0) == "−1 to 1"
    assert words.counted(1, "protein") == "1 protein"
    assert words.counted(1204, "protein") == "1,204 proteins"
    assert [words.count_bin(name) for name in ("train_0", "train_1_5", "train_over_100")] == ["0", "1–5", "over 100"]


def test_every_metric_is_explained():
    from gofer.evaluation.metric_rows import ASPECT_METRICS, RELIABILITY
    from gofer.metrics.generalised_zero_shot import RANK_METRICS

    assert {*ASPECT_METRICS, *RANK_METRICS} - set(RELIABILITY) == set(words.MEASURES)
    assert all(len(measure.meaning) > 40 for measure in words.MEASURES.values())
