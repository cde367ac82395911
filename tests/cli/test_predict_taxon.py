"""`gofer predict --taxon`: terms that cannot be true in the taxon are removed, counted and listed."""

import json

import pandas as pd
import pytest
from cli.test_cli import run
from retrieval.tiny_model import make_model

HUMAN = "9606,33208,2759,131567,1"
TAXA = [["GO:0016787", "only_in_taxon", "NCBITaxon:2", "Bacteria"]]


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A model whose ontology has a taxon constraint."""
    return make_model(tmp_path_factory.mktemp("limited"), name="limited", taxa=TAXA)


def predicted(folder):
    return pd.read_csv(folder / "predictions.tsv", sep="\t").set_index(["protein_id", "go_id"])["score"]


def test_impossible_terms_are_removed_counted_and_listed_and_other_scores_stay(limited, tmp_path):
    fasta = limited.fasta(tmp_path / "my.fasta", slice(0, 3))
    run("predict", fasta, "-m", limited.path, "-o", tmp_path / "all")
    code, output = run("predict", fasta, "-m", limited.path, "-o", tmp_path / "human", "--taxon", HUMAN)
    assert code == 0, output
    assert "3 predictions of 1 terms that cannot be true in taxon 9606 were removed" in output.replace("\n", " ")
    before, after = predicted(tmp_path / "all"), predicted(tmp_path / "human")
    listed = pd.read_csv(tmp_path / "human/impossible_in_taxon.tsv", sep="\t")
    assert listed["go_id"].tolist() == ["GO:0016787"] * 3
    assert set(listed["why"]) == {"only_in_taxon NCBITaxon:2 (Bacteria)"}
    removed = pd.MultiIndex.from_frame(listed[["protein_id", "go_id"]])
    pd.testing.assert_series_equal(after.sort_index(), before.drop(removed).sort_index())
    summary = json.loads((tmp_path / "human/summary.json").read_text())
    assert (summary["taxon"], summary["removed_predictions"], summary["removed_terms"]) == (9606, 3, 1)


def test_a_taxon_in_which_all_is_possible_changes_no_prediction(limited, tmp_path):
    fasta = limited.fasta(tmp_path / "my.fasta", slice(0, 3))
    run("predict", fasta, "-m", limited.path, "-o", tmp_path / "all")
    run("predict", fasta, "-m", limited.path, "-o", tmp_path / "coli", "--taxon", "562,2,131567,1")
    for name in ("predictions.tsv", "predictions.gaf"):
        assert (tmp_path / "all" / name).read_bytes() == (tmp_path / "coli" / name).read_bytes()
    assert (tmp_path / "coli/impossible_in_taxon.tsv").read_text() == "protein_id\tgo_id\tname\tscore\twhy\n"


def test_a_model_without_constraints_stops_and_takes_those_of_a_file(tiny, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 1))
    arguments = "predict", fasta, "-m", tiny.path, "-o", tmp_path / "out", "--taxon", HUMAN
    code, output = run(*arguments)
    assert code == 3
    assert "the model tiny has no taxon constraint" in output.replace("\n", " ")
    assert not (tmp_path / "out").exists()
    stanza = "[Term]\nid: GO:0003824\nrelationship: never_in_taxon NCBITaxon:33208\n"
    (tmp_path / "go.obo").write_text(
        f"format-version: 1.2\n\n{stanza}relationship: never_in_taxon NCBITaxon_Union:0000001\n"
    )
    code, output = run(*arguments, "--constraints", tmp_path / "go.obo")
    assert code == 0, output
    assert "NCBITaxon_Union:0000001" in output
    listed = pd.read_csv(tmp_path / "out/impossible_in_taxon.tsv", sep="\t")
    assert set(listed["go_id"]) == {"GO:0003824", "GO:0016787", "GO:0016740"}


def test_info_says_whether_a_model_has_taxon_constraints(limited, tiny):
    assert "1 taxon constraints" in run("info", limited.path)[1]
    assert "taxon constraints" not in run("info", tiny.path)[1]


def test_another_taxon_makes_the_predictions_again(limited, tmp_path):
    fasta = limited.fasta(tmp_path / "my.fasta", slice(0, 1))
    arguments = "predict", fasta, "-m", limited.path, "-o", tmp_path / "out"
    run(*arguments)
    code, output = run(*arguments, "--taxon", HUMAN)
    assert (code, "already holds" in output) == (0, False)
    assert "GO:0016787" not in predicted(tmp_path / "out").index.get_level_values("go_id")


@pytest.mark.parametrize("option", [("--lineage", "nodes.dmp"), ("--constraints", "go.obo")])
def test_a_lineage_or_constraints_without_a_taxon_are_refused(tiny, tmp_path, option):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 1))
    code, output = run("predict", fasta, "-m", tiny.path, *option)
    assert code == 3
    assert f"{option[0]} is given, and no taxon" in output
