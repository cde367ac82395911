"""Every knob of the curriculum goes from its first value to its last, and rests during the warm-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gofer.mining.curriculum import KNOBS, SHARES, CurriculumConfig, curriculum_table, progress_at

SETTINGS = {
    "shape": "linear", "warmup": 0.25, "hard_frac": [0.0, 0.5], "shortlist_M": [32, 64], "k_hard": [8, 16],
    "random_k": [64, 32], "inbatch_easy": [1.0, 0.5], "hier_up": [2, 1], "hier_down": [2, 2],
}  # fmt: skip
SHAPES = st.sampled_from(["linear", "cosine"])


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_the_first_and_last_steps_have_the_first_and_last_values(shape):
    config = CurriculumConfig.from_config({**SETTINGS, "shape": shape})
    for knob in KNOBS:
        assert getattr(config.at(0, 41), knob) == SETTINGS[knob][0]
        assert getattr(config.at(40, 41), knob) == pytest.approx(SETTINGS[knob][1])


def test_values_rest_during_the_warm_up_and_then_move_evenly():
    config = CurriculumConfig.from_config(SETTINGS)
    assert [config.at(step, 41).hard_frac for step in (0, 5, 10)] == [0, 0, 0]
    assert [config.at(step, 41).hard_frac for step in (16, 25, 34)] == pytest.approx([0.1, 0.25, 0.4])


@given(st.integers(2, 200), st.floats(0, 0.99), SHAPES)
def test_progress_never_goes_back_and_spans_zero_to_one(steps, warmup, shape):
    way = [progress_at(step, steps, warmup=warmup, shape=shape) for step in range(steps)]
    assert way == sorted(way)
    assert way[0] == 0
    assert way[-1] == pytest.approx(1)


@given(st.integers(1, 60), SHAPES, st.data())
def test_counts_are_whole_and_values_stay_between_first_and_last(steps, shape, data):
    config = CurriculumConfig.from_config({**SETTINGS, "shape": shape})
    knobs = config.at(data.draw(st.integers(0, steps - 1)), steps)
    for knob in KNOBS:
        low, high = sorted(SETTINGS[knob])
        assert low <= getattr(knobs, knob) <= high
        assert isinstance(getattr(knobs, knob), float if knob in SHARES else int)


def test_counts_are_rounded_to_the_nearest_whole_number():
    config = CurriculumConfig.from_config({**SETTINGS, "warmup": 0.0})
    assert [config.at(step, 9).k_hard for step in range(9)] == [8, 9, 10, 11, 12, 13, 14, 15, 16]
    assert [config.at(step, 4).k_hard for step in range(4)] == [8, 11, 13, 16]


def test_cosine_is_slow_at_both_ends():
    assert progress_at(10, 101, warmup=0, shape="cosine") < progress_at(10, 101, warmup=0, shape="linear")
    assert progress_at(50, 101, warmup=0, shape="cosine") == pytest.approx(0.5)
    assert progress_at(90, 101, warmup=0, shape="cosine") > progress_at(90, 101, warmup=0, shape="linear")


@pytest.mark.parametrize(("steps", "points"), [(1, 1), (7, 7), (5000, 101)])
def test_the_preview_shows_the_stage_from_its_first_to_its_last_step(steps, points):
    table = curriculum_table(CurriculumConfig.from_config(SETTINGS), "B", steps)
    assert table.columns.tolist() == ["stage", "step", "knob", "value"]
    assert (table["stage"] == "B").all()
    assert len(table) == points * len(KNOBS)
    assert (table["step"].min(), table["step"].max()) == (0, steps - 1)
    config = CurriculumConfig.from_config(SETTINGS)
    for row in table.iloc[:: max(1, len(table) // 20)].itertuples():
        assert row.value == getattr(config.at(row.step, steps), row.knob)
