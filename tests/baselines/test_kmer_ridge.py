"""K-mer ridge regression predicts from sequences only."""

import numpy as np
import pandas as pd

from gofer.baselines.kmer_ridge import kmer_ridge
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelWeights


def test_kmer_ridge_transfers_labels_to_similar_proteins():
    rng = np.random.default_rng(1)
    family = np.arange(40) % 2
    sequences = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 40)) + ["WWCHW", "MMKYM"][f] * 3 for f in family]
    terms = pd.DataFrame(
        {"go_id": ["GO:1", "GO:2", "GO:3"], "aspect": "MFO", "is_a": [[], ["GO:1"], ["GO:1"]], "part_of": [[], [], []]}
    )
    true_ids = [["GO:1", "GO:2" if f else "GO:3"] for f in family]
    kernel = KernelWeights(
        **dict.fromkeys(SIMILARITIES, 2.0), sharpness=3.0, ridge=1.0, evenness=1.0, landmarks=99
    ).of_kmers()
    table = kmer_ridge(
        (sequences[:30], true_ids[:30]),
        ([f"P{i}" for i in range(30, 40)], sequences[30:]),
        terms,
        kernel,
        relations=["is_a"],
        min_score=0.01,
        seed=1,
    )
    scores = table.pivot(index="protein_id", columns="go_id", values="score").fillna(0)
    assert (scores["GO:1"] >= scores[["GO:2", "GO:3"]].max(axis=1)).all()
    assert ((scores["GO:2"] > scores["GO:3"]).to_numpy() == (family[30:] == 1)).mean() >= 0.9
