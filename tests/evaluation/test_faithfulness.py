"""If the similarity depends on one residue, the right order makes it fall first and rise first."""

import numpy as np
import pandas as pd
import pytest
import torch
from training.tiny_world import SIZES, random_model

from gofer.evaluation.faithfulness import (
    ATTENTION,
    BLOCKS,
    CHANCE,
    DELETION,
    IMPACT,
    INSERTION,
    SHARES,
    blocks_elsewhere,
    curves_of_protein,
    taken_first,
)
from gofer.evaluation.faithfulness import _table as table_of
from gofer.metrics.bootstrap import Bootstrap


@pytest.fixture
def protein():
    """A model, ten residues of which the fourth is unlike the others, and the vector of a protein of that one alone."""
    model = random_model()
    residues_LE = np.zeros((10, SIZES.residue_width), np.float16)
    residues_LE[:, 0], residues_LE[3] = 1, np.linspace(-4, 4, SIZES.residue_width)
    from gofer.training.windows import WindowLayout

    layout = WindowLayout.of_lengths([1], win_size=SIZES.win_size, win_stride=SIZES.win_stride)
    with torch.inference_mode():
        z_D = model.encode_proteins(torch.from_numpy(residues_LE[[3]]).float(), layout).z_BD[0].numpy()
    return model, residues_LE, z_D


def test_the_residue_that_carries_all_makes_similarity_fall_first_and_rise_first(protein):
    model, residues_LE, z_D = protein
    knows = np.eye(10)[3]
    taken = {"knows": taken_first(knows), "last": taken_first(-knows)}
    curves = curves_of_protein(model, residues_LE, taken, z_D)
    assert curves[INSERTION, "knows"][0] == pytest.approx(1, abs=1e-5)
    assert curves[INSERTION, "knows"][0] > curves[INSERTION, "last"][0] + 0.01
    assert curves[DELETION, "knows"][0] < curves[DELETION, "last"][0]
    # Without it, all residues are the same, however many are left.
    assert np.ptp(curves[DELETION, "knows"]) < 1e-5


def test_taking_the_best_away_is_keeping_the_others(protein):
    model, residues_LE, z_D = protein
    order = np.random.default_rng(0).random(10)
    taken = {"one": taken_first(order), "reversed": taken_first(-order)}
    curves = curves_of_protein(model, residues_LE, taken, z_D)
    np.testing.assert_allclose(curves[DELETION, "one"], curves[INSERTION, "reversed"][::-1], atol=1e-6)


def test_differences_are_paired_and_hold_their_intervals():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, len(SHARES)))
    curves = {(curve, name): base + shift for curve in (DELETION, INSERTION)
              for name, shift in ((IMPACT, -0.1), (ATTENTION, 0.0), (CHANCE, 0.2), (BLOCKS, 0.1))}  # fmt: skip
    table = table_of(curves, Bootstrap(50, 1)).set_index(["curve", "order", "share"])
    row = table.loc[(DELETION, "impact - chance", "mean")]
    assert (row["value"], row["low"], row["high"]) == pytest.approx((-0.3, -0.3, -0.3))
    assert row["n"] == 40
    assert table.loc[(DELETION, "impact - chance in blocks", "mean"), "value"] == pytest.approx(-0.2)
    assert table.loc[(DELETION, IMPACT, "0.5"), "value"] == pytest.approx(base[:, 4].mean() - 0.1)


def test_without_an_example_the_table_is_empty():
    assert isinstance(table_of({}, Bootstrap(50, 1)), pd.DataFrame)
    assert table_of({}, Bootstrap(50, 1)).empty


def stretches(taken_L):
    edges = np.flatnonzero(np.diff(np.r_[0, taken_L, 0]))
    return sorted((edges[1::2] - edges[::2]).tolist())


def test_chance_in_blocks_takes_stretches_of_the_same_lengths_anywhere():
    taken_L = np.zeros(60, bool)
    taken_L[5:15] = taken_L[20:23] = taken_L[40:60] = True
    drawn_FL = blocks_elsewhere(np.tile(taken_L, (3000, 1)), np.random.default_rng(1))
    assert (drawn_FL.sum(axis=1) == 33).all()
    separate = [stretches(own_L) for own_L in drawn_FL if len(stretches(own_L)) == 3]
    assert len(separate) > 2000  # the others touch
    assert all(lengths == [3, 10, 20] for lengths in separate)
    # Three stretches among 27 other residues: each of the C(30, 3) · 3! arrangements is equally likely.
    first = drawn_FL[:, :3].all(axis=1) & ~drawn_FL[:, 3]
    assert first.mean() == pytest.approx(1 / 30 * 27 / 29, abs=0.012)


def test_chance_in_blocks_equals_impact_if_everything_is_one_stretch():
    taken_FL = np.array([[True, True, False], [True, False, False]])
    drawn_FL = blocks_elsewhere(taken_FL, np.random.default_rng(0))
    assert drawn_FL.sum(axis=1).tolist() == [2, 1]
    assert len(stretches(drawn_FL[0])) == 1
