"""cafaeval is run on files that avoid its traps."""

import numpy as np
import pandas as pd
import pytest
from evaluation.ontologies import terms_table

from gofer.errors import ArtefactError, GoferError
from gofer.evaluation import cafaeval as evaluator
from gofer.evaluation.cafaeval import (
    read_figures,
    run_cafaeval,
    with_ancestors,
    write_accretion,
    write_ontology,
    write_truth,
)
from gofer.inputs.ontology.go_graph import GoGraph


@pytest.fixture
def terms():
    return terms_table(
        {"GO:0": [], "GO:1": ["GO:0"], "GO:2": ["GO:1"], "GO:3": ["GO:0"]}, information_accretion=[0.0, 1.5, 2.0, 0.5]
    )


def test_the_ontology_is_minimal_and_names_stay_on_one_line(terms, tmp_path):
    terms.loc[1, "name"] = "two\nlines  and\ttabs"
    terms.at[2, "part_of"] = ["GO:3"]
    write_ontology(tmp_path / "o.obo", terms)
    text = (tmp_path / "o.obo").read_text()
    assert "name: two lines and tabs\n" in text
    head = "id: GO:2\nname: name of GO:2\nnamespace: molecular_function\n"
    assert f"{head}is_a: GO:1\nrelationship: part_of GO:3\n" in text
    assert "obsolete" not in text


@pytest.mark.fault(38)
def test_truth_has_each_pair_once_and_no_blank_line(tmp_path):
    truth = pd.DataFrame({"protein_id": ["P2", "P1", "P2"], "go_id": ["GO:1", "GO:2", "GO:1"]})
    write_truth(tmp_path / "t.tsv", truth)
    assert (tmp_path / "t.tsv").read_text() == "P1\tGO:2\nP2\tGO:1\n"


@pytest.mark.fault(38)
@pytest.mark.parametrize("bad", [-0.5, np.nan, np.inf])
def test_an_impossible_information_accretion_is_refused(terms, tmp_path, bad):
    terms.loc[2, "information_accretion"] = bad
    with pytest.raises(ArtefactError, match="information accretion of GO:2"):
        write_accretion(tmp_path / "ia.tsv", terms)
    assert not (tmp_path / "ia.tsv").exists()


def test_ancestors_are_kept_and_unknown_terms_are_named(terms):
    assert with_ancestors(terms, ["GO:2"])["go_id"].tolist() == ["GO:0", "GO:1", "GO:2"]
    with pytest.raises(GoferError, match="1 terms are not in this GO release, the first is GO:9"):
        with_ancestors(terms, ["GO:2", "GO:9"])


def test_roots_are_the_terms_without_a_parent_in_their_aspect(terms):
    assert GoGraph.of_terms(terms, within_aspect=True).is_root_T.tolist() == [True, False, False, False]


def test_scores_below_the_first_threshold_are_nothing_to_evaluate(terms, tmp_path):
    predictions = pd.DataFrame({"protein_id": ["P1"], "go_id": ["GO:2"], "score": [0.009]})
    truth = pd.DataFrame({"protein_id": ["P1"], "go_id": ["GO:2"]})
    assert not run_cafaeval(predictions, truth=truth, terms=terms, out=tmp_path)
    assert read_figures(tmp_path / "evaluation_all.tsv") == {}


def test_leaving_out_terms_that_cannot_matter_gives_the_same_figures(terms, tmp_path):
    predictions = pd.DataFrame({"protein_id": ["P1", "P2"], "go_id": ["GO:2", "GO:3"], "score": [0.9, 0.4]})
    truth = pd.DataFrame({"protein_id": ["P1", "P1", "P2"], "go_id": ["GO:2", "GO:1", "GO:3"]})
    many = pd.concat([terms, terms_table({f"GO:9{i}": ["GO:0"] for i in range(20)}, information_accretion=[3.0] * 20)])
    assert run_cafaeval(predictions, truth=truth, terms=terms, out=tmp_path / "few")
    assert run_cafaeval(predictions, truth=truth, terms=many, out=tmp_path / "many")
    few, more = (read_figures(tmp_path / name / "evaluation_all.tsv") for name in ("few", "many"))
    assert few == more
    assert few["MFO"].fmax == 1.0
    assert few["MFO"].smin == 0.0


def test_a_failure_of_cafaeval_is_reported_with_its_last_lines(terms, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluator, "write_ontology", lambda path, *_: path.write_text(""))
    predictions = pd.DataFrame({"protein_id": ["P1"], "go_id": ["GO:2"], "score": [0.9]})
    truth = pd.DataFrame({"protein_id": ["P1"], "go_id": ["GO:2"]})
    with pytest.raises(GoferError, match="cafaeval ended"):
        run_cafaeval(predictions, truth=truth, terms=terms, out=tmp_path)


@pytest.mark.parametrize("content", ["hello\n", "filename\tns\tf\nx\tmolecular_function\tabc\n"])
def test_a_file_that_is_no_result_of_cafaeval_is_refused(tmp_path, content):
    (tmp_path / "r.tsv").write_text(content)
    with pytest.raises(ArtefactError, match="is not a result of cafaeval"):
        read_figures(tmp_path / "r.tsv")


def test_a_missing_result_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match="is not a result of cafaeval"):
        read_figures(tmp_path / "r.tsv")
