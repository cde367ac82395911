import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import write_text
from gofer.errors import ArtefactError
from gofer.report import input_tables as tables
from gofer.report import prediction_section as predictions

HEADER = "s\th:m:s\tmax_rss\n"


def test_benchmarks_of_shards_are_counted_together_and_the_longest_comes_first(tmp_path):
    write_text(tmp_path / "read_proteins.tsv", HEADER + "1.5\t0:00:01\t100\n")
    write_text(tmp_path / "extract_residues_00000.tsv", HEADER + "70\t0:01:10\t2048\n")
    write_text(tmp_path / "extract_residues_00001.tsv", HEADER + "50\t0:00:50\t900\n")
    write_text(tmp_path / "predict_naive.tsv", HEADER + "0.5\t0:00:00\t-\n")
    write_text(tmp_path / "broken.tsv", "nothing\n")
    rows = tables.job_rows(tmp_path)
    assert [(row.name, row.jobs, row.time, row.memory) for row in rows] == [
        ("extract_residues", 2, "2 min 00 s", "2.0 GiB"),
        ("read_proteins", 1, "1.5 s", "100 MiB"),
        ("predict_naive", 1, "0.5 s", "n/a"),
    ]
    assert tables.total_time(rows) == "2 min 02 s"


def test_the_job_of_the_page_is_left_out_so_that_the_page_is_the_same_again(tmp_path):
    write_text(tmp_path / "read_proteins.tsv", HEADER + "1.5\t0:00:01\t100\n")
    before = tables.job_rows(tmp_path)
    for name in ("make_report", "results_page", "ablate_dag_1", "ablate_go_to_protein_2", "ablation"):
        write_text(tmp_path / f"{name}.tsv", HEADER + "9.9\t0:00:09\t500\n")
    assert tables.job_rows(tmp_path) == before


def test_a_run_without_benchmarks_has_no_rows(tmp_path):
    assert tables.job_rows(tmp_path / "none") == []


def test_a_table_with_other_columns_is_refused(tmp_path):
    write_text(tmp_path / "predictions.tsv", "protein\tterm\n")
    with pytest.raises(ArtefactError, match="cannot be read"):
        predictions.query_preview(tmp_path / "predictions.tsv", tmp_path)


def test_terms_are_counted_by_aspect_and_set(make_run):
    files = make_run(aspects=("MFO", "CCO")).files
    counts = tables.terms_by_aspect(tables.read_table(files.terms), tables.read_table(files.term_sets))
    assert list(counts.index) == ["MFO", "CCO"]
    assert counts.loc["MFO"].to_dict() == {"common": 1, "few": 1, "zero": 1, "held_out": 1}


def splits_of(val: list[float], test: list[float]) -> pd.DataFrame:
    split = ["train"] * 2 + ["val"] * len(val) + ["test"] * len(test)
    return pd.DataFrame({"split": split, "nearest_identity": [np.nan] * 2 + val + test})


def test_proteins_are_counted_by_the_identity_of_their_nearest_training_protein():
    counts = tables.nearest_counts(splits_of([np.nan, 0.3, 0.349], [np.nan, np.nan, 1.0, 0.95, 0.04]))
    assert list(counts.index) == ["none", *range(0, 100, 5)]
    assert counts["val"][counts["val"] > 0].to_dict() == {"none": 1, 30: 2}
    assert counts["test"][counts["test"] > 0].to_dict() == {"none": 2, 0: 1, 95: 2}


def test_an_identity_on_an_edge_is_in_the_bin_above_it():
    for edge in range(5, 100, 5):
        assert tables.nearest_counts(splits_of([edge / 100], []))["val"][edge] == 1


def test_without_any_relative_the_counts_have_every_row():
    counts = tables.nearest_counts(splits_of([np.nan], []))
    assert (counts.shape, int(counts.to_numpy().sum())) == ((21, 2), 1)


def test_a_sentence_describes_the_nearest_training_proteins():
    sentence = tables.nearest_sentence(splits_of([np.nan, 0.4], [np.nan, 0.3, 0.29, np.nan]), 0.3)
    assert sentence == (
        "1 of 4 test proteins has a training protein at 30 % identity or more, and 2 have no similar one; "
        "of 2 validation proteins 1 and 1."
    )
