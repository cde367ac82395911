"""A protein's summary is the mean and deviation of its residue embeddings; scales come from the training proteins."""

import numpy as np

from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.features.standardise import FARTHEST, Scale


def test_a_summary_is_mean_and_deviation():
    residues = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float16)
    wide = residues.astype(np.float64)
    np.testing.assert_allclose(summary(residues), np.concatenate([wide.mean(0), wide.std(0)]), atol=1e-6)
    assert summary(residues[:1])[4:].tolist() == [0] * 4


def test_numbers_are_scaled_by_the_training_proteins_and_outliers_are_bounded():
    training = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = Scale.of_training(training)
    np.testing.assert_array_equal(scale(training), [[-1, 0], [1, 0]])
    np.testing.assert_array_equal(scale([[1e9, -1e9]]), [[FARTHEST, -FARTHEST]])
