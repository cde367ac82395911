"""The scripts of examples/ run, each on small files."""

import runpy
import sys

import pytest
from embeddings.proteins import esm2, loaded, proteins_of, sequence, write_store
from retrieval.tiny_model import make_model

from gofer.cli.running import THREADS
from gofer.embeddings.residues.residue_encoder import ResidueEncoder


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A folder as of a run: a model file in model/."""
    folder = tmp_path_factory.mktemp("run")
    tiny = make_model(folder)
    (folder / "model").mkdir()
    tiny.path.rename(folder / "model/tiny.gofer")
    tiny.fasta(folder / "my.fasta", slice(2))
    return folder


@pytest.fixture
def example(root, monkeypatch, capsys):
    """Runs a script with arguments; what it printed."""
    for name in THREADS:
        monkeypatch.setenv(name, "1")

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(root / "examples" / name))
        return capsys.readouterr().out

    return run


def test_every_script_is_on_the_page_of_the_examples_and_runs_here(root):
    scripts = {path.name for path in (root / "examples").glob("*.py")}
    page = (root / "examples/README.md").read_text()
    assert [name for name in sorted(scripts) if page.count(name) < 3] == []  # name, link, command
    assert scripts == {"store.py", "model.py", "search.py", "own_loss.py", "draw_protein.py"}


def test_predictions_are_printed(example, run_folder):
    assert "GO:00" in example("model.py", run_folder / "model/tiny.gofer", run_folder / "my.fasta")


def test_terms_and_proteins_that_are_close_are_printed(example, run_folder):
    printed = example("search.py", run_folder / "model/tiny.gofer", "GO:0016787")
    assert "name of GO:0016787" in printed
    assert "Protein of P10000" in printed


def test_an_own_loss_is_compared_with_infonce(example):
    assert [line.split(":")[0] for line in example("own_loss.py").splitlines()] == ["InfoNCE", "Hinge"]


def test_a_protein_of_a_run_is_drawn(example, run_folder, tmp_path):
    printed = example("draw_protein.py", run_folder, run_folder / "my.fasta", tmp_path / "protein.svg")
    assert "GO:00" in printed
    assert "<svg" in (tmp_path / "protein.svg").read_text()


def test_the_residue_vectors_of_a_run_are_read(example, tmp_path):
    encoder = ResidueEncoder.of_model(loaded(esm2(), most_residues=90), "last", name="small")
    printed = example("store.py", write_store(tmp_path, proteins_of([sequence(37), sequence(12)]), encoder))
    assert "2 sequences, 32 numbers per residue" in printed
    assert "37 residues, mean" in printed
