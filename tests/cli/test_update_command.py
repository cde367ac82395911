"""The command `gofer update-go`: the new model and the list of changes, and nothing replaced unasked."""

import pandas as pd
import pytest
from retrieval.test_go_update import MINILM, newer, obo
from retrieval.tiny_model import make_model
from typer.testing import CliRunner

from gofer.cli.main import app
from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.retrieval.go_update import CHANGES


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def in_words(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("words"), texts=TextEncoder.load(**MINILM))


def test_a_new_release_gives_a_model_next_to_the_old_one_and_a_list_of_changes(in_words, tmp_path):
    release = newer(tmp_path / "new.obo")
    done = run("update-go", release, "-m", in_words.path)
    assert done.exit_code == 0, done.stderr
    path = in_words.path.with_name("tiny-go_2022-07-01.gofer")
    assert "GO releases/2015-07-11 had 12 terms, releases/2022-07-01 has 13: 3 added" in done.stdout
    assert "1 of the 3 new terms have known proteins" in done.stdout
    changes = pd.read_csv(path.with_name("tiny-go_2022-07-01.changes.tsv"), sep="\t")
    assert changes.columns.tolist() == CHANGES
    assert set(changes["kind"]) == {"added", "obsoleted", "merged", "moved", "text"}
    assert "Trained with GO releases/2015-07-11 and updated" in run("info", path).stdout
    again = run("update-go", release, "-m", in_words.path)
    assert (again.exit_code, "exists" in again.stderr) == (3, True)
    assert run("update-go", release, "-m", in_words.path, "--force").exit_code == 0


def test_the_same_release_is_refused_in_one_line_and_the_model_is_never_replaced(in_words, tmp_path):
    release = obo(tmp_path / "same.obo", "2015-07-11")
    done = run("update-go", release, "-m", in_words.path)
    what, help_ = done.stderr.splitlines()
    assert done.exit_code == 3
    assert what.endswith("releases/2015-07-11 is the release that the model has already")
    assert help_ == "help: give a newer one, or add --any-release"
    itself = run("update-go", release, "-m", in_words.path, "--any-release", "--force", "-o", in_words.path)
    assert "is the model that is updated" in itself.stderr
