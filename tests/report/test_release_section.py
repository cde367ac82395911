"""What changed since an older release, on the page."""

from pathlib import Path

import pandas as pd
import pytest

from gofer.artefacts import Manifest, write_table, write_tsv
from gofer.errors import ArtefactError
from gofer.inputs.ontology.releases import COLUMNS, KINDS
from gofer.report.page import Artefacts
from gofer.report.release_section import MEANINGS, MOST_SHOWN, ReleaseStory

pytestmark = pytest.mark.slow

RELEASES = Manifest({"go_release": "releases/2015-07-11", "previous_go_release": "releases/2014-07-06"})


@pytest.fixture
def written(tmp_path):
    """Writes the files of rule compare_releases into the folder of the page."""

    def write(rows, folder=tmp_path / "run", manifest=RELEASES):
        changes = pd.DataFrame(rows, columns=COLUMNS, dtype=str)
        files = [folder / "inputs" / name for name in ("release_changes.parquet", "release_changes.tsv")]
        write_table(files[0], changes, manifest)
        write_tsv(files[1], changes)
        accounting = pd.DataFrame({"item": ["edges not compared"], "reason": ["now: regulates"], "count": [8938]})
        write_table(folder / "inputs/accounting-release.parquet", accounting, manifest)
        return [*files, folder / "inputs/accounting-release.parquet"]

    return write


def added(number, aspect="BPO"):
    return ("added", f"GO:{number:07d}", f"term {number}", aspect, "", "is_a GO:0000001 root")


def story(files, root):
    return ReleaseStory.read(*files, root=root)


def test_a_run_without_an_older_release_does_not_mention_one(html):
    assert "What changed" not in html
    assert 'id="release"' not in html


def test_the_page_has_the_changes_with_the_release_and_their_file(make_run, written):
    run = make_run()
    rows = [added(10), ("moved", "GO:0000011", "<b>term</b>", "MFO", "is_a GO:0000001 root", "is_a GO:0000010 other")]
    run.files = Artefacts(**{**vars(run.files), "release": written(rows)})
    html = run.page()
    assert "<h2>What changed since 2014-07-06</h2>" in html
    assert "2 changes of 2 terms from GO release 2014-07-06 to\n2015-07-11" in html
    assert '<a href="inputs/release_changes.tsv">' in html
    assert '<a href="#release">What changed</a>' in html
    assert "&lt;b&gt;term&lt;/b&gt;" in html
    assert "8,938" in html


def test_changes_since_another_release_than_the_runs_are_refused(make_run, written):
    run = make_run()
    other = Manifest({"go_release": "releases/2020-01-01", "previous_go_release": "releases/2014-07-06"})
    run.files = Artefacts(**{**vars(run.files), "release": written([added(10)], manifest=other)})
    with pytest.raises(ArtefactError, match="releases/2020-01-01"):
        run.page()


def test_a_release_that_did_not_change_still_has_its_section(make_run, written):
    run = make_run()
    run.files = Artefacts(**{**vars(run.files), "release": written([])})
    html = run.page()
    assert "0 changes of 0 terms" in html
    assert html.count('<td class="num">0</td>') >= len(KINDS)


def test_every_kind_of_change_has_its_meaning():
    assert tuple(MEANINGS) == KINDS


def test_kinds_are_counted_by_aspect_and_three_examples_spread_over_the_ids(written, tmp_path):
    rows = [added(number, "BPO" if number < 1000 else "CCO") for number in range(100, 1204)]
    section = story(written(rows), tmp_path / "run")
    assert section.aspects == ["Biological process", "Cellular component"]
    first, *others = section.kinds
    assert (first.counts, first.total) == (["900", "204"], "1,104")
    assert [go_id for _, go_id, *_ in first.examples] == ["GO:0000100", "GO:0000652", "GO:0001203"]
    assert all(row.total == "0" and not row.examples for row in others)
    assert (section.changes, section.terms, section.table) == (1104, 1104, "inputs/release_changes.tsv")


def test_two_long_texts_are_shown_where_they_differ(written, tmp_path):
    same = "word " * 100
    row = ("redefined", "GO:0000010", "x", "BPO", f"{same}old end.", f"{same}new end, {'and more ' * 60}")
    example = story(written([row]), tmp_path / "run").kinds[5].examples[0]
    assert example[2].startswith("… word word")
    assert example[2].endswith("old end.")
    assert "new end" in example[3]
    assert max(map(len, example[2:])) <= MOST_SHOWN + 2


def test_a_table_outside_the_folder_is_not_linked(written, tmp_path):
    assert story(written([added(10)]), Path("/elsewhere")).table is None
