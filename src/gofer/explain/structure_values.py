"""Values of a protein's residues as B-factors of a structure, with scripts that show them in PyMOL and ChimeraX.

A chain is matched to the sequence by alignment (`gemmi.align_sequence_to_polymer`, which allows for residues without
coordinates), so its numbering may be any. Shapes: L residues of the protein.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import write_text
from gofer.errors import GoferError, InputError
from gofer.inputs.text_files import read_lines
from gofer.report.svg import COLOURS

SAME_PROTEIN = 0.9  # identity from which a chain that nobody named is taken for the protein
LOWEST, HIGHEST = -99.99, 100.0  # what the columns of a PDB file have room for
ENDINGS = {gemmi.CoorFormat.Pdb: ".pdb", gemmi.CoorFormat.Mmcif: ".cif"}


@dataclass(frozen=True, eq=False)
class MatchedChain:
    """A chain, aligned with the protein.

    Attributes:
        name: As the authors of the structure name it.
        position_of: Position in the protein, from 1, by the number of a residue in the chain (with insertion code).
        differing: Residues that differ: the protein's letter and position, the chain's letter.
        extra: Residues of the chain that are not in the protein.
        absent: Residues of the protein that have no coordinates in this chain.
    """

    name: str
    position_of: Mapping[str, int]
    differing: list[str]
    extra: int
    absent: int

    @property
    def identity(self) -> float:
        """Share of the matched residues that are the same, in [0, 1]."""
        return 1 - len(self.differing) / len(self.position_of) if self.position_of else 0.0

    def __str__(self) -> str:
        shown = f" ({', '.join(self.differing[:10])}{', …' if len(self.differing) > 10 else ''})"
        differ = f"{len(self.differing)} differ{shown}" if self.differing else "none differs"
        return (
            f"chain {self.name}: {len(self.position_of)} residues matched, {differ}; {self.absent} of the protein have "
            f"no coordinates, {self.extra} of the chain are not in the protein"
        )


@dataclass(frozen=True, eq=False)
class ProteinStructure:
    """A structure with the chains that are the protein.

    Attributes:
        path: The file.
        structure: As gemmi reads it.
        chains: The chains that get values.
    """

    path: Path
    structure: gemmi.Structure
    chains: Sequence[MatchedChain]

    @classmethod
    def read(cls, path: Path, sequence: str, chain: str | None = None) -> "ProteinStructure":
        """Read a PDB or mmCIF file, plain or gz, and match its chains.

        Args:
            path: The file.
            sequence: Of the protein.
            chain: The chain to take; None for all that are the protein, by their identity.

        Raises:
            InputError: The file is at fault, or has no such chain.
        """
        structure = _read(path)
        if structure.input_format == gemmi.CoorFormat.Mmcif:
            _atoms_of(gemmi.cif.read(str(path)), path)  # what with_values changes
        polymers = {one.name: one.get_polymer() for one in structure[0] if _is_protein(one.get_polymer())}
        if not polymers:
            raise InputError("it holds no protein chain", path=path, help="give a structure of the protein")
        if chain is not None and chain not in polymers:
            raise InputError(f"it has no protein chain {chain}", path=path, help=f"it has {', '.join(polymers)}")
        found = [_matched(name, polymer, sequence) for name, polymer in polymers.items() if chain in (None, name)]
        best = max(found, key=lambda one: one.identity)
        chosen = found if chain else [one for one in found if one.identity >= SAME_PROTEIN]
        if not chosen or not best.position_of:
            raise InputError(
                f"no chain of it is this protein: the nearest, {best.name}, has {best.identity:.0%} identical residues",
                path=path,
                help=f"give its structure, or name a chain all the same: --chain {best.name}",
            )
        return cls(path, structure, chosen)

    @property
    def ending(self) -> str:
        """`.pdb` or `.cif`: a copy has the format of the file."""
        return ENDINGS[self.structure.input_format]

    def with_values(self, values_L: NDArray) -> str:
        """The file with values as B-factors, in percent of the largest; 0 where the protein has no such residue."""
        top = max(float(np.abs(values_L).max()), 1e-12)
        percent_L = np.clip(100 * np.asarray(values_L, float) / top, LOWEST, HIGHEST)
        value_of = {
            (chain.name, number): float(percent_L[position - 1])
            for chain in self.chains
            for number, position in chain.position_of.items()
        }
        return self._as_cif(value_of) if self.ending == ".cif" else self._as_pdb(value_of)

    def _as_pdb(self, value_of: Mapping[tuple[str, str], float]) -> str:
        for model in self.structure:
            for chain in model:
                for residue in chain:
                    for atom in residue:
                        atom.b_iso = value_of.get((chain.name, str(residue.seqid)), 0.0)
        return self.structure.make_pdb_string()

    def _as_cif(self, value_of: Mapping[tuple[str, str], float]) -> str:
        # In the document, so that all else in the file stays as it is.
        document = gemmi.cif.read(str(self.path))
        for row in _atoms_of(document, self.path):
            code = "" if not row.has(2) or row[2] in ("?", ".") else row[2]
            row[3] = f"{value_of.get((gemmi.cif.as_string(row[0]), row[1] + code), 0.0):.2f}"
        return document.as_string()


def write_values(folder: Path, structure: ProteinStructure, values: Mapping[str, NDArray]) -> list[Path]:
    """Write a copy of the structure for each kind of values, and a script for PyMOL and one for ChimeraX.

    Args:
        folder: Where to.
        structure: The structure.
        values: By name, letters, digits, hyphens and underscores only: a value of each residue of the protein (L).
    """
    files = {name: f"structure-{name}{structure.ending}" for name in values}
    for name, file in files.items():
        write_text(folder / file, structure.with_values(values[name]))
    write_text(folder / "colour.pml", _pymol(files))
    write_text(folder / "colour.cxc", _chimerax(files))
    return [folder / name for name in (*files.values(), "colour.pml", "colour.cxc")]


def _pymol(files: Mapping[str, str]) -> str:
    down, up = (_rgb(COLOURS[name]) for name in ("vermillion", "blue"))
    lines = ["# In this folder: pymol colour.pml", f"set_color gofer_down, {down}", f"set_color gofer_up, {up}"]
    for place, (name, file) in enumerate(files.items()):
        lines += [f"load {file}, {name}", f"hide everything, {name}", f"show cartoon, {name}"]
        lines += [f"spectrum b, gofer_down white gofer_up, {name}, minimum=-100, maximum=100"]
        lines += [f"disable {name}"] if place else []
    return "\n".join([*lines, "orient", ""])


def _chimerax(files: Mapping[str, str]) -> str:
    palette = f"-100,{COLOURS['vermillion']}:0,#ffffff:100,{COLOURS['blue']}"
    lines = ["# In this folder, in a new session: chimerax colour.cxc"]
    for number, (name, file) in enumerate(files.items(), start=1):
        lines += [f"open {file} name {name}", f"hide #{number} atoms", f"show #{number} cartoons"]
        lines += [f"color byattribute bfactor #{number} palette {palette}"]
        lines += [f"hide #{number} models"] if number > 1 else []
    return "\n".join([*lines, "view", ""])


def _rgb(colour: str) -> list[float]:
    return [round(int(colour[place : place + 2], 16) / 255, 3) for place in (1, 3, 5)]


def _read(path: Path) -> gemmi.Structure:
    if not path.is_file():
        raise GoferError(f"there is no file {path}", help="give a PDB or mmCIF file")
    for line, raw in read_lines(path):
        if not raw.isascii():  # gemmi would fail later, at a name or at the whole text
            column = next(place for place, byte in enumerate(raw, 1) if byte > 127)
            what = f"the character in column {column} is not ASCII"
            raise InputError(what, path=path, line=line, help="remove it: PDB and mmCIF files are plain ASCII")
    try:
        structure = gemmi.read_structure(str(path), format=gemmi.CoorFormat.Detect)
    except (OSError, RuntimeError, ValueError) as error:
        what = f"gemmi cannot read it ({str(error)[:200]})"
        raise InputError(what, path=path, help="give a PDB or mmCIF file, plain or gz") from error
    if structure.input_format not in ENDINGS or not len(structure):
        raise InputError("it holds no coordinates", path=path, help="give a PDB or mmCIF file, plain or gz")
    structure.setup_entities()
    return structure


def _atoms_of(document: gemmi.cif.Document, path: Path) -> gemmi.cif.Table:
    """Rows of chain, number, insertion code and B-factor."""
    names = ["auth_asym_id", "auth_seq_id", "?pdbx_PDB_ins_code", "B_iso_or_equiv"]
    for block in document:
        if table := block.find("_atom_site.", names):
            return table
    what = f"its atoms lack one of {', '.join(name for name in names if name[0] != '?')}"
    raise InputError(what, path=path, help="give an mmCIF file as the PDB writes it, or a PDB file")


def _is_protein(polymer: gemmi.ResidueSpan) -> bool:
    return polymer.check_polymer_type() in (gemmi.PolymerType.PeptideL, gemmi.PolymerType.PeptideD)


def _matched(name: str, polymer: gemmi.ResidueSpan, sequence: str) -> MatchedChain:
    residues = list(polymer.first_conformer())
    letters = "".join(gemmi.find_tabulated_residue(residue.name).fasta_code() for residue in residues)
    full = gemmi.expand_one_letter_sequence(sequence.replace("J", "X"), gemmi.ResidueKind.AA)
    found = gemmi.align_sequence_to_polymer(full, polymer, gemmi.PolymerType.PeptideL, gemmi.AlignmentScoring())
    position, place, extra = 0, 0, 0
    position_of: dict[str, int] = {}
    differing = []
    for ours, theirs in zip(found.add_gaps(sequence, 1), found.add_gaps(letters, 2), strict=True):
        position += ours != "-"
        if theirs == "-":
            continue
        number = str(residues[place].seqid)
        place += 1
        if ours == "-":
            extra += 1
            continue
        position_of[number] = position
        if ours != theirs:
            differing.append(f"{ours}{position}{theirs}")
    return MatchedChain(name, position_of, differing, extra, len(sequence) - len(position_of))
