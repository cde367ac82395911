"""interpro2go: GO terms of the InterPro entries in a result of InterProScan; the rows of the mapping are made up."""

import pytest
from inputs.annotation_lines import pairs, read_files

from gofer.errors import InputError, ProblemsError

MAPPING = """!date: 2026/11/01
!Mapping of InterPro entries to GO
InterPro:IPR000001 Kringle > GO:made up ; GO:0000003
InterPro:IPR000001 Kringle > GO:of two terms ; GO:0000020
InterPro:IPR000002 Cdc20/Fizzy > GO:older id ; GO:0000009
"""


def scan(protein, entry="-", terms=None):
    fields = [protein, "0" * 32, "60", "Pfam", "PF00001", "x", "1", "60", "1e-9", "T", "01-01-2024", entry, "x"]
    return "\t".join([*fields, *([] if terms is None else [terms])]) + "\n"


def written(folder, mapping, scanned):
    (folder / "interpro2go").write_text(mapping)
    (folder / "scan.tsv").write_text(scanned)
    return [folder / "scan.tsv", folder / "interpro2go"]


def test_entries_of_a_scan_without_go_terms_state_the_terms_of_the_mapping_and_the_others_are_counted(tmp_path):
    rows = scan("P1", "IPR000001") + scan("P2", "IPR000002") + scan("P2", "IPR999999") + scan("P2")
    table, accounting = read_files(written(tmp_path, MAPPING, rows + scan("P1", "IPR999999")))
    assert pairs(table) == [("P1", "GO:0000002"), ("P1", "GO:0000003"), ("P2", "GO:0000001")]
    assert accounting.count("InterPro entries that interpro2go does not have", "IPR999999") == 2
    assert accounting.count("annotations read") == 3


def test_terms_in_the_scan_itself_count_with_those_of_the_mapping(tmp_path):
    rows = scan("P1", "IPR000002", "GO:0000002(InterPro)|GO:0000009(InterPro)") + scan("P2", "-", "GO:0000003(PANTHER)")
    table, accounting = read_files(written(tmp_path, MAPPING, rows))
    assert pairs(table) == [("P1", "GO:0000001"), ("P1", "GO:0000002"), ("P2", "GO:0000003")]
    assert accounting.count("annotations read") == 3


@pytest.mark.parametrize(
    "line", ["InterPro:IPR000003 x > GO:y", "InterPro:IPR3 x > GO:y ; GO:0000001", "P1\tGO:0000001"]
)
def test_a_line_that_is_no_mapping_is_named(tmp_path, line):
    with pytest.raises((InputError, ProblemsError), match=r"interpro2go:6: no mapping of an InterPro entry"):
        read_files(written(tmp_path, f"{MAPPING}{line}\n", scan("P1", "IPR000001")))


def test_a_mapping_alone_asks_for_the_scan(tmp_path):
    with pytest.raises((InputError, ProblemsError), match="GO terms of InterPro entries, and nothing else"):
        read_files(written(tmp_path, MAPPING, "")[1:])
