"""Bad input: one clear message, no traceback, no unnecessary job."""

import pytest
import yaml
from running import Workspace, copy_of, small_config

pytestmark = pytest.mark.workflow

FASTA = ">P1 first\nMKTAYIAKQR\n>P2\nMSLEQKKGAD\n"
OBO = """format-version: 1.2
data-version: releases/2020-01-01

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function
def: "What a gene product does." []

[Term]
id: GO:0005488
name: binding
namespace: molecular_function
def: "Sticking to something." []
is_a: GO:0003674
"""


@pytest.fixture
def door(root, tmp_path):
    """A run on a user's files, which each test spoils in one place."""
    space = Workspace(copy_of(root, tmp_path / "source"), tmp_path / "run")
    (space.folder / "home").mkdir(parents=True)
    (space.folder / "in").mkdir()
    (space.folder / "in/my.fasta").write_text(FASTA)
    (space.folder / "in/my.tsv").write_text("P1\tmf\tGO:0005488\nP2\tmf\tGO:0005488\n")
    (space.folder / "in/go.obo").write_text(OBO)
    config = small_config(root)
    del config["demo"]
    config |= {"data": "in", "proteins": "my.fasta", "annotations": "my.tsv", "ontology": "go.obo", "query": None}
    config["inputs"]["term_sets"] |= {"zero_method": "none", "zero_list": None}
    write(space, config)
    return space


def write(space, config):
    (space.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def output_of(space):
    done = space.snakemake(check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def test_a_missing_file_is_named_before_any_job(door):
    (door.folder / "in/my.fasta").unlink()
    output = output_of(door)
    assert "proteins names in/my.fasta, which does not exist" in output
    assert "Job stats" not in output


def test_an_unknown_key_is_named_before_any_job(door):
    config = yaml.safe_load((door.folder / "small.yaml").read_text())
    config["training"]["epocs"] = 3
    write(door, config)
    output = output_of(door)
    assert "training.epocs is not a key of gofer" in output
    assert "Job stats" not in output


def test_a_wrong_type_is_named_before_any_job(door):
    config = yaml.safe_load((door.folder / "small.yaml").read_text())
    config["seed"] = "one"
    write(door, config)
    assert "seed is 'one', not a whole number" in output_of(door)


def test_an_empty_fasta_is_reported_by_name(door):
    (door.folder / "in/my.fasta").write_text("\n")
    output = output_of(door)
    assert "my.fasta" in output
    assert "no FASTA record" in output


def test_annotations_that_match_no_protein_are_reported_with_an_example(door):
    (door.folder / "in/my.tsv").write_text("Q9\tmf\tGO:0005488\n")
    output = output_of(door)
    assert "my.tsv" in output
    assert "Q9" in output


def test_a_page_instead_of_an_ontology_is_reported_by_name(door):
    (door.folder / "in/go.obo").write_text("<!DOCTYPE html><html><body>404</body></html>\n")
    assert "go.obo" in output_of(door)
