"""DIAMOND: how it is called, how its hits are used, and how its database is kept."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from gofer.artefacts import Manifest
from gofer.errors import GoferError
from gofer.inputs.proteins.diamond_search import DIAMOND_MISSING, DiamondSearch
from gofer.inputs.proteins.kept_database import kept_database
from gofer.retrieval.cafa_format import prediction_status, read_cafa, write_cafa

NEEDS_DIAMOND = pytest.mark.skipif(
    shutil.which("diamond") is None, reason="DIAMOND is not on the PATH (apt-get install diamond-aligner)"
)
SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVVHSLAKWKRQTLGQHDFSAGEGLYTHMKALRPDEDRLS"
OTHER = "MGSSHHHHHHSSGLVPRGSHMASMTGGQQMGRGSEFDDDDKNPWWCCYYFFTTIILLVVGGAAPPQQEENNDDKKRRHHSSTTWWYYFFMMCCLLIIVVGGAAPPQQ"


def test_a_program_that_is_not_there_is_reported_in_the_status_of_an_empty_file(tmp_path):
    assert not DiamondSearch(program="no-such-program").installed
    write_cafa(tmp_path / "d.tsv", [], [], [], manifest=Manifest(), status=DIAMOND_MISSING)
    assert "not installed" in prediction_status(tmp_path / "d.tsv")
    assert read_cafa(tmp_path / "d.tsv").empty


@pytest.fixture
def search(tmp_path, monkeypatch):
    """A stand-in for DIAMOND: it notes its arguments and writes the given hits."""

    def make(hits: str, *, status: int = 0) -> DiamondSearch:
        script = tmp_path / "diamond"
        script.write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\n[ "$1" = version ] && echo "diamond version 2.0"\n'
            f"if [ $1 = blastp ]; then while [ $1 != --out ]; do shift; done; cp {tmp_path}/hits $2; fi\n"
            f"if [ $1 = makedb ]; then cp $3 $5; fi\n"
            f"echo boom >&2; exit {status}\n"
        )
        script.chmod(0o755)
        (tmp_path / "hits").write_text(hits)
        return DiamondSearch(program=str(script))

    return make


@pytest.fixture
def proteins():
    return [SEQUENCE, OTHER]


def test_of_several_alignments_the_best_counts_in_a_fixed_order(search, proteins):
    hits = search("1\t0\t50.5\t90\n0\t1\t20\t80\n0\t1\t33\t45.5\n").hits(proteins, proteins)
    assert hits.values.tolist() == [[0, 1, 33.0, 45.5], [1, 0, 50.5, 90.0]]
    assert search("").version() == "diamond version 2.0"


def test_no_hit_at_all_is_no_error(search, proteins):
    assert search("").hits(proteins, proteins).empty


def test_no_protein_to_search_for_or_in_is_no_error(search, proteins):
    assert search("", status=3).hits([], proteins).empty
    assert search("", status=3).hits(proteins, []).empty


def test_a_failure_of_diamond_is_reported_with_its_last_lines(search, proteins):
    with pytest.raises(GoferError, match="diamond makedb ended with status 3: boom"):
        search("", status=3).hits(proteins, proteins)


@pytest.fixture
def made(search, tmp_path):
    """A function that searches with a kept database, and says how many databases were made until then."""

    def count(proteins, folder=tmp_path / "kept", version="2.0") -> int:
        made_by = search("0\t0\t50\t90\n")
        script = tmp_path / "diamond"
        script.write_text(script.read_text().replace("version 2.0", f"version {version}"))
        assert len(made_by.hits(proteins[:1], proteins, database=kept_database(made_by, proteins, folder))) == 1
        return (tmp_path / "arguments").read_text().count("makedb")

    return count


def test_a_kept_database_is_made_once_and_is_the_only_file(made, proteins, tmp_path):
    assert [made(proteins), made(proteins)] == [1, 1]
    assert [path.suffix for path in (tmp_path / "kept").glob("[!.]*")] == [".dmnd"]
    assert list((tmp_path / "kept").glob(".diamond-*")) == []


def test_a_kept_database_of_other_sequences_or_of_another_diamond_is_replaced(made, proteins, tmp_path):
    assert [made(proteins), made(proteins[:1]), made(proteins[:1], version="2.1")] == [1, 2, 3]
    [path] = (tmp_path / "kept").glob("*.dmnd")
    assert "-2.1-" in path.name


def test_a_damaged_database_is_made_again(made, proteins, tmp_path):
    made(proteins)
    [path] = (tmp_path / "kept").glob("*.dmnd")
    path.write_bytes(path.read_bytes()[:-5])
    assert [made(proteins), made(proteins)] == [2, 2]


def test_what_a_killed_process_left_is_removed(made, proteins, tmp_path):
    (tmp_path / "kept/.diamond-left").mkdir(parents=True)
    made(proteins)
    assert not (tmp_path / "kept/.diamond-left").exists()


def test_a_folder_that_cannot_be_written_to_is_named_and_the_search_goes_without(made, proteins, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert [made(proteins, tmp_path / "file/kept"), made(proteins, tmp_path / "file/kept")] == [1, 2]
    assert "cannot be kept" in caplog.text


def test_searches_at_the_same_time_make_one_database(search, proteins, tmp_path):
    by = search("0\t0\t50\t90\n")
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: kept_database(by, proteins, tmp_path / "kept"), range(4)))
    assert (len(found), (tmp_path / "arguments").read_text().count("makedb")) == (1, 1)


@NEEDS_DIAMOND
def test_a_kept_database_gives_the_same_hits(proteins, tmp_path):
    wanted = DiamondSearch().hits(proteins, proteins)
    for _ in range(2):
        kept = kept_database(DiamondSearch(), proteins, tmp_path)
        pd.testing.assert_frame_equal(DiamondSearch().hits(proteins, proteins, database=kept), wanted)


@NEEDS_DIAMOND
def test_diamond_finds_a_sequence_in_itself_and_not_in_another(proteins):
    search = DiamondSearch()
    assert search.installed
    assert "diamond" in search.version()
    hits = search.hits(proteins[:1], proteins)
    assert hits["target"].tolist() == [0]
    assert hits["bitscore"][0] > 150


@NEEDS_DIAMOND
def test_diamond_gives_the_same_hits_twice(proteins):
    rng = np.random.default_rng(1)
    letters = np.array(list(SEQUENCE))
    mutants = ["".join(np.where(rng.random(len(letters)) < 0.1, "A", letters)) for _ in range(6)]
    first = DiamondSearch().hits(proteins, mutants)
    pd.testing.assert_frame_equal(first, DiamondSearch().hits(proteins, mutants))
    assert first["query"].unique().tolist() == [0]
