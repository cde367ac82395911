"""A benchmark's vocabulary and sets of proteins, evaluated by the same figures as all terms and test proteins."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import random_ontology, random_predictions, random_truth

from gofer.config import protein_sets
from gofer.errors import InputError
from gofer.evaluation.join_predictions import Predicted
from gofer.evaluation.metric_rows import measure
from gofer.evaluation.subset_metrics import measure_subsets, subsets_not_measured
from gofer.inputs.benchmark_subsets import Judged, read_protein_sets
from gofer.inputs.held_out import HeldOut
from gofer.metrics.bootstrap import DRAWS, Bootstrap
from gofer.names import ASPECTS
from gofer.tables import METRIC_KEYS, METRICS

FEW_DRAWS = Bootstrap(resamples=10, seed=1)
TESTED = [f"P{number:02d}" for number in range(4, 16)]


@pytest.fixture
def world():
    """MFO and BPO terms; four val and twelve test proteins, with predictions."""
    rng = np.random.default_rng(5)
    parts = [random_ontology(rng, n_terms=12, aspect=a, prefix=p) for a, p in (("MFO", "1"), ("BPO", "2"))]
    terms = pd.concat(parts, ignore_index=True).assign(training_count=30)
    proteins = [f"P{number:02d}" for number in range(16)]
    truth = random_truth(rng, terms, proteins=proteins)
    splits = pd.DataFrame({"protein_id": proteins, "split": ["val"] * 4 + ["test"] * 12})
    held_out = HeldOut.of_tables(terms, terms[["go_id"]].assign(term_set="common"), truth, splits)
    return held_out, Predicted(random_predictions(rng, terms, proteins=proteins))


def figures(table, split, term_set):
    rows = table[(table["split"] == split) & (table["term_set"] == term_set)]
    return rows.sort_values(["aspect", "metric"])[["aspect", "metric", "value", "low", "high", "n"]].reset_index(
        drop=True
    )


def test_no_subset_is_evaluated_by_default(world):
    held_out, predicted = world
    table = measure_subsets("m", predicted, held_out, Judged(), FEW_DRAWS)
    assert len(table) == 0
    assert table.columns.tolist() == [*METRICS, DRAWS]


def test_a_set_of_all_test_proteins_has_the_figures_of_the_whole_test(world):
    held_out, predicted = world
    rows = [("mine", aspect, protein) for aspect in ASPECTS for protein in TESTED]
    sets = pd.DataFrame(rows, columns=["protein_set", "aspect", "protein_id"])
    subsets = measure_subsets("m", predicted, held_out, Judged(proteins=sets), FEW_DRAWS)
    whole = measure("m", predicted, held_out, {}, FEW_DRAWS)
    shared = whole[whole["metric"].isin(subsets["metric"].unique())]
    pd.testing.assert_frame_equal(figures(subsets, "test_mine", "all"), figures(shared, "test", "all"))


def test_a_vocabulary_of_all_common_terms_has_the_figures_of_the_common_terms(world):
    held_out, predicted = world
    judged = Judged(terms=held_out.terms[["go_id"]])
    subsets = measure_subsets("m", predicted, held_out, judged, FEW_DRAWS)
    whole = measure("m", predicted, held_out, {}, FEW_DRAWS)
    pd.testing.assert_frame_equal(figures(subsets, "test", "listed"), figures(whole, "test", "common"))


def test_a_set_is_also_evaluated_over_the_listed_terms_with_only_its_proteins(world):
    held_out, predicted = world
    some = held_out.terms["go_id"][held_out.terms["aspect"] == "MFO"].iloc[3:8]
    sets = pd.DataFrame({"protein_set": "mine", "aspect": "MFO", "protein_id": [*TESTED[:5], "P00"]})
    judged = Judged(terms=pd.DataFrame({"go_id": some}), proteins=sets)
    subsets = measure_subsets("m", predicted, held_out, judged, FEW_DRAWS)
    truth = held_out.of_split("test")
    mine = truth[truth["protein_id"].isin(TESTED[:5]) & truth["go_id"].isin(some)]
    counts = figures(subsets, "test_mine", "listed").set_index(["aspect", "metric"])["n"]
    assert counts["MFO", "fmax"] == mine["protein_id"].nunique() > 0
    assert counts["BPO", "fmax"] == 0


def test_a_method_that_could_not_run_has_the_same_rows_without_a_figure(world):
    held_out, predicted = world
    sets = pd.DataFrame({"protein_set": "mine", "aspect": "MFO", "protein_id": TESTED[:5]})
    judged = Judged(terms=held_out.terms[["go_id"]].iloc[:5], proteins=sets)
    keys = [set(table[METRIC_KEYS].apply(tuple, axis=1)) for table in (
        measure_subsets("m", predicted, held_out, judged, FEW_DRAWS), subsets_not_measured("m", judged)
    )]  # fmt: skip
    assert keys[0] == keys[1]
    assert subsets_not_measured("m", judged)["value"].isna().all()


def sources(sets, folder):
    return protein_sets({"data": str(folder), "evaluation": {"protein_sets": sets}})


def test_sets_are_read_by_aspect_by_column_and_from_several_files(tmp_path):
    for name, content in (("a.txt", "P1\nP2\nX\n"), ("b.txt", "P2\nP3\n"), ("c.csv", "id,near\nP1,0\nP3,1\n")):
        (tmp_path / name).write_text(content)
    named = {"one": ["a.txt", "b.txt"], "two": {"MFO": "a.txt"}, "three": {"file": "c.csv", "column": "near"}}
    table = read_protein_sets(sources(named, tmp_path), ["P1", "P2", "P3"], ["MFO", "BPO"])
    found = {key: sorted(rows["protein_id"]) for key, rows in table.groupby(["protein_set", "aspect"])}
    assert found == {
        ("one", "MFO"): ["P1", "P2", "P3"],
        ("one", "BPO"): ["P1", "P2", "P3"],
        ("two", "MFO"): ["P1", "P2"],
        ("three", "MFO"): ["P3"],
        ("three", "BPO"): ["P3"],
    }


def test_a_set_without_a_test_protein_is_refused_with_its_key_and_an_example(tmp_path):
    (tmp_path / "a.txt").write_text("X\nY\n")
    with pytest.raises(InputError, match=r"none of its 2 proteins, e\.g\. X, is tested") as caught:
        read_protein_sets(sources({"mine": "a.txt"}, tmp_path), ["P1"], ["MFO"])
    assert "evaluation.protein_sets.mine" in caught.value.help
