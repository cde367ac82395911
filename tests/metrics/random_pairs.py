"""Random scores, labels and draws."""

import numpy as np


def random_scores(seed, *, n_proteins=12, n_terms=9):
    """Scores with ties and zeros, and labels."""
    rng = np.random.default_rng(seed)
    scores_BT = np.where(rng.random((n_proteins, n_terms)) < 0.6, rng.integers(1, 12, (n_proteins, n_terms)) / 20, 0)
    return scores_BT, rng.random((n_proteins, n_terms)) < 0.3


def once(n_proteins):
    """Every protein drawn once."""
    return np.ones((1, n_proteins))
