"""`gofer bank`: proteins that a user adds are used by every prediction of that model, and of no other."""

import shutil

import pandas as pd
import pytest
from cli.test_cli import run
from retrieval.tiny_model import make_model

import gofer
from gofer.inputs.proteins import candidates
from gofer.retrieval.model_file import BANK, ModelFile
from gofer.retrieval.user_bank import bank_folder

SEQUENCE = "MWWCHHKKWYFPRNQDDEWCHHKKWYFPRNQMMEWCHWKKWYFPRNQDDEWCAHKKWYF"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def files(tmp_path):
    """A FASTA file of two proteins, and a GAF that annotates one of them."""
    (tmp_path / "mine.fasta").write_text(f">NEW1 Novel enzyme OS=Me\n{SEQUENCE}\n>NEW2\nMKV\n")
    fields = [
        "DB",
        "NEW1",
        "N",
        "enables",
        "GO:0016787",
        "REF",
        "IDA",
        "",
        "F",
        "",
        "",
        "protein",
        "taxon:9",
        "20200101",
    ]
    (tmp_path / "mine.gaf").write_text("!gaf-version: 2.2\n" + "\t".join([*fields, "me", "", ""]) + "\n")
    (tmp_path / "query.fasta").write_text(f">Q\n{SEQUENCE}\n")
    return tmp_path


def add(files, model, *more):
    return run("bank", "add", "--from", files / "mine.fasta", files / "mine.gaf", "-m", model, *more)


def test_an_added_protein_is_the_nearest_and_its_terms_score_higher(tiny, files):
    before = gofer.load(tiny.path).predict(files / "query.fasta").set_index("go_id")
    code, output = add(files, tiny.path)
    assert code == 0
    assert output.startswith("1 known proteins were added to the model tiny")
    after = gofer.load(tiny.path).predict(files / "query.fasta").set_index("go_id")
    row = after.loc["GO:0016787"]
    assert row[["nearest_protein", "nearest_name", "nearest_by"]].tolist() == ["NEW1", "Novel enzyme", "aligned"]
    assert row["nearest_identity"] == 1
    assert row["score"] > before.loc["GO:0016787", "score"]
    assert after.loc["GO:0003824", "nearest_protein"] == "NEW1"  # its labels are propagated
    assert set(after["nearest_protein"]) != {"NEW1"}


def test_a_bank_is_of_one_model_and_a_copy_to_another_is_refused(tiny, files, tmp_path):
    other = make_model(tmp_path, name="other")
    add(files, tiny.path)
    assert run("bank", "list", "-m", other.path)[1] == "No bank was added to this model.\n"
    digests = [ModelFile.open(path).digest for path in (tiny.path, other.path)]
    here, there = (bank_folder(digest) for digest in digests)
    there.mkdir(parents=True)
    (there / "mine.bank").write_bytes((here / "mine.bank").read_bytes())
    code, output = run("predict", files / "query.fasta", "-m", other.path, "-o", tmp_path / "out")
    assert code == 3
    assert f"was made for the model {digests[0][:12]}, not for {digests[1][:12]}" in output.replace("\n", " ")


def test_predictions_are_made_again_after_a_bank_was_added_and_name_it(tiny, files, tmp_path):
    arguments = "predict", files / "query.fasta", "-m", tiny.path, "-o", tmp_path / "out"
    run(*arguments)
    add(files, tiny.path, "--name", "lab")
    code, output = run(*arguments)
    assert (code, "already holds" in output) == (0, False)
    table = pd.read_csv(tmp_path / "out/predictions.tsv", sep="\t")
    assert "NEW1" in set(table["nearest_protein"])
    assert '"lab"' in (tmp_path / "out/summary.json").read_text()


def test_banks_are_listed_and_removed(tiny, files, cache):
    add(files, tiny.path)
    assert run("bank", "list", "-m", tiny.path)[1].startswith("mine: 1 proteins")
    [path] = cache.rglob("*.bank")
    assert ModelFile.open(path, kind=BANK).document("bank.json")["source"]["fasta"] == "mine.fasta"
    assert run("bank", "remove", "mine", "-m", tiny.path)[0] == 0
    assert run("bank", "remove", "mine", "-m", tiny.path)[0] == 3
    assert list(cache.rglob("*.bank")) == []


def test_a_damaged_bank_is_named_and_not_used(tiny, files, cache):
    add(files, tiny.path)
    [path] = cache.rglob("*.bank")
    path.write_bytes(path.read_bytes()[:-3])
    code, output = run("predict", files / "query.fasta", "-m", tiny.path)
    assert code == 3
    assert "mine.bank is damaged" in output.replace("\n", "")


@pytest.mark.skipif(shutil.which("diamond") is None, reason="DIAMOND is not on the PATH")
def test_adding_many_proteins_makes_their_database_once_and_removing_them_removes_it(
    tiny, files, cache, monkeypatch, caplog
):
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    add(files, tiny.path)
    [database] = cache.rglob("*.dmnd")
    assert "Making DIAMOND's database of 25 known sequences, once" in caplog.text
    caplog.clear()
    assert run("predict", files / "query.fasta", "-m", tiny.path, "-o", files / "out")[0] == 0
    assert ("once" in caplog.text, list(cache.rglob("*.dmnd"))) == (False, [database])
    table = pd.read_csv(files / "out/predictions.tsv", sep="\t").set_index("go_id")
    assert table.loc["GO:0016787", "nearest_protein"] == "NEW1"
    run("bank", "remove", "mine", "-m", tiny.path)
    assert list(cache.rglob("*.dmnd")) == []


def test_many_known_proteins_without_diamond_are_reported_before_they_are_searched(tiny, files, monkeypatch, caplog):
    monkeypatch.setattr(candidates, "MOST_BY_KMERS", 1)
    monkeypatch.setattr(shutil, "which", lambda name, **_: None)
    add(files, tiny.path)
    assert "25 known proteins are searched without DIAMOND" in caplog.text
    caplog.clear()
    assert run("predict", files / "query.fasta", "-m", tiny.path, "-o", files / "out")[0] == 0
    assert "apt install diamond-aligner" in caplog.messages[0]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--from", "{f}/mine.fasta"], "no annotations for"),
        (["--from", "{f}", "{f}/mine.gaf"], "is a folder, and annotations were named"),
        (["--from", "{f}/mine.fasta", "{f}/mine.gaf", "--name", "../x"], "is no name for a bank"),
        (["--from", "{f}"], "is missing"),
    ],
)
def test_what_cannot_be_added_is_refused(tiny, files, arguments, what):
    code, output = run("bank", "add", "-m", tiny.path, *(argument.format(f=files) for argument in arguments))
    assert code == 3
    assert what in output.replace("\n", " ")
