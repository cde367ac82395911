"""The longest known proteins, of 35,000 residues, are trained on and predicted without cuts; memory grows linearly."""

import numpy as np
import pytest
import torch
from memory import peak_bytes
from training.tiny_world import BLOCK, TRAINING, make_world, random_model, random_residues

from gofer.retrieval.residue_evidence import explain_protein
from gofer.training.attribution import impact
from gofer.training.encode import protein_vectors
from gofer.training.stage import train_stage
from gofer.training.tracking import Tracker

TITIN = 35_000


@pytest.fixture(scope="module")
def long_world(tmp_path_factory):
    """Short proteins, with one of 35,000 residues in training and one in validation."""
    return make_world(tmp_path_factory.mktemp("long"), longest=TITIN)


@pytest.mark.fault(14)
def test_a_stage_trains_on_and_judges_a_protein_of_35000_residues_among_short_ones(long_world, tmp_path):
    settings = {**TRAINING, "stages": {"A": {**BLOCK, "epochs": 1, "lambda_attr_start": 0.2}}}
    model, data, miner, stage, config = long_world.begin(training=settings)
    assert data.train.proteins.lengths.max() == data.val.proteins.lengths.max() == TITIN
    tracker = Tracker("A")
    model = train_stage(model, data, miner, stage, config, tracker)
    table = tracker.table().set_index(["split", "metric"])["value"]
    assert np.isfinite(table["train"]).all()
    assert table["train", "attr"] > 0
    z_ND = protein_vectors(model, data.val.proteins)
    assert np.linalg.norm(z_ND, axis=1) == pytest.approx(np.ones(len(z_ND)), abs=1e-4)
    read = explain_protein(model, data.val.proteins, len(z_ND) - 1)
    assert read.attention_L.shape == (TITIN,)
    assert read.attention_L.sum() == pytest.approx(1, abs=1e-3)
    torch.use_deterministic_algorithms(False)


def test_its_last_residues_count_as_much_as_its_first():
    model = random_model()
    residues_RE, layout = random_residues([TITIN])
    with torch.no_grad():
        plain_D = model.encode_proteins(residues_RE, layout).z_BD[0]
        for place in (slice(0, 500), slice(TITIN - 500, TITIN)):
            changed_RE = residues_RE.clone()
            changed_RE[place] *= -1  # a sum would be lost in the layer norm
            assert (model.encode_proteins(changed_RE, layout).z_BD[0] - plain_D).abs().max() > 1e-4


def step(length):
    """A step over a protein of a length and five short ones, with attribution and its gradient."""
    model = random_model().train()
    pooled = model.encode_proteins(*random_residues([length, 20, 20, 20, 20, 20]))
    (pooled.z_BD[:, 0].sum() + (impact(model, pooled)[..., 0] * pooled.window_attention_mass()).sum()).backward()


def test_memory_of_a_step_grows_with_the_residues_and_not_with_their_square():
    quarter, whole = (peak_bytes(lambda length=length: step(length)) for length in (TITIN // 4, TITIN))
    assert 3 < whole / quarter < 4.5
