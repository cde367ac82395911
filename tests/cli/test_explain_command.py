"""The command `gofer explain`: tables, a picture with every letter, and a few lines."""

from xml.etree import ElementTree

import pandas as pd
import pytest
from cli.test_cli import run


def letters_in(path):
    texts = [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    return "".join(text for text in texts if text and len(text) == 1)


def test_a_known_protein_gets_tables_a_picture_of_each_term_and_the_parts_in_words(tiny, tmp_path):
    terms = ["GO:0016787", "go:0008152"]
    code, output = run("explain", "P00003", *terms, "-m", tiny.path, "-o", tmp_path / "out")
    assert code == 0, output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {f"{name}.tsv" for name in ("parts", "relatives", "windows", "residues")}
    assert names == {*tables, "GO_0016787.svg", "GO_0008152.svg"}
    sequence = tiny.proteins.set_index("protein_id").loc["P00003", "sequence"]
    assert sequence in letters_in(tmp_path / "out/GO_0016787.svg")
    parts = pd.read_csv(tmp_path / "out/parts.tsv", sep="\t")
    assert parts["part"].tolist() == 2 * ["average protein", "residues", "regression", "relatives"]
    assert "P00003, GO:0016787 name of GO:0016787: score " in output
    assert "its own labels count" in output


def test_the_same_files_are_written_again(tiny, tmp_path):
    fasta = tiny.fasta(tmp_path / "my.fasta", slice(0, 1))
    for folder in ("one", "two"):
        assert run("explain", fasta, "GO:0016787", "-m", tiny.path, "-o", tmp_path / folder)[0] == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("Q99", "GO:0016787"), "is neither a file nor a protein"),
        (("P00003", "GO:0008150"), "is a root of GO"),
        (("P00003", "GO:0016787", "--structure", "none.pdb"), "there is no file none.pdb"),
        (("P00003", "GO:0016787", "--chain", "A"), "name the file with --structure"),
    ],
)
def test_a_fault_is_named_without_traceback_and_leaves_nothing(tiny, tmp_path, monkeypatch, arguments, what):
    monkeypatch.chdir(tmp_path)
    code, output = run("explain", *arguments, "-m", tiny.path)
    assert code == 3
    assert what in output.replace("\n", " ")
    assert "Traceback" not in output
    assert not list(tmp_path.iterdir())
