"""Scores written protein by protein are read term by term, in any parts."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.artefacts import Manifest, read_table
from gofer.errors import ArtefactError
from gofer.retrieval import unthresholded_scores as unthresholded
from gofer.retrieval.unthresholded_scores import UnthresholdedScores, UnthresholdedWriter

PARENTS = {"m": [], "a": ["m"], "b": ["m"], "p": [], "x": ["p"]}
ASPECTS = {"m": "MFO", "a": "MFO", "b": "MFO", "p": "BPO", "x": "BPO"}
TERMS = terms_table(PARENTS, aspect=ASPECTS, training_count=[9, 9, 0, 9, 9])
LABELS = pd.DataFrame({"protein_id": ["P0", "P6", "P6"], "go_id": ["a", "x", "b"]})
SCORES_NT = np.random.default_rng(0).random((7, 5)).astype(np.float32)
IDS = [f"P{row}" for row in range(7)]


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(unthresholded, "SCORES_AT_ONCE", 14)
    with UnthresholdedWriter(tmp_path, TERMS, LABELS, ["is_a", "part_of"]) as writer:
        for rows in (slice(0, 4), slice(4, 7)):
            writer.add(IDS[rows], SCORES_NT[rows])
        writer.write(tmp_path / "unthresholded.parquet", tmp_path / "ranks.parquet", Manifest({"go_release": "x"}))
    return tmp_path


def test_each_term_that_a_protein_has_comes_with_the_scores_of_all_proteins(written):
    scores = UnthresholdedScores.open(written / "unthresholded.parquet")
    assert scores.protein_ids.tolist() == IDS
    scores_of = dict(scores.of_terms(pd.Index(["b", "x", "m", "a"])))
    assert sorted(scores_of) == [0, 1, 3]
    for place, column in ((0, 2), (1, 4), (3, 1)):
        np.testing.assert_array_equal(scores_of[place], SCORES_NT[:, column])


def test_the_ranks_of_true_terms_are_among_their_aspect_alone(written):
    ranks = read_table(written / "ranks.parquet").set_index(["protein_id", "go_id"])
    assert len(ranks) == 3
    assert ranks.loc[("P6", "x"), ["above_seen", "above_unseen"]].tolist() == [0, 0]
    assert ranks.loc[("P6", "b"), "above_seen"] == float(SCORES_NT[6, 1] > SCORES_NT[6, 2])


def test_nothing_is_left_of_the_scratch_file(written):
    assert sorted(path.name for path in written.iterdir()) == ["ranks.parquet", "unthresholded.parquet"]


def test_a_file_cut_short_is_refused(written):
    path = written / "unthresholded.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ArtefactError, match="cannot be read"):
        UnthresholdedScores.open(path)


def test_without_a_protein_the_tables_are_empty(tmp_path):
    with UnthresholdedWriter(tmp_path, TERMS, LABELS.iloc[:0], ["is_a", "part_of"]) as writer:
        writer.write(tmp_path / "unthresholded.parquet", tmp_path / "ranks.parquet", Manifest())
    scores = UnthresholdedScores.open(tmp_path / "unthresholded.parquet")
    assert list(scores.of_terms(pd.Index(["a"]))) == []
    assert read_table(tmp_path / "ranks.parquet").empty
