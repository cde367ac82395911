"""The model that ships with gofer: used without being named, and it says what it is and what it is worth."""

import json

import pandas as pd
import pytest
from cli.test_cli import run
from retrieval.tiny_model import CUTOFFS, make_model

import gofer
from gofer.names import SHIPPED_MODEL

FIGURES = {"MFO": {"proteins": 1200, "fmax": 0.612, "far_proteins": 300, "far_fmax": 0.407}}
ALONE = {"MFO": {"proteins": 1200, "fmax": 0.451, "far_proteins": 300, "far_fmax": 0.402}}
NAME = "model small: trained on Swiss-Prot of January 2014, GO releases/2015-07-11"
LARGEST = 40_000_000


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A small model in the place of the one that ships."""
    facts = {"validation": FIGURES, "validation_alone": ALONE, "trained_on": "Swiss-Prot of January 2014"}
    alone = {"ensemble": {}, "cutoffs": CUTOFFS}
    tiny = make_model(tmp_path, name="small", small=True, alone=alone, facts=facts)
    monkeypatch.setattr("gofer.names.SHIPPED_MODEL", tiny.path)
    monkeypatch.setattr("gofer.cli.running.SHIPPED_MODEL", tiny.path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tiny


def test_it_predicts_and_says_what_it_is_worth_and_what_is_missing(shipped, tmp_path):
    fasta = shipped.fasta(tmp_path / "my.fasta", slice(0, 3))
    code, output = run("predict", fasta, "-o", tmp_path / "out")
    assert code == 0
    assert NAME in output
    assert "without known proteins: molecular function 0.45 (1,200 proteins)" in output
    assert "below 30 % identity to all training proteins: molecular function 0.40 (300 proteins)" in output
    assert "would raise Fmax: molecular function from 0.45 to 0.61" in output
    assert "gofer bank add --from swissprot-2014" in output
    for form in ("predictions.gaf", "predictions.gpad"):
        assert f"!about: {NAME}\n" in (tmp_path / "out" / form).read_text()
    assert json.loads((tmp_path / "out/summary.json").read_text())["about"][0] == NAME


def test_with_a_bank_it_names_the_figures_with_one(shipped, tmp_path):
    fasta = shipped.fasta(tmp_path / "my.fasta", slice(0, 3))
    (tmp_path / "my.tsv").write_text("protein\taspect\tgo_id\nQ000\tMFO\tGO:0016787\n")
    assert run("bank", "add", "--from", fasta, tmp_path / "my.tsv")[0] == 0
    output = run("predict", fasta, "-o", tmp_path / "out")[1]
    assert "with known proteins: molecular function 0.61 (1,200 proteins)" in output
    assert "gofer bank add" not in output


def test_python_the_version_info_and_selftest_use_it_too(shipped, tmp_path):
    assert gofer.load().name == "small"
    assert NAME in run("--version")[1]
    assert "would raise Fmax" in run("info")[1]
    assert run("selftest")[0] == 0
    table = gofer.load().predict(shipped.fasta(tmp_path / "q.fasta", slice(0, 1)))
    assert isinstance(table, pd.DataFrame)


@pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="no default model is in this copy")
def test_the_one_in_this_copy_is_small_and_whole():
    assert SHIPPED_MODEL.stat().st_size <= LARGEST
    assert run("selftest")[0] == 0
