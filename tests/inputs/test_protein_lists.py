"""Lists of proteins: of several files the first mention counts; a table marks proteins with 1 and 0."""

import pytest

from gofer.errors import GoferError
from gofer.inputs.proteins.protein_lists import read_lists, read_marked

TABLE = "PDB-chain,<30%,<40%\n1ABC-A,0,1\n2XYZ-A,1,1\n3DEF-A,0,0\n"


def test_of_several_lists_the_first_mention_of_an_id_counts(tmp_path):
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("A\nB\n")
    two.write_text("B\nC\n")
    assert read_lists([one, two]) == {"A": (one, 1), "B": (one, 2), "C": (two, 2)}


def test_a_column_says_which_proteins_are_in_the_set(tmp_path):
    path = tmp_path / "test.csv"
    path.write_text(TABLE)
    assert read_marked(path, "<30%") == {"2XYZ-A": 3}
    assert read_marked(path, "<40%") == {"1ABC-A": 2, "2XYZ-A": 3}


@pytest.mark.parametrize(
    ("content", "column", "said"),
    [
        (TABLE, "<20%", r":1: no column '<20%'\nhelp: the table has '<30%', '<40%'"),
        (TABLE, "PDB-chain", r":1: no column 'PDB-chain'"),
        (TABLE + "4GHI-A,1\n", "<30%", r":5: 2 column\(s\) instead of 3"),
        (TABLE + "4GHI-A,yes,1\n", "<30%", r":5: 'yes' is neither 0 nor 1"),
        (TABLE + ",1,1\n", "<30%", r":5: no protein id"),
        ("PDB-chain,<30%\n1ABC-A,0\n", "<30%", "no protein has 1 in column '<30%'"),
        ("", "<30%", "no protein has 1 in column '<30%'"),
    ],
)
def test_a_table_at_fault_is_named_with_its_line(tmp_path, content, column, said):
    path = tmp_path / "test.csv"
    path.write_text(content)
    with pytest.raises(GoferError, match=said):
        read_marked(path, column)
