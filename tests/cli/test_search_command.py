"""The command `gofer search`: TSV when piped, JSON and a file when asked for, a table on a terminal."""

import io
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from gofer.cli import search_command
from gofer.cli.main import app
from gofer.retrieval.forms.search_page import search_page
from gofer.retrieval.term_search import CLOSEST, Closest


def run(*arguments):
    return CliRunner().invoke(app, ["search", *map(str, arguments)])


def test_piped_output_is_tsv(tiny):
    done = run("GO:0016787", "-m", tiny.path, "-n", 4)
    assert done.exit_code == 0
    table = pd.read_csv(io.StringIO(done.stdout), sep="\t")
    assert table.columns.tolist() == CLOSEST
    assert table["kind"].tolist() == ["term"] * 4 + ["protein"] * 4
    assert table["id"][0] == "GO:0016787"


def test_json_and_a_file_hold_what_tsv_holds(tiny, tmp_path):
    table = pd.read_csv(io.StringIO(run("P10003", "-m", tiny.path).stdout), sep="\t")
    found = json.loads(run("P10003", "-m", tiny.path, "--json").stdout)
    assert (found["query"], found["query_kind"], found["model"]) == ("P10003", "protein", "tiny")
    assert [row["id"] for row in found["terms"] + found["proteins"]] == table["id"].tolist()
    done = run("P10003", "-m", tiny.path, "-o", tmp_path / "out.tsv")
    assert done.stdout == f"12 terms and 20 proteins: {tmp_path / 'out.tsv'}\n"
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out.tsv", sep="\t"), table)


def test_a_terminal_gets_tables(tiny, monkeypatch):
    monkeypatch.setattr(search_command, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    output = run("GO:0016787", "-m", tiny.path).stdout
    assert "terms closest to the term GO:0016787" in output
    assert "closest proteins" in output


def test_a_page_holds_what_was_found_runs_nothing_and_shows_a_name_as_text(tiny, tmp_path):
    done = run("GO:0016787", "-m", tiny.path, "-n", 4, "--page", tmp_path / "found.html")
    assert done.exit_code == 0
    page = (tmp_path / "found.html").read_text()
    table = pd.read_csv(io.StringIO(done.stdout), sep="\t")
    assert all(f">{found}<" in page for found in table["id"])
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "<script" not in page
    found = Closest(
        "<script>alert(1)</script>", "text", table[table["kind"] == "term"], table[table["kind"] == "protein"]
    )
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in search_page(found, "tiny")


@pytest.mark.parametrize("query", ["GO:9999999", "Q9ZZZ9"])
def test_an_unknown_id_ends_in_one_line_and_a_help(tiny, query):
    done = run(query, "-m", tiny.path)
    what, help_ = done.stderr.splitlines()
    assert done.exit_code == 3
    assert what.startswith(f"gofer: {query} is n")
    assert help_.startswith("help: ")
