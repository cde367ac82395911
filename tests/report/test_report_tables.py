import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import write_text, write_tsv
from gofer.errors import ArtefactError
from gofer.report import input_tables as tables
from gofer.report import labels_and_help as words
from gofer.report import prediction_section as predictions
from gofer.report.training_section import METRIC_COLUMNS, TrainingStory
from gofer.tables import PREDICTIONS

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


def test_what_the_page_itself_took_is_left_out_so_that_made_again_it_is_the_same(tmp_path):
    write_text(tmp_path / "read_proteins.tsv", HEADER + "1.5\t0:00:01\t100\n")
    before = tables.job_rows(tmp_path)
    for name in ("make_report", "results_page", "ablate_dag_1", "ablate_go_to_protein_2", "ablation"):
        write_text(tmp_path / f"{name}.tsv", HEADER + "9.9\t0:00:09\t500\n")
    assert tables.job_rows(tmp_path) == before


def test_a_run_without_benchmarks_has_no_rows(tmp_path):
    assert tables.job_rows(tmp_path / "none") == []


def test_the_preview_shows_the_first_rows_of_each_protein(make_run):
    run = make_run()
    query = predictions.query_preview(run.files.predictions[0], run.root)
    (protein_id, lines), *others = query.proteins
    assert (query.name, query.n_proteins, query.n_predictions, protein_id, others) == ("mine", 1, 7, "P1", [])
    assert len(lines) == predictions.TERMS_SHOWN
    assert lines[0].nearest in ("n/a", "P7")


def test_ids_that_look_like_numbers_stay_as_they_are(tmp_path):
    given = {"protein_id": "007", "go_id": "GO:1", "score": "0.5", "name": "NA", "aspect": "MFO", "evidence": "1-2,4-5"}
    values = "\t".join(given.get(name, "n/a") for name in PREDICTIONS)
    columns = "\t".join(PREDICTIONS)
    write_text(tmp_path / "q/predictions.tsv", f"{columns}\n{values}\n")
    query = predictions.query_preview(tmp_path / "q/predictions.tsv", tmp_path)
    protein_id, (line,) = query.proteins[0]
    assert protein_id == "007"
    assert (line.name, line.information, line.nearest, line.evidence) == ("NA", "n/a", "n/a", "1–2, 4–5")


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


def test_the_stages_steps_run_on_and_the_best_epoch_is_named(make_run):
    run = make_run()
    story = TrainingStory.read(run.files.training, run.files.curriculum, [])
    assert story.steps == {"A": 12, "B": 12}
    assert story.metrics["through"].max() == 24
    first, second = story.rows(run.config["training"])
    assert (first.best_fmax, first.best_epoch, first.epochs) == ("0.410", "2", 3)
    assert (second.best_fmax, second.first_loss, second.last_loss) == ("0.520", "1.000", "0.333")


def test_the_time_of_a_step_is_shown_if_it_is_known(make_run):
    run = make_run()
    rows = [("A", epoch, 4, "train", name, value) for epoch in (1, 2) for name, value in (
        ("seconds_per_step", 0.02 * epoch), ("mining_seconds_per_step", 0.003), ("residues_per_second", 5e4),
        ("peak_memory_gib", 1.25),
    )]  # fmt: skip
    write_tsv(run.root / "logs/train_stage_A.costs.tsv", pd.DataFrame(rows, columns=METRIC_COLUMNS))
    costs = [run.root / "logs/train_stage_A.costs.tsv"]
    first, second = TrainingStory.read(run.files.training, run.files.curriculum, costs).rows(run.config["training"])
    assert (first.step, first.mining, first.speed, first.memory) == ("30 ms", "10 %", "50,000 /s", "1.2 GiB")
    assert (second.step, second.mining, second.speed, second.memory) == ("n/a",) * 4
    assert "50,000 /s" in run.page()


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
