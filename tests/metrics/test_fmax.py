"""Fmax, weighted Fmax, Smin and coverage are those that cafaeval prints."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import random_ontology, random_predictions, random_truth, read_sample_obo

from gofer.evaluation.cafaeval import read_figures, run_cafaeval
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.metrics.fmax import THRESHOLDS, count_arrays, coverage_of, f_curve, fmax, fmax_of, quality, smin_of
from gofer.metrics.fmax import count as of_pairs
from gofer.metrics.sparse_pairs import Pairs

PRINTED = 0.00051  # cafaeval prints three decimals
LABELS = np.array([[True, True, False], [True, False, True]])
ACCRETION = np.array([0.5, 2.0, 3.0])


def count(scores_BT, labels_BT, accretion_T=None):
    """Counts of the proteins that have a label."""
    labelled_B = labels_BT.any(axis=1)
    return of_pairs(Pairs.of_arrays(scores_BT[labelled_B], labels_BT[labelled_B]), accretion_T)


def matrices(terms, truth, predictions):
    """Propagated scores and labels of all terms."""
    proteins = pd.Index(sorted(truth["protein_id"].unique()))
    graph = GoGraph.of_terms(terms, within_aspect=True)
    labels_BT = hierarchy_consistent(label_matrix(truth, proteins, terms["go_id"]).toarray(), graph)
    return hierarchy_consistent(
        label_matrix(predictions, proteins, terms["go_id"], predictions["score"]).toarray(), graph
    ), labels_BT


@pytest.fixture(scope="session")
def sample(shared_data):
    folder = shared_data / "cafaeval"
    terms = read_sample_obo(folder / "IDPO_disorder_function.obo")
    truth = pd.read_csv(folder / "ground_truth.tsv", sep="\t", names=["protein_id", "go_id"])
    return folder, terms, truth[truth["go_id"].isin(terms["go_id"])]


def sample_predictions(folder, number):
    table = pd.read_csv(folder / f"predictions/pred_{number}.tsv", sep="\t", names=["protein_id", "go_id", "score"])
    return table[table["score"] > 0].groupby(["protein_id", "go_id"], as_index=False)["score"].max()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_f_at_every_threshold_is_what_cafaeval_prints_for_its_sample(sample, number):
    folder, terms, truth = sample
    scores_BT, labels_BT = matrices(terms, truth, sample_predictions(folder, number))
    printed = pd.read_csv(folder / "results_from_cafaeval/evaluation_all.tsv", sep="\t")
    printed = printed[printed["filename"] == f"pred_{number}.tsv"]
    at = (printed["tau"] * 100).round().astype(int).to_numpy() - 1
    counts = count(scores_BT, labels_BT)
    assert f_curve(counts)[0][at] == pytest.approx(printed["f"].to_numpy(), abs=PRINTED)
    assert coverage_of(counts)[0] == pytest.approx(printed["cov"].max(), abs=PRINTED)
    best = pd.read_csv(folder / "results_from_cafaeval/evaluation_best_f.tsv", sep="\t").set_index("filename")
    assert fmax(scores_BT, labels_BT) == pytest.approx(best.loc[f"pred_{number}.tsv", "f"], abs=PRINTED)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_unweighted_smin_is_cafaevals_best_s_of_its_sample(sample, number):
    folder, terms, truth = sample
    scores_BT, labels_BT = matrices(terms, truth, sample_predictions(folder, number))
    best = pd.read_csv(folder / "results_from_cafaeval/evaluation_best_s.tsv", sep="\t").set_index("filename")
    counts = count(scores_BT, labels_BT, np.ones(len(terms)))
    assert smin_of(counts)[0] == pytest.approx(best.loc[f"pred_{number}.tsv", "s"], abs=PRINTED)


def test_cafaeval_as_a_program_still_prints_the_stored_figures(sample, tmp_path):
    folder, _, _ = sample
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions/pred_1.tsv").write_text((folder / "predictions/pred_1.tsv").read_text())
    command = [sys.executable, "-m", "cafaeval", str(folder / "IDPO_disorder_function.obo")]
    command += [str(tmp_path / "predictions"), str(folder / "ground_truth.tsv"), "-out_dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    now = pd.read_csv(tmp_path / "evaluation_best_f.tsv", sep="\t")
    stored = pd.read_csv(folder / "results_from_cafaeval/evaluation_best_f.tsv", sep="\t")
    pd.testing.assert_frame_equal(now, stored[stored["filename"] == "pred_1.tsv"].reset_index(drop=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_all_figures_of_a_random_world_are_those_of_cafaeval(tmp_path, seed):
    rng = np.random.default_rng(seed)
    aspects = {"MFO": "1", "BPO": "2"}
    terms = pd.concat(
        [random_ontology(rng, n_terms=25, aspect=aspect, prefix=prefix) for aspect, prefix in aspects.items()],
        ignore_index=True,
    )
    proteins = [f"P{i}" for i in range(30)]
    truth, predictions = random_truth(rng, terms, proteins=proteins), random_predictions(rng, terms, proteins=proteins)
    predictions = predictions[predictions["protein_id"] != "P3"]  # one protein without a prediction
    assert run_cafaeval(predictions, truth=truth, terms=terms, out=tmp_path)
    figures = read_figures(tmp_path / "evaluation_all.tsv")
    assert set(figures) == set(aspects)
    for aspect, found in figures.items():
        of_aspect = terms[terms["aspect"] == aspect].reset_index(drop=True)
        scores_BT, labels_BT = matrices(of_aspect, truth[truth["go_id"].isin(of_aspect["go_id"])], predictions)
        below = (of_aspect["is_a"].map(len) > 0).to_numpy()
        plain = count(scores_BT[:, below], labels_BT[:, below])
        weighted = count(scores_BT[:, below], labels_BT[:, below], of_aspect["information_accretion"].to_numpy()[below])
        ours = [fmax_of(plain), fmax_of(weighted), smin_of(weighted), coverage_of(plain)]
        theirs = [found.fmax, found.weighted_fmax, found.smin, found.coverage]
        assert np.concatenate(ours) == pytest.approx(theirs, abs=PRINTED)


def test_a_score_that_equals_a_threshold_reaches_it():
    predictions = pd.DataFrame({"protein_id": "P1", "go_id": ["a", "b", "c"], "score": [0.01, 0.03, 0.05]})
    counts = count(
        label_matrix(predictions, ["P1"], ["a", "b", "c"], predictions["score"]).toarray(), np.ones((1, 3), bool)
    )
    assert counts.predicted_BK[0, :7].tolist() == [3, 2, 2, 1, 1, 0, 0]


def test_counts_equal_a_plain_loop():
    rng = np.random.default_rng(4)
    scores_BT, labels_BT = rng.integers(0, 101, (6, 9)) / 100, rng.random((6, 9)) < 0.4
    labels_BT[:, 0] = True
    accretion_T = rng.uniform(0, 3, 9)
    counts = count(scores_BT, labels_BT, accretion_T)
    for k, threshold in enumerate(THRESHOLDS):
        predicted_BT = scores_BT >= threshold
        assert counts.predicted_BK[:, k] == pytest.approx(predicted_BT @ accretion_T)
        assert counts.correct_BK[:, k] == pytest.approx((predicted_BT & labels_BT) @ accretion_T)
        assert (counts.any_BK[:, k] == predicted_BT.any(axis=1)).all()


def test_a_protein_drawn_twice_counts_as_two_equal_rows():
    rng = np.random.default_rng(5)
    scores_BT, labels_BT = rng.integers(0, 101, (7, 8)) / 100, rng.random((7, 8)) < 0.4
    labels_BT[:, 0] = True
    accretion_T, draws_B = rng.uniform(0, 3, 8), np.array([2, 0, 1, 3, 0, 1, 1])
    counts = count(scores_BT, labels_BT, accretion_T)
    again = count(np.repeat(scores_BT, draws_B, axis=0), np.repeat(labels_BT, draws_B, axis=0), accretion_T)
    for figure in (fmax_of, smin_of, coverage_of):
        assert figure(counts, draws_B[None])[0] == pytest.approx(figure(again)[0])


def test_no_labelled_protein_gives_nan_not_zero():
    counts = count(np.zeros((0, 4)), np.zeros((0, 4), bool))
    assert all(np.isnan(figure(counts)).all() for figure in (fmax_of, smin_of, coverage_of))
    assert np.isnan(fmax(np.ones((2, 3)), np.zeros((2, 3), bool)))


def test_proteins_without_a_label_are_not_evaluated():
    scores_BT, labels_BT = np.array([[0.9, 0.1], [0.8, 0.8]]), np.array([[True, False], [False, False]])
    assert fmax(scores_BT, labels_BT) == fmax(scores_BT[:1], labels_BT[:1]) == 1.0


def test_without_any_prediction_fmax_is_zero_and_smin_is_not_defined():
    counts = count(np.zeros((2, 3)), np.ones((2, 3), bool), np.ones(3))
    assert fmax_of(counts)[0] == 0
    assert np.isnan(smin_of(counts)[0])
    assert coverage_of(counts)[0] == 0


def test_a_resample_that_draws_no_labelled_protein_is_nan_not_zero():
    counts = count(np.full((2, 2), 0.9), np.ones((2, 2), bool), np.ones(2))
    draws_NB = np.array([[1, 1], [0, 0]])
    for figure in (fmax_of, smin_of, coverage_of):
        values_N = figure(counts, draws_NB)
        assert np.isfinite(values_N[0])
        assert np.isnan(values_N[1])


@pytest.mark.parametrize("accretion_T", [None, ACCRETION])
def test_fits_count_arrays_as_pairs_are_counted(accretion_T):
    rng = np.random.default_rng(6)
    scores_BT, labels_BT = rng.integers(0, 101, (9, 3)) / 100, rng.random((9, 3)) < 0.4
    fast, wanted = count_arrays(scores_BT, labels_BT, accretion_T), count(scores_BT, labels_BT, accretion_T)
    for name, values in vars(wanted).items():
        np.testing.assert_allclose(getattr(fast, name), values, rtol=1e-12)


def test_the_quality_of_perfect_scores_is_2_and_that_of_none_is_minus_1():
    assert quality(LABELS * 0.9, LABELS, ACCRETION) == pytest.approx(2)
    assert quality(np.zeros(LABELS.shape), LABELS, ACCRETION) == pytest.approx(-1)


def test_a_wrong_informative_term_costs_more_than_a_wrong_plain_one():
    worse, better = LABELS * 0.9, LABELS * 0.9
    worse[0, 2], better[1, 1] = 0.9, 0.9
    assert quality(worse, LABELS, ACCRETION) < quality(better, LABELS, ACCRETION) < 2


def test_without_a_label_the_quality_is_0():
    assert quality(LABELS * 0.9, np.zeros_like(LABELS), ACCRETION) == 0
    assert quality(np.zeros((0, 3)), np.zeros((0, 3), bool), ACCRETION) == 0
