"""The demo's small synthetic world, written in the forms in which the field's benchmarks are published.

No chain, target or accession here is a real one.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from inputs.nrpdb_files import ASPECTS, nrpdb

from gofer.inputs.demo.demo_world import World, make_world, write_world
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.ontology.term_table import Ontology, read_ontology

LETTERS = {"MFO": "F", "BPO": "P", "CCO": "C"}
GAF_DAY = {"train": "20200101", "val": "20241101", "test": "20250701"}


@dataclass(frozen=True, eq=False)
class Small:
    """A world and its ontology.

    Attributes:
        world: Proteins and what is stated of them.
        ontology: Its terms.
        names: Ids of the proteins that have an annotation, sorted.
    """

    world: World
    ontology: Ontology
    names: list[str]

    @classmethod
    def made(cls, folder: Path) -> "Small":
        """A world of 240 proteins; `go.obo` is written to the folder, with other files that are not used."""
        world = make_world(proteins=240, seed=1)
        write_world(world, folder)
        return cls(world, read_ontology(folder / "go.obo"), sorted({name for name, _ in world.annotations}))

    def aspect(self, go_id: str) -> str:
        """Of a term."""
        return self.ontology.terms.set_index("go_id")["aspect"][go_id]

    def stated(self, name: str) -> list[str]:
        """The terms stated of a protein."""
        return sorted(term for protein, term in self.world.annotations if protein == name)

    def fasta(self, ids: dict[str, str]) -> str:
        """A FASTA file of the proteins that `ids` names, under other ids."""
        return "".join(f">{ids[name]} made up\n{self.world.proteins[name].sequence}\n" for name in ids)


def write_nrpdb(folder: Path) -> dict[str, list[str]]:
    """The files of nrPDB-GO; what is returned are the chains of each split, and those of the column <30%."""
    small = Small.made(folder)
    (folder / "go.obo").rename(folder / "go_2019-06-09.obo")
    ids = {name: f"{number:04d}-A" for number, name in enumerate(small.names, start=1)}
    stated = pd.DataFrame(small.world.annotations, columns=["protein_id", "go_id"])
    stated = stated.assign(evidence=None, date=None, source=None)
    labels = propagate(stated, small.ontology.terms, ["is_a", "part_of", "regulates"])
    aspects = labels["go_id"].map(small.ontology.terms.set_index("go_id")["aspect"])
    chains = labels["go_id"].map(labels["go_id"].value_counts())
    listed = labels[(chains >= 5) & (chains <= 150)].assign(aspect=aspects)
    vocabularies = {
        name: sorted(listed.loc[listed["aspect"] == aspect, "go_id"].unique())
        for name, aspect in zip(ASPECTS, LETTERS, strict=True)
    }
    rows = []
    for name in small.names:
        members = listed[listed["protein_id"] == name]
        lists = [",".join(members.loc[members["aspect"] == aspect, "go_id"]) for aspect in LETTERS]
        rows += ["\t".join([ids[name], *lists])] if len(members) else []
    chain_ids = [row.split("\t")[0] for row in rows]
    split = {"train": chain_ids[40:], "valid": chain_ids[:20], "test": chain_ids[20:40]}
    prefix = "nrPDB-GO_2019.06.18"
    (folder / f"{prefix}_annot.tsv").write_text(nrpdb(rows, vocabularies), newline="")
    sequences = {name: ids[name] for name in small.names if ids[name] in chain_ids}
    (folder / f"{prefix}_sequences.fasta").write_text(small.fasta(sequences))
    for name, members in split.items():
        (folder / f"{prefix}_{name}.txt").write_text("\n".join(members) + "\n")
    marks = [f"{chain},{int(number < 5)},{int(number < 8)},1,1,1" for number, chain in enumerate(split["test"])]
    header = "PDB-chain,<30%,<40%,<50%,<70%,<95%"
    (folder / f"{prefix}_test.csv").write_text("\n".join([header, *marks]) + "\n")
    listed_terms = sorted(go_id for terms in vocabularies.values() for go_id in terms)
    return split | {"below_30": split["test"][:5], "listed": listed_terms}


def write_gearnet(folder: Path, split: dict[str, list[str]]) -> None:
    """The lists that docs/benchmarks.md makes of the archive's names: some chains have no structure there."""
    (folder / "gearnet_ids.txt").write_text(
        "\n".join([*split["train"], *split["valid"][2:], *split["test"][2:]]) + "\n"
    )
    (folder / "gearnet_valid.txt").write_text("\n".join(split["valid"][2:]) + "\n")
    (folder / "gearnet_test.txt").write_text("\n".join(split["test"][2:]) + "\n")


def write_cafa3(folder: Path) -> dict[str, list[str]]:
    """The files of CAFA3; returned are the targets of no and limited knowledge, and the training ids of the latter."""
    small = Small.made(folder)
    (folder / "gene_ontology_edit.obo.2016-06-01.gz").write_bytes(gzip.compress((folder / "go.obo").read_bytes()))
    several = [name for name in small.names if len({small.aspect(term) for term in small.stated(name)}) > 1]
    limited = several[:12]
    others = [name for name in small.names if name not in limited]
    fresh = [name for name in others if len(small.stated(name)) > 1][:8] + others[-16:]
    targets = {name: f"T{number:011d}" for number, name in enumerate([*fresh, *limited], start=1)}
    trained = [
        name for name in small.names if name not in fresh
    ]  # of limited knowledge: known in one aspect, under another id
    accession = {name: f"Q{number:05d}" for number, name in enumerate(trained)}
    for name in ("CAFA3_training_data", "CAFA3_targets", "benchmark20171115/groundtruth", "benchmark20171115/lists"):
        (folder / name).mkdir(parents=True)
    aspects = {name: sorted({small.aspect(term) for term in small.stated(name)}) for name in limited}
    known = {name: aspects[name][number % len(aspects[name])] for number, name in enumerate(limited)}
    rows, truth = [], {aspect: [] for aspect in LETTERS}
    for name in trained:
        terms = [term for term in small.stated(name) if name not in known or small.aspect(term) == known[name]]
        rows += [f"{accession[name]}\t{term}\t{LETTERS[small.aspect(term)]}" for term in terms]
    lists = {(aspect, kind): [] for aspect in LETTERS for kind in ("type1", "type2")}
    for name, target in targets.items():
        for term in small.stated(name):
            aspect = small.aspect(term)
            if known.get(name) != aspect:
                truth[aspect].append(f"{target}\t{term}")
                lists[aspect, "type2" if name in known else "type1"].append(target)
    training = folder / "CAFA3_training_data"
    (training / "uniprot_sprot_exp.fasta").write_text(small.fasta(accession))
    (training / "uniprot_sprot_exp.txt").write_text("\n".join(rows) + "\n")
    (folder / "CAFA3_targets/targets_all.fasta").write_text(small.fasta(targets) + ">T99 never annotated\nMKVLLA\n")
    for aspect, lines in truth.items():
        (folder / f"benchmark20171115/groundtruth/leafonly_{aspect}.txt").write_text("\n".join(lines) + "\n")
    for (aspect, kind), members in lists.items():
        (folder / f"benchmark20171115/lists/{aspect.lower()}_all_{kind}.txt").write_text(
            "\n".join(sorted(set(members))) + "\n"
        )
    (folder / "cafa3_ids.txt").write_text("\n".join([*accession.values(), *targets.values()]) + "\n")
    return {
        "no_knowledge": sorted(
            {target for (_, kind), members in lists.items() if kind == "type1" for target in members}
        ),
        "limited_knowledge": sorted(
            {target for (_, kind), members in lists.items() if kind == "type2" for target in members}
        ),
        "left_out": sorted(accession[name] for name in limited),
    }


def write_lafa(folder: Path) -> dict[str, list[str]]:
    """Swiss-Prot and GOA as of today, in small; returned are the proteins that were known before they were tested."""
    small = Small.made(folder)
    (folder / "go.obo").rename(folder / "go-basic.obo")
    accession = {name: f"P{number:05d}" for number, name in enumerate(small.names, start=10000)}
    headers = {name: f"sp|{accession_id}|{accession_id}_MADE" for name, accession_id in accession.items()}
    (folder / "uniprot_sprot.fasta.gz").write_bytes(gzip.compress(small.fasta(headers).encode()))
    tested, known = small.names[:40], [name for name in small.names[20:40] if len(small.stated(name)) > 1]
    lines = ["!gaf-version: 2.2"]
    for number, name in enumerate(small.names):
        split = "test" if name in tested else "val" if number < 60 else "train"
        for place, term in enumerate(small.stated(name)):
            day = GAF_DAY["train"] if name in known and place == 0 else GAF_DAY[split]
            letter = LETTERS[small.aspect(term)]
            lines.append(
                f"UniProtKB\t{accession[name]}\t{name}\tinvolved_in\t{term}\tPMID:1\tIDA\t\t{letter}\t\t{name}\tprotein"
                f"\ttaxon:9606\t{day}\tUniProt\t\t"
            )
        lines.append(lines[-1].replace("\tIDA\t", "\tIBA\t"))
    (folder / "goa_uniprot_all_noiea.gaf.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    (folder / "annotated_ids.txt").write_text("\n".join(sorted(accession.values())) + "\n")
    return {"known": [accession[name] for name in known], "tested": [accession[name] for name in tested]}


def write_swissprot_2014(folder: Path) -> dict[str, list[str]]:
    """Swiss-Prot of 2014 and human annotations of 2022, in small; returned are the judged and the left-out proteins."""
    small = Small.made(folder)
    content = (folder / "go.obo").read_bytes()
    for name in ("go-basic_2022-07-01.obo.gz", "go-basic_2014-07-06.obo.gz"):
        (folder / name).write_bytes(gzip.compress(content))
    (folder / "swissprot_2014.fasta").write_text(small.fasta({name: name for name in small.names}))
    rows = [f"{name}\t{LETTERS[small.aspect(term)]}\t{term}" for name in small.names for term in small.stated(name)]
    (folder / "swissprot_2014_annotations.tsv").write_text("\n".join(["protein\taspect\tgo_id", *rows]) + "\n")
    judged, predicted, left_out = small.names[:60], small.names[60:70], small.names[70:80]
    lines = ["!gaf-version: 2.2"]
    for evidence, names in (("IDA", judged), ("IEA", predicted)):
        lines += [
            f"UniProtKB\t{name}\t{name}\tinvolved_in\t{small.stated(name)[0]}\tGO_REF:0\t{evidence}\t\tP\t\t\tprotein"
            f"\ttaxon:9606\t20220912\tUniProt\t\t"
            for name in names
        ]
    (folder / "human_2022.gaf.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    (folder / "keep_out_ids.txt").write_text("\n".join(left_out) + "\n")
    return {"judged": judged, "left_out": left_out}
