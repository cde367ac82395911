"""`gofer bank add --from swissprot-2014 | uniprot` and `gofer download`, from a server on this computer."""

import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cli.test_cli import run
from inputs.small_debian import package

import gofer
from gofer.artefacts import cache_folder
from gofer.retrieval.model_file import BANK, ModelFile

SEQUENCE = "MWWCHHKKWYFPRNQDDEWCHHKKWYFPRNQMMEWCHWKKWYFPRNQDDEWCAHKKWYF"
DEB = "metastudent-data_2.0.1-8_all.deb"
ENTRY = """ID   ONE_TEST              Reviewed;         58 AA.
AC   P12345;
DR   GO; GO:0016787; F:hydrolase activity; IDA:UniProtKB.
DR   GO; GO:0005634; C:nucleus; IEA:InterPro.
//
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(autouse=True)
def server(tmp_path, monkeypatch):
    """A folder that is served, and the only place that sources are downloaded from."""
    folder = tmp_path / "served"
    folder.mkdir()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFER_SOURCES", str(tmp_path / "sources.yaml"))
    address = f"http://127.0.0.1:{serving.server_port}"
    proteins = {"BPO": [("Q1MM74", "MKVLA")], "CCO": [("P12345", SEQUENCE)], "MFO": [("P12345", SEQUENCE)]}
    old_and_new = ("GO:0009998", "GO:0009997", "GO:0009996", "GO:0008152", "GO:0009987", "GO:0009999")
    stated = {
        "BPO": "\t".join(["Q1MM74", *old_and_new]) + "\n",
        "CCO": "P12345\tGO:0000502\n",
        "MFO": "P12345\tGO:0016787\n",
    }
    (folder / DEB).write_bytes(package(proteins, stated))
    digest = hashlib.sha256((folder / DEB).read_bytes()).hexdigest()
    (folder / "uniprot_sprot.fasta.gz").write_bytes(
        gzip.compress(f">sp|P12345|ONE_TEST One OS=Me\n{SEQUENCE}\n".encode())
    )
    (folder / "uniprot_sprot.dat.gz").write_bytes(gzip.compress(ENTRY.encode()))
    md5 = {file.name: hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in folder.iterdir()}
    (folder / "md5").write_text("".join(f"{digest}  {name}\n" for name, digest in md5.items()))
    (tmp_path / "sources.yaml").write_text(
        f"""swissprot-2014:
  about: Swiss-Prot of 2014
  release: "2014_01"
  addresses: {{{DEB}: ["{address}/{DEB}"]}}
  sha256: {{{DEB}: {digest}}}
swissprot:
  about: Swiss-Prot
  release: current
  addresses:
    uniprot_sprot.fasta.gz: ["{address}/uniprot_sprot.fasta.gz"]
    uniprot_sprot.dat.gz: ["{address}/uniprot_sprot.dat.gz"]
  checksums: {{uniprot_sprot.fasta.gz: "{address}/md5", uniprot_sprot.dat.gz: "{address}/md5"}}
"""
    )
    yield folder
    serving.shutdown()
    serving.server_close()


def nearest(model, tmp_path):
    """Of each term of the protein SEQUENCE, the nearest known protein."""
    (tmp_path / "query.fasta").write_text(f">Q\n{SEQUENCE}\n")
    return gofer.load(model.path).predict(tmp_path / "query.fasta").set_index("go_id")["nearest_protein"]


def bank_of(name):
    [path] = cache_folder().rglob(f"{name}.bank")
    return ModelFile.open(path, kind=BANK).document("bank.json")


def test_swissprot_2014_becomes_a_bank_that_predictions_use(tiny, tmp_path):
    code, output = run("bank", "add", "--from", "swissprot-2014", "-m", tiny.path)
    assert code == 0, output
    assert output.startswith("2 known proteins were added to the model tiny")
    for line in (
        "annotations changed, term id: alternative id: 1",
        "annotations changed, term id: obsolete, replaced: 1",
        "annotations dropped, term obsolete, without one replacement: 1",
        "annotations dropped, term not in this GO release: 1",
    ):
        assert line in output
    assert nearest(tiny, tmp_path)["GO:0000502"] == "P12345"
    source = bank_of("swissprot-2014")["source"]
    assert (source["release"], list(source["sha256"])) == ("2014_01", [DEB])


def test_proteins_to_leave_out_and_their_equals_are_in_no_bank(tiny, tmp_path):
    (tmp_path / "out.txt").write_text("P12345\nnot_there\n")
    code, output = run("bank", "add", "--from", "swissprot-2014", "-m", tiny.path, "--leave-out", tmp_path / "out.txt")
    assert code == 0, output
    assert output.startswith("1 known proteins")
    assert "records dropped, id in leave_out_ids: 1" in output
    assert "P12345" not in set(nearest(tiny, tmp_path))


def test_a_bank_may_hold_sequences_and_labels_alone(tiny, tmp_path):
    code, output = run("bank", "add", "--from", "swissprot-2014", "-m", tiny.path, "--no-embed")
    assert (code, "without vectors" in output) == (0, True)
    assert nearest(tiny, tmp_path)["GO:0016787"] == "P12345"


def test_the_current_swissprot_becomes_a_bank_by_the_evidence_codes_of_the_model(tiny, tmp_path):
    code, output = run("bank", "add", "--from", "uniprot", "-m", tiny.path)
    assert code == 0, output
    assert "annotations dropped, evidence code IEA not asked for: 1" in output
    assert nearest(tiny, tmp_path)["GO:0016787"] == "P12345"


def test_a_download_that_fails_leaves_no_bank_and_says_why(tiny, server):
    (server / DEB).write_bytes(b"something else")
    code, output = run("bank", "add", "--from", "swissprot-2014", "-m", tiny.path)
    assert code == 3
    assert "its sha256 is" in output
    assert list(cache_folder().rglob("*.bank")) == []


def test_download_prints_paths_links_them_in_a_folder_and_lists_sources(tmp_path):
    code, output = run("download", "swissprot", "--to", tmp_path / "data")
    assert code == 0, output
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "uniprot_sprot.dat.gz", "uniprot_sprot.fasta.gz",
    ]  # fmt: skip
    assert gzip.open(tmp_path / "data/uniprot_sprot.dat.gz", "rt").read() == ENTRY
    assert run("download")[1] == "swissprot: Swiss-Prot\nswissprot-2014: Swiss-Prot of 2014\n"
    assert run("download", "nothing")[0] == 3
