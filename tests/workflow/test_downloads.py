"""A run that downloads its data: from a server on this computer that cuts files and answers with web pages."""

import gzip

import pytest
import yaml
from inputs.faulty_server import Server
from running import Workspace, copy_of, planned, small_config
from workflow.test_bad_input import FASTA, OBO

pytestmark = pytest.mark.workflow

ENTRY = """ID   P{0}_TEST               Reviewed;          10 AA.
AC   P0000{0};
DR   GO; GO:0005488; F:binding; IDA:UniProtKB.
DR   GO; GO:0005488; F:binding; IEA:UniProtKB.
//
"""
FILES = {
    "uniprot_sprot.fasta.gz": gzip.compress(FASTA.replace("P1", "P00001").replace("P2", "P00002").encode()),
    "uniprot_sprot.dat.gz": gzip.compress((ENTRY.format(1) + ENTRY.format(2)).encode()),
    "go-basic.obo": OBO.encode(),
}


@pytest.fixture
def space(root, tmp_path, monkeypatch):
    """The workflow with config/uniprot.yaml, and a server for each of its files; by file name."""
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    servers, sources = {}, {}
    for name, content in FILES.items():
        servers[name] = Server()
        servers[name].content, servers[name].tag = content, f'"{name}"'
        source = "go" if name.endswith("obo") else "swissprot"
        sources.setdefault(source, {"about": "made up", "release": "current", "addresses": {}})
        sources[source]["addresses"][name] = [servers[name].address]
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump(sources))
    monkeypatch.setenv("GOFER_SOURCES", str(tmp_path / "sources.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = small_config(root)
    del config["demo"]
    config["inputs"]["term_sets"] |= {"zero_method": "none", "zero_list": None}
    config["query"] = None
    downloaded = yaml.safe_load((root / "config/uniprot.yaml").read_text())
    config |= {key: downloaded[key] for key in ("run", "data", "download", "proteins", "annotations", "ontology")}
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    yield space, servers
    for server in servers.values():
        server.close()


def test_one_command_downloads_what_is_missing_and_then_reads_it(space):
    space, servers = space
    servers["uniprot_sprot.fasta.gz"].faults = ["cut"]
    servers["go-basic.obo"].faults = ["page"]
    done = space.snakemake("read_proteins", "read_annotations", check=False)
    assert done.returncode != 0
    assert "a web page came in place of the file" in done.stdout
    assert "Traceback" not in done.stdout
    space.snakemake("read_proteins", "read_annotations")
    data = space.folder / "results/uniprot/data"
    assert {path.name for path in data.iterdir() if path.is_symlink()} == FILES.keys()
    assert (data / "uniprot_sprot.dat.gz").read_bytes() == FILES["uniprot_sprot.dat.gz"]
    asked = {name: len(server.ranges) for name, server in servers.items()}
    assert asked == {"uniprot_sprot.fasta.gz": 2, "uniprot_sprot.dat.gz": 1, "go-basic.obo": 2}
    assert planned(space.snakemake("read_annotations", "-n").stdout) == {}
    plan = planned(space.snakemake("make_splits", "-n", "--config", "run=other", "data=results/uniprot/data").stdout)
    assert "read_proteins" in plan
    assert "download_data" not in plan
