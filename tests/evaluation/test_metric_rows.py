"""The metrics table: every defined figure, n/a for the others, never a crash."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import random_ontology, random_predictions, random_truth, terms_table

from gofer.artefacts import Manifest
from gofer.errors import ArtefactError
from gofer.evaluation.cafaeval import AspectFigures, read_figures, run_cafaeval
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.metric_rows import measure, not_measured, text_table
from gofer.inputs.held_out import HeldOut
from gofer.metrics.bootstrap import DRAWS, Bootstrap
from gofer.retrieval.cafa_format import read_cafa, write_cafa
from gofer.retrieval.unthresholded_scores import UnthresholdedScores, UnthresholdedWriter
from gofer.tables import METRIC_KEYS, METRICS

FEW_DRAWS = Bootstrap(resamples=15, seed=1)
NOTHING = pd.DataFrame({"protein_id": [], "go_id": [], "score": []}).astype({"score": float})


@pytest.fixture
def world(tmp_path):
    """MFO and BPO terms, labels of val and test proteins, predictions; no CCO term and no CCO protein."""
    rng = np.random.default_rng(7)
    parts = [random_ontology(rng, n_terms=14, aspect=a, prefix=p) for a, p in (("MFO", "1"), ("BPO", "2"))]
    terms = pd.concat(parts, ignore_index=True)
    terms["training_count"] = rng.integers(0, 120, len(terms))
    names = np.array(["zero", "few", "common"])
    term_sets = terms[["go_id"]].assign(term_set=names[np.digitize(terms["training_count"], [1, 12])])
    proteins = [f"P{i:02d}" for i in range(24)]
    truth = random_truth(rng, terms, proteins=proteins)
    roots = [terms["go_id"][0], terms["go_id"][14]]
    annotations = pd.concat([truth, pd.DataFrame({"protein_id": proteins, "go_id": roots[0]})])
    splits = pd.DataFrame({"protein_id": proteins, "split": ["val"] * 8 + ["test"] * 16})
    predictions = random_predictions(rng, terms, proteins=proteins)
    write_cafa(tmp_path / "p.tsv", predictions["protein_id"], predictions["go_id"], predictions["score"])
    return HeldOut.of_tables(terms, term_sets, annotations, splits), read_cafa(tmp_path / "p.tsv"), tmp_path


def figures_of(held_out, predictions, folder):
    run_cafaeval(predictions, truth=held_out.of_split("test"), terms=held_out.terms, out=folder)
    return read_figures(folder / "evaluation_all.tsv")


def value(table, aspect, metric, term_set="all", split="test"):
    row = table[(table["aspect"] == aspect) & (table["metric"] == metric) & (table["term_set"] == term_set)]
    row = row[row["split"] == split]
    assert len(row) == 1
    return row["value"].iloc[0]


def test_roots_are_in_no_truth_and_only_held_out_proteins_are(world):
    held_out, _, _ = world
    assert not {held_out.terms["go_id"][0], held_out.terms["go_id"][14]} & set(held_out.truth["go_id"])
    assert set(held_out.truth["split"]) == {"val", "test"}


def test_every_figure_is_there_once_and_agrees_with_cafaeval(world):
    held_out, predictions, folder = world
    figures = figures_of(held_out, predictions, folder)
    table = measure("mine", Predicted(predictions), held_out, figures, FEW_DRAWS)
    assert table.columns.tolist() == [*METRICS, DRAWS]
    keys = table[METRIC_KEYS].apply(tuple, axis=1)
    assert keys.is_unique
    assert set(keys) == set(not_measured("x")[METRIC_KEYS].apply(tuple, axis=1))
    assert value(table, "MFO", "fmax") == figures["MFO"].fmax
    assert value(table, "BPO", "smin") == figures["BPO"].smin
    known = table.dropna(subset=["value", "low"])
    assert (known["low"] <= known["high"]).all()
    assert known["value"].between(known["low"], known["high"]).mean() > 0.95


def test_figures_below_an_identity_count_every_protein_that_has_no_nearer_one_in_training(world):
    held_out, predictions, folder = world
    identity = pd.Series([0.29, 0.3, np.nan, 0.5, *[0.9] * 12], index=[f"P{i:02d}" for i in range(8, 24)])
    figures = figures_of(held_out, predictions, folder)
    table = measure("mine", Predicted(predictions), replace(held_out, identity=identity), figures, FEW_DRAWS)
    rows = table[(table["aspect"] == "MFO") & (table["metric"] == "fmax")].set_index("split")
    labelled = set(held_out.of_split("test").merge(held_out.terms.query("aspect == 'MFO'"))["protein_id"])
    assert rows.loc["test_below_30", "n"] == len(labelled & {"P08", "P10"})
    assert rows.loc["test_below_50", "n"] == len(labelled & {"P08", "P09", "P10"})


@pytest.mark.fault(40)
def test_an_aspect_without_any_protein_is_not_available_rather_than_zero(world):
    held_out, predictions, folder = world
    table = measure("mine", Predicted(predictions), held_out, figures_of(held_out, predictions, folder), FEW_DRAWS)
    missing = table[table["aspect"] == "CCO"]
    assert len(missing) == len(not_measured("x")) / 3
    assert missing["value"].isna().all()
    assert (missing["n"] == 0).all()
    lines = [line for line in text_table([table]).splitlines() if "\tCCO\t" in line]
    assert all(line.endswith("\tn/a\tn/a\tn/a\t0") for line in lines)


def test_a_method_that_predicts_nothing_has_fmax_zero_and_no_smin(world):
    held_out, _, folder = world
    figures = figures_of(held_out, NOTHING, folder)
    assert figures == {}
    table = measure("nothing", Predicted(NOTHING), held_out, figures, FEW_DRAWS)
    assert value(table, "MFO", "fmax") == 0
    assert np.isnan(value(table, "MFO", "smin"))


def test_without_any_held_out_protein_everything_is_not_available(world):
    held_out, predictions, _ = world
    empty = HeldOut(held_out.terms, held_out.term_set, held_out.truth.iloc[:0])
    table = measure("mine", Predicted(predictions), empty, {}, FEW_DRAWS)
    assert table["value"].isna().all()


def test_figures_that_differ_from_cafaevals_are_refused(world):
    held_out, predictions, _ = world
    with pytest.raises(ArtefactError, match="fmax of MFO is 0.123 by cafaeval but"):
        measure("mine", Predicted(predictions), held_out, {"MFO": AspectFigures(0.123, 0.1, 1.0, 1.0)}, FEW_DRAWS)


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others(world):
    held_out, predictions, _ = world
    first = measure("mine", Predicted(predictions), held_out, {}, FEW_DRAWS)
    pd.testing.assert_frame_equal(first, measure("mine", Predicted(predictions), held_out, {}, FEW_DRAWS))
    assert not first["low"].equals(measure("mine", Predicted(predictions), held_out, {}, Bootstrap(15, 2))["low"])


def test_a_zero_shot_term_does_not_take_the_score_of_its_child():
    parents = {"root": [], "zero": ["root"], "child": ["zero"]}
    terms = terms_table(parents, information_accretion=[0.0, 1.0, 1.0], training_count=[9, 0, 9])
    term_sets = pd.DataFrame({"go_id": ["root", "zero", "child"], "term_set": ["common", "zero", "common"]})
    annotations = pd.DataFrame({"protein_id": ["P1", "P1", "P2"], "go_id": ["zero", "child", "child"]})
    annotations = pd.concat([annotations, pd.DataFrame({"protein_id": ["P2", "P3"], "go_id": ["zero", "root"]})])
    splits = pd.DataFrame({"protein_id": ["P1", "P2", "P3"], "split": "test"})
    predictions = pd.DataFrame({"protein_id": ["P1", "P2"], "go_id": ["child", "child"], "score": [0.9, 0.9]})
    table = measure(
        "m", Predicted(predictions), HeldOut.of_tables(terms, term_sets, annotations, splits), {}, FEW_DRAWS
    )
    assert value(table, "MFO", "fmax") == 1.0  # propagated, the protein's labels are all found
    assert value(table, "MFO", "fmax", "zero") == 0.0
    assert value(table, "MFO", "recall_at_10", "zero") == 0.0
    assert value(table, "MFO", "fmax", "common") == 1.0


def test_terms_are_counted_into_bins_of_training_proteins(world):
    held_out, predictions, _ = world
    table = measure("mine", Predicted(predictions), held_out, {}, FEW_DRAWS)
    of_terms = table[(table["metric"] == "macro_aupr") & (table["aspect"] == "MFO") & (table["split"] == "test")]
    bins = of_terms.set_index("term_set")["n"]
    sets = ["train_0", "train_1_5", "train_6_20", "train_21_100", "train_over_100"]
    assert bins[sets].sum() == bins[["common", "few", "zero"]].sum() == bins["all"]


def test_a_method_that_could_not_run_has_no_figure():
    table = not_measured("diamond")
    assert (table["method"] == "diamond").all()
    assert table["value"].isna().all()
    assert "diamond\ttest\tMFO\tall\tfmax\tn/a\tn/a\tn/a\t0" in text_table([table])


def test_scores_below_the_cutoff_count_in_figures_of_single_terms(tmp_path):
    parents = {"root": [], "zero": ["root"]}
    terms = terms_table(parents, information_accretion=[0.0, 1.0], training_count=[9, 0])
    term_sets = pd.DataFrame({"go_id": ["root", "zero"], "term_set": ["common", "zero"]})
    proteins = ["P1", "P2", "P3"]
    annotations = pd.DataFrame({"protein_id": [*proteins, "P1"], "go_id": ["root"] * 3 + ["zero"]})
    annotations = pd.concat([annotations, pd.DataFrame({"protein_id": ["P2", "P3"], "go_id": ["other", "other"]})])
    terms = pd.concat([terms, terms_table({"other": ["root"]}, information_accretion=[1.0], training_count=[9])])
    term_sets.loc[len(term_sets)] = ["other", "common"]
    splits = pd.DataFrame({"protein_id": proteins, "split": "test"})
    held_out = HeldOut.of_tables(terms.reset_index(drop=True), term_sets, annotations, splits)
    predictions = pd.DataFrame({"protein_id": ["P1"], "go_id": ["other"], "score": [0.9]})
    with UnthresholdedWriter(tmp_path, held_out.terms, annotations, held_out.relations) as writer:
        writer.add(["elsewhere"], np.full((1, 3), 0.5))
        writer.add(proteins[::-1], np.array([[1, 0.001, 0.5], [1, 0.002, 0.5], [1, 0.003, 0.5]]))
        writer.write(tmp_path / "unthresholded.parquet", tmp_path / "ranks.parquet", Manifest())
    unthresholded = UnthresholdedScores.open(tmp_path / "unthresholded.parquet")
    table = measure("m", Predicted(predictions, unthresholded), held_out, {}, FEW_DRAWS)
    assert value(table, "MFO", "macro_auroc", "zero") == 1.0
    assert value(table, "MFO", "fmax", "zero") == 0.0
    without = measure("m", Predicted(predictions), held_out, {}, FEW_DRAWS)
    assert value(without, "MFO", "macro_auroc", "zero") == 0.5
