"""GO terms of UniProt's entries, as annotations with evidence codes."""

import pytest

from gofer.errors import InputError, Problems
from gofer.inputs.annotations.annotation_files import read_annotation_lines

ENTRIES = """ID   001R_FRG3G              Reviewed;         256 AA.
AC   Q6GZX4; Q00001;
AC   Q00002;
DE   RecName: Full=Putative transcription factor 001R;
DR   GO; GO:0046782; P:regulation of viral transcription; IEA:InterPro.
DR   GO; GO:0005634; C:nucleus; IDA:UniProtKB.
DR   Pfam; PF04947; Pox_VLTF3; 1.
SQ   SEQUENCE   256 AA;  29735 MW;  B4840739BF7D4121 CRC64;
     MAFSAEDVLK EYDRRRRMEA LLLSLYYPND RKLLDYKEWS PPRVQVECPK APVEWNNPPS
//
ID   002L_FRG3G              Reviewed;         320 AA.
AC   Q6GZX3;
DR   GO; GO:0033644; C:host cell membrane; IEA:UniProtKB-SubCell.
//
"""


def lines(path, text, problems=None):
    path.write_text(text)
    return [(line.object_id, line.go_id, line.evidence, line.source) for line in read_annotation_lines(path, problems)]


def test_each_term_of_an_entry_is_one_annotation_of_its_primary_accession(tmp_path):
    assert lines(tmp_path / "sprot.dat", ENTRIES) == [
        ("Q6GZX4", "GO:0046782", "IEA", "InterPro"),
        ("Q6GZX4", "GO:0005634", "IDA", "UniProtKB"),
        ("Q6GZX3", "GO:0033644", "IEA", "UniProtKB-SubCell"),
    ]


def test_a_file_that_ends_within_an_entry_is_refused(tmp_path):
    with pytest.raises(InputError, match="ends within an entry"):
        lines(tmp_path / "sprot.dat", ENTRIES[:-4], Problems())


@pytest.mark.parametrize("line", ["DR   GO; GO:46782; P:x; IEA:y.", "DR   GO; GO:0046782; P:x; y."])
def test_a_line_that_is_no_term_is_a_fault_of_the_file(tmp_path, line):
    problems = Problems()
    lines(tmp_path / "sprot.dat", ENTRIES.replace("DR   Pfam", f"{line}\nDR   Pfam"), problems)
    with pytest.raises(InputError, match="sprot.dat:7: no GO term"):
        problems.raise_if_any()
