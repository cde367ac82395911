"""Structures of alpha carbons, made up."""

import gemmi


def made(path, chains, first=101):
    """A structure of alpha carbons; chains by name: residues by place, from 0."""
    structure, model = gemmi.Structure(), gemmi.Model(1)
    for name, letters in chains.items():
        chain = gemmi.Chain(name)
        for place, letter in letters.items():
            residue, atom = gemmi.Residue(), gemmi.Atom()
            residue.name = gemmi.expand_one_letter(letter, gemmi.ResidueKind.AA)
            residue.seqid, residue.entity_type = gemmi.SeqId(str(first + place)), gemmi.EntityType.Polymer
            atom.name, atom.element, atom.b_iso = "CA", gemmi.Element("C"), 50
            atom.pos = gemmi.Position(3.8 * place, 0, 5 * len(model))
            residue.add_atom(atom)
            chain.add_residue(residue)
        model.add_chain(chain)
    structure.add_model(model)
    structure.setup_entities()
    structure.assign_label_seq_id()
    if path.suffix == ".pdb":
        structure.write_pdb(str(path))
    else:
        structure.make_mmcif_document().write_file(str(path))
    return path
