import pandas as pd

from gofer.artefacts import write_tsv
from gofer.report.training_section import METRIC_COLUMNS, TrainingStory


def test_steps_are_counted_through_the_stages_and_the_best_epoch_is_named(make_run):
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
