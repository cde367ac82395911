"""BENCHMARKS.md: each comparison is shown with what was wanted, also where it was not reached or not run."""

from dataclasses import asdict

from benchmarks.speed import Cost, Row, page

FAST, SLOW = Cost(cpu=1, clock=2, mib=30), Cost(cpu=3, clock=4, mib=50)


def test_a_ratio_is_that_of_cpu_seconds_and_a_missed_aim_says_no():
    assert "| 3× | ≥ 2× | yes | 1 / 3 | 2 / 4 | 30 / 50 |" in Row("store", "", FAST, "HDF5", SLOW, 2).line("today")
    assert "| 3× | ≥ 4× | **no** |" in Row("store", "", FAST, "HDF5", SLOW, 4).line("today")
    assert "| 2× | ≥ 3× | **no** |" in Row("ESM", "", FAST, "x", SLOW, 3, by_clock=True).line("today")
    assert "| 2 s | ≤ 1 s | **no** |" in Row("demo", "", FAST, "–", limit=1, by_clock=True).line("today")


def test_what_was_not_run_says_why():
    rows = [asdict(row) for row in (Row("store", "", FAST, "HDF5", SLOW), Row("store", "", None, "x", not_run="no x"))]
    kept = {"day": "today", "machine": "a, 2 cores, load 1.0", "versions": "b", "rows": rows}
    text = page({"store": kept}, ["store", "demo"])
    assert "| 3× | | |" in text
    assert "not run: no x" in text
    assert "not run yet: `--only demo`" in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
