"""An unseen term is scored by its text only, through the texts of the labels of the nearest training proteins."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.artefacts import Manifest, read_table
from gofer.baselines import text_cosine
from gofer.baselines.text_cosine import TextProfiles
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.unthresholded_scores import UnthresholdedWriter

IDS = ["m", "iron", "zinc", "light", "new iron", "new light"]
TEXTS_TG = np.array([[0, 0, 1], [1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0.96, 0.28, 0], [0.1, 0.99, 0]], np.float32)
TEXTS_TG /= np.linalg.norm(TEXTS_TG, axis=1, keepdims=True)
TERMS = terms_table({go_id: ["m"] if go_id != "m" else [] for go_id in IDS}).assign(
    training_count=[9, 4, 2, 3, 0, 0], depth=[0, 1, 1, 1, 1, 1]
)
NEIGHBOURS = pd.DataFrame(
    [("P", "T1", 0.9), ("P", "T2", 0.3), ("P", "T3", 0.2), ("Q", "T3", 0.7)],
    columns=["protein_id", "neighbour", "cosine"],
)
LABELS = pd.DataFrame([("T1", "iron"), ("T2", "zinc"), ("T3", "light")], columns=["protein_id", "go_id"])
LINE = Calibration({"MFO": (4.0, 1.0, -2.0)})


@pytest.fixture
def profiles():
    return TextProfiles.of_neighbours(["P", "Q", "alone"], NEIGHBOURS, LABELS, TERMS, TEXTS_TG, k=2)


def test_scores_are_cosines_of_the_weighted_mean_of_the_neighbours_texts(profiles):
    profile = 0.9 * TEXTS_TG[1] + 0.3 * TEXTS_TG[2]
    wanted = TEXTS_TG @ profile / np.linalg.norm(profile)
    cosine_BT = profiles.cosines(slice(None))
    assert cosine_BT[0] == pytest.approx(wanted, abs=1e-6)
    assert cosine_BT[1] == pytest.approx(TEXTS_TG @ TEXTS_TG[3], abs=1e-6)
    assert (cosine_BT[2] == 0).all()  # without a neighbour nothing is known


def test_unseen_terms_go_to_the_proteins_whose_neighbours_have_terms_of_similar_texts(profiles):
    cosine_BT = profiles.cosines(slice(None))
    assert cosine_BT[0, 4] > cosine_BT[1, 4]
    assert cosine_BT[1, 5] > cosine_BT[0, 5]


def test_calibration_keeps_the_order_and_is_in_the_open_range(profiles):
    labels = pd.DataFrame([("P", "iron"), ("P", "zinc"), ("Q", "light")], columns=["protein_id", "go_id"])
    assert profiles.calibrate(labels, TERMS).weights["MFO"] == (0.0, 1.0, 0.0)  # too few labels to fit
    [(ids, scores_BT)] = list(profiles.scored(LINE))
    assert ids == ["P", "Q", "alone"]
    assert ((scores_BT > 0) & (scores_BT < 1)).all()
    assert (np.argsort(scores_BT[0]) == np.argsort(profiles.cosines(slice(None))[0])).all()


def test_blocks_give_the_same_scores_as_all_at_once(profiles, monkeypatch):
    [(_, whole_BT)] = list(profiles.scored(LINE))
    monkeypatch.setattr(text_cosine, "PROTEINS_AT_ONCE", 2)
    np.testing.assert_allclose(np.concatenate([part for _, part in profiles.scored(LINE)]), whole_BT, rtol=1e-6)


def test_a_predictions_file_holds_only_the_best_terms_and_no_root(profiles, monkeypatch):
    monkeypatch.setattr(text_cosine, "MOST_TERMS", 2)
    keep_T = np.array([go_id != "m" for go_id in IDS])
    table = profiles.predictions(LINE, keep_T, IDS, min_score=0.2)
    assert table.loc[table["protein_id"] == "P", "go_id"].tolist() == ["new iron", "iron"]
    assert "m" not in set(table["go_id"])
    assert table["score"].min() >= 0.2


def test_scores_without_a_cutoff_rank_an_unseen_term_among_all(profiles, tmp_path):
    truth = pd.DataFrame([("P", "new iron"), ("Q", "new light")], columns=["protein_id", "go_id"])
    with UnthresholdedWriter(tmp_path, TERMS, truth, ["is_a", "part_of"]) as unthresholded:
        for block in profiles.scored(LINE):
            unthresholded.add(*block)
        unthresholded.write(tmp_path / "unthresholded.parquet", tmp_path / "ranks.parquet", Manifest())
    kept = read_table(tmp_path / "unthresholded.parquet")
    assert set(kept["go_id"]) == {"new iron", "new light"}
    assert kept["scores"].map(len).tolist() == [3, 3]
    ranks = read_table(tmp_path / "ranks.parquet").set_index("protein_id")
    assert ranks.loc["P", ["above_seen", "above_unseen"]].tolist() == [0, 0]
    assert ranks.loc["Q", ["above_seen", "above_unseen"]].tolist() == [1, 0]  # "light" ranks before "new light"
    assert ranks["scored"].all()
