"""The annotation file of nrPDB-GO is read as it was published, and anything else is refused."""

import pytest
from inputs.annotation_lines import lines_of
from inputs.nrpdb_files import VOCABULARIES, headings, nrpdb

from gofer.errors import GoferError
from gofer.inputs.annotations.nrpdb import nrpdb_vocabulary

ROWS = ["1ABC-A\tGO:0000001,GO:0000002\t\t", "2XYZ-b\t\tGO:0000003\t", "3DEF-A\tGO:0000002"]


def test_every_term_of_every_aspect_is_an_annotation_of_its_chain(tmp_path):
    pairs = [(line.object_id, line.go_id) for line in lines_of(tmp_path, nrpdb(ROWS))]
    assert pairs == [
        ("1ABC-A", "GO:0000001"),
        ("1ABC-A", "GO:0000002"),
        ("2XYZ-b", "GO:0000003"),
        ("3DEF-A", "GO:0000002"),
    ]


def test_the_headings_give_the_vocabulary_with_the_lines_of_its_terms(tmp_path):
    path = tmp_path / "annot.tsv"
    path.write_text(nrpdb(ROWS))
    assert nrpdb_vocabulary(path) == {"GO:0000001": 2, "GO:0000002": 2, "GO:0000003": 6}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1ABC-A\tGO:0000003\t\t", r":14: 'GO:0000003' is not among the terms of molecular_function in line 2"),
        ("1ABC-A\tGO:1\t\t", r":14: 'GO:1' is not among the terms of molecular_function"),
        ("1ABC-A", r":14: 1 tab-separated column\(s\) instead of 4"),
        ("1ABC-A\t\t\t\tGO:0000001", r":14: 5 tab-separated column\(s\) instead of 4"),
        ("\tGO:0000001\t\t", r":14: no chain id"),
    ],
)
def test_a_row_at_fault_is_named_with_its_line(tmp_path, row, said):
    with pytest.raises(GoferError, match=said):
        lines_of(tmp_path, nrpdb([row]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("### EC-numbers\n1.1.1.1\n### PDB-chain\tEC-numbers\n1ABC-A\t1.1.1.1\n", r":1: '### EC-numbers' where a head"),
        ("\n".join(headings()[:5]) + "\n", "the file ends before a line '### PDB-chain'"),
        ("\n".join(["### PDB-chain\tGO-terms (molecular_function)"]), "has no vocabulary above it"),
        (nrpdb([]).replace("GO:0000002", "binding"), ":2: 'binding' is not a GO id"),
        (nrpdb([]), "no chain in this file"),
    ],
)
def test_other_headings_are_refused_with_their_text(tmp_path, content, said):
    with pytest.raises(GoferError, match=said):
        lines_of(tmp_path, content)


def test_a_vocabulary_without_a_term_takes_one_line(tmp_path):
    nothing = dict.fromkeys(VOCABULARIES, [])
    path = tmp_path / "annot.tsv"
    path.write_text(nrpdb([], nothing | {"biological_process": ["GO:0000003"]}))
    assert nrpdb_vocabulary(path) == {"GO:0000003": 6}
