"""Swiss-Prot of 2014 out of a Debian package: FASTA and annotations, made once."""

import gzip

import pytest
from inputs.small_debian import package

from gofer.errors import InputError
from gofer.inputs.downloads.debian_package import unpack
from gofer.inputs.downloads.swissprot_2014 import make_swissprot_2014

PROTEINS = {
    "BPO": [("Q1MM74", "MKV"), ("P12345", "MUXW")], "CCO": [("P12345", "MUXW")], "MFO": [("B0RED7", "GGG")],
}  # fmt: skip
STATED = {
    "BPO": "Q1MM74\tGO:0000002\tGO:0000001\tGO:0000002\n", "CCO": "P12345\tGO:0000003\n", "MFO": "B0RED7\tGO:0000004\n",
}  # fmt: skip


@pytest.fixture
def deb(tmp_path):
    path = tmp_path / "package.deb"
    path.write_bytes(package(PROTEINS, STATED))
    return path


def test_each_protein_comes_once_and_each_term_once_with_its_aspect(deb):
    fasta, annotations = make_swissprot_2014(deb)
    assert gzip.open(fasta, "rt").read() == ">B0RED7\nGGG\n>P12345\nMUXW\n>Q1MM74\nMKV\n"
    assert gzip.open(annotations, "rt").read().splitlines() == [
        "protein\taspect\tgo_id", "Q1MM74\tP\tGO:0000001", "Q1MM74\tP\tGO:0000002", "P12345\tC\tGO:0000003",
        "B0RED7\tF\tGO:0000004",
    ]  # fmt: skip


def test_they_are_made_once_and_again_where_one_was_cut(deb):
    fasta, _ = make_swissprot_2014(deb)
    content, made = fasta.read_bytes(), fasta.stat().st_mtime_ns
    make_swissprot_2014(deb)
    assert fasta.stat().st_mtime_ns == made
    fasta.write_bytes(content[:-5])
    make_swissprot_2014(deb)
    assert gzip.open(fasta, "rt").read().startswith(">B0RED7")


@pytest.mark.parametrize("cut", [4, 100, -400])
def test_a_package_that_was_cut_is_refused_and_nothing_is_left(deb, cut):
    deb.write_bytes(deb.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"package.deb: damaged: "):
        make_swissprot_2014(deb)
    assert {path.name for path in deb.parent.iterdir() if path.is_file()} <= {
        "package.deb", ".swissprot_2014.json.lock", "swissprot_2014.fasta.gz",
    }  # fmt: skip


def test_a_package_without_the_file_is_refused(deb, tmp_path):
    with pytest.raises(InputError, match="it has no file usr/share/other"):
        unpack(deb, {"usr/share/other": tmp_path / "other"})


def test_a_web_page_is_no_package(deb):
    deb.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError, match="it is no Debian package"):
        make_swissprot_2014(deb)
