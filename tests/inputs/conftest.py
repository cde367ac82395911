"""Small files and a small ontology for the tests of the inputs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gofer.inputs.ontology.term_table import Ontology, read_ontology

OBO = """format-version: 1.2
data-version: releases/2030-01-02

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function
def: "Root of functions." [GOC:x]

[Term]
id: GO:0000001
name: binding
namespace: molecular_function
alt_id: GO:0009001
def: "Holding \\"on\\" to it, e.g. ATP." [GOC:x, PMID:1]
synonym: "ligand\\, held" EXACT [GOC:x]
synonym: "" RELATED []
is_a: GO:0003674 ! molecular_function

[Term]
id: GO:0000002
name: catalysis
namespace: molecular_function
is_obsolete: false
is_a: GO:0003674
relationship: part_of GO:0000011 ! metabolism
relationship: regulates GO:0099999 ! of no interest

[Term]
id: GO:0000003
name: binding catalysis
namespace: molecular_function
is_a: GO:0000001
is_a: GO:0000002 {source="x"} ! catalysis

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0000011
name: metabolism
namespace: biological_process
is_a: GO:0008150

[Term]
id: GO:0000090
name: old name with one successor
namespace: molecular_function
is_obsolete: true
replaced_by: GO:0000001

[Term]
id: GO:0000091
name: old name with several candidates
namespace: molecular_function
is_obsolete: true
consider: GO:0000001
consider: GO:0000002

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file into the test's folder."""

    def writer(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writer


@pytest.fixture
def obo_text() -> str:
    return OBO


@pytest.fixture
def ontology(write: Callable[[str, str | bytes], Path]) -> Ontology:
    return read_ontology(write("go.obo", OBO))


@pytest.fixture(scope="session")
def go(shared_data: Path) -> Ontology:
    """The release of 2015, read once."""
    return read_ontology(shared_data / "go" / "go_2015-07-11.obo.bz2")


@pytest.fixture(scope="session")
def older_go(shared_data: Path) -> Ontology:
    """The release of 2014, read once."""
    return read_ontology(shared_data / "go" / "go-basic_2014-07-06.obo.gz")
