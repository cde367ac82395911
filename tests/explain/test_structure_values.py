"""structure_values: the residues of a chain get the values of the protein's residues, whatever their numbers."""

import gemmi
import numpy as np
import pytest
from explain.structures import made

from gofer.errors import InputError
from gofer.explain.structure_values import ProteinStructure, write_values

SEQUENCE = "MWWCHHKKWYFPRNQDDEWCHHKKWYFPRNQMMEWCHWKKWYFPRNQDDEWCAHKKWYF"
OTHER = "GASTGPLVIG" * 4


def values_in(path, chain="A"):
    structure = gemmi.read_structure(str(path))
    return {residue.seqid.num: residue[0].b_iso for residue in structure[0][chain]}


@pytest.mark.parametrize("ending", [".pdb", ".cif"])
def test_values_follow_the_sequence_through_other_numbers_a_gap_and_a_mutation(tmp_path, ending):
    letters = {place: letter for place, letter in enumerate(SEQUENCE) if place not in range(20, 26)}
    letters[10] = "G"
    path = made(tmp_path / f"of{ending}", {"A": letters, "B": dict(enumerate(OTHER))})
    structure = ProteinStructure.read(path, SEQUENCE)
    [chain] = structure.chains
    assert (chain.name, chain.differing, chain.extra, chain.absent) == ("A", ["F11G"], 0, 6)
    values_L = np.linspace(-0.1, 0.4, len(SEQUENCE))
    written = write_values(tmp_path / "out", structure, {"attention": values_L})
    assert [one.name for one in written] == [f"structure-attention{ending}", "colour.pml", "colour.cxc"]
    found = values_in(written[0])
    assert len(found) == len(SEQUENCE) - 6
    for number, value in found.items():
        assert value == pytest.approx(100 * values_L[number - 101] / 0.4, abs=0.01)
    assert set(values_in(written[0], "B").values()) == {0}
    assert values_in(path)[101] == 50


def test_the_largest_loss_fits_the_columns_of_a_pdb_file(tmp_path):
    path = made(tmp_path / "of.pdb", {"A": dict(enumerate(SEQUENCE))})
    text = ProteinStructure.read(path, SEQUENCE).with_values(np.linspace(-1, 0, len(SEQUENCE)))
    line = next(line for line in text.splitlines() if line.startswith("ATOM"))
    assert line[60:66] == "-99.99"


def test_all_chains_of_a_dimer_get_values_and_a_named_one_alone(tmp_path):
    path = made(tmp_path / "of.cif", {"A": dict(enumerate(SEQUENCE)), "B": dict(enumerate(SEQUENCE[5:]))})
    assert [chain.name for chain in ProteinStructure.read(path, SEQUENCE).chains] == ["A", "B"]
    assert [chain.name for chain in ProteinStructure.read(path, SEQUENCE, "B").chains] == ["B"]


def test_another_protein_is_refused_unless_its_chain_is_named(tmp_path):
    path = made(tmp_path / "of.cif", {"A": dict(enumerate(OTHER))})
    with pytest.raises(InputError, match="no chain of it is this protein: the nearest, A,"):
        ProteinStructure.read(path, SEQUENCE)
    [chain] = ProteinStructure.read(path, SEQUENCE, "A").chains
    assert chain.differing
    with pytest.raises(InputError, match="it has no protein chain C"):
        ProteinStructure.read(path, SEQUENCE, "C")


@pytest.mark.parametrize("content", ["", "# no structure\n", "HEADER\nEND\n", "data_x\nloop_\n_atom_site.id\n"])
def test_a_file_without_coordinates_is_named(tmp_path, content):
    path = tmp_path / "bad.pdb"
    path.write_text(content)
    with pytest.raises(InputError, match=r"bad\.pdb"):
        ProteinStructure.read(path, SEQUENCE)


@pytest.mark.parametrize("ending", [".pdb", ".cif"])
def test_a_character_that_is_not_ascii_is_named_with_its_line(tmp_path, ending):
    path = made(tmp_path / f"of{ending}", {"A": dict(enumerate(SEQUENCE))})
    lines = path.read_bytes().splitlines()
    lines[4] = b"# by Andr\xe9 " + lines[4]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match=r":5: the character in column 10 is not ASCII"):
        ProteinStructure.read(path, SEQUENCE)


def test_an_mmcif_file_without_a_column_of_b_factors_is_named(tmp_path):
    path = made(tmp_path / "of.cif", {"A": dict(enumerate(SEQUENCE))})
    path.write_text(path.read_text().replace("_atom_site.B_iso_or_equiv", "_atom_site.B_other"))
    with pytest.raises(InputError, match=r"of\.cif: its atoms lack one of auth_asym_id, auth_seq_id, B_iso_or_equiv"):
        ProteinStructure.read(path, SEQUENCE)
