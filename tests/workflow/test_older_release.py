"""The older release of the ontology: compared if one is named; without one there is no rule or file of it."""

import pytest
import yaml
from running import Workspace, copy_of, planned, small_config

from gofer.artefacts import read_manifest, read_table

pytestmark = pytest.mark.workflow

OLD = """format-version: 1.2
data-version: releases/2019-01-01

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0005488
name: ligand
namespace: molecular_function
alt_id: GO:0005489
is_a: GO:0003674
"""
NEW = OLD.replace("2019", "2020").replace("name: ligand", "name: binding")


@pytest.fixture
def space(root, tmp_path):
    """A run on a user's ontology."""
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "in").mkdir(parents=True)
    for name, content in (("my.fasta", ">P1\nMKTAYIAKQR\n"), ("my.tsv", ""), ("go.obo", NEW), ("old.obo", OLD)):
        (space.folder / "in" / name).write_text(content)
    config = small_config(root)
    del config["demo"]
    config |= {"data": "in", "proteins": "my.fasta", "annotations": "my.tsv", "ontology": "go.obo", "query": None}
    config["inputs"]["term_sets"] |= {"zero_method": "none", "zero_list": None}
    for name, previous in (("small.yaml", None), ("older.yaml", "old.obo")):
        written = yaml.safe_dump(config | {"previous_ontology": previous}, sort_keys=False)
        (space.folder / name).write_text(written)
    return space


def test_the_rule_is_there_only_where_an_older_release_is_named(space):
    plain, older = (planned(space.snakemake("-n", config=name).stdout) for name in ("small.yaml", "older.yaml"))
    assert older.keys() - plain.keys() == {"compare_releases"}
    assert older["compare_releases"] == 1


def test_the_rule_writes_the_changes_and_the_ids_that_the_older_release_knew(space):
    space.snakemake("results/small/inputs/release_changes.tsv", config="older.yaml")
    (header, row) = space.results("inputs/release_changes.tsv").read_text().splitlines()
    assert header.split("\t") == ["kind", "go_id", "name", "aspect", "before", "after"]
    assert row.split("\t") == ["renamed", "GO:0005488", "binding", "MFO", "ligand", "binding"]
    previous = space.results("inputs/previous_terms.parquet")
    assert read_table(previous)["go_id"].tolist() == ["GO:0003674", "GO:0005488", "GO:0005489"]
    assert read_manifest(previous).release == {
        "go_release": "releases/2020-01-01",
        "previous_go_release": "releases/2019-01-01",
    }
