"""Readers of files, each with a small valid file: for the tests of random and damaged files, and for `make fuzz`."""

import bz2
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from explain.structures import made
from faults.inputs_at_fault import OBO_TERMS, scan_line
from inputs.annotation_lines import gaf, gpad1, gpad2, read_files
from training.tiny_world import RELEASE, random_model

from gofer.artefacts import Manifest, read_json, read_manifest, read_table, write_json, write_table
from gofer.config.places import Places
from gofer.embeddings.residues import shards
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import collected_problems
from gofer.explain.structure_values import ProteinStructure
from gofer.inputs.annotations.interpro2go import read_interpro2go
from gofer.inputs.ontology.taxon_constraints import TaxonConstraints
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_lists import read_marked
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.term_lists import read_terms
from gofer.inputs.text_files import read_ids
from gofer.mining.faiss_index import SHARED, TermIndex, read_index, write_index
from gofer.retrieval.cafa_format import read_cafa, write_cafa
from gofer.retrieval.model_file import BANK, MODEL, ModelFile, write_model_file
from gofer.training.checkpoint import read_checkpoint, write_checkpoint

Reader = Callable[[Path], Any]
NRPDB = (
    "### GO-terms (molecular_function)\nGO:0000003\n### GO-names (molecular_function)\nn\n"
    "### PDB-chain\tGO-terms (molecular_function)\nP1\tGO:0000003\n"
)
VECTORS = np.eye(3, 4, dtype=np.float32)
SEQUENCE = "MWWCHHKKWYFPRNQDDEWCHHKKWYFPRNQMMEWC"
TERM_TABLE = pd.DataFrame(
    {"go_id": ["GO:0000001", "GO:0000002"], "alt_ids": [["GO:0000009"], []], "depth": [0, 1], "parents": [[], []]}
)


@dataclass(frozen=True)
class FuzzedFile:
    """A kind of file: where it is, the bytes of a valid one, and its reader."""

    path: Path
    content: bytes
    reader: Reader

    def read(self, content: bytes) -> None:
        """Write these bytes instead and read them.

        Raises:
            GoferError: They are refused, as damaged ones should be.
        """
        self.path.write_bytes(content)
        self.reader(self.path)


def written(folder: Path) -> dict[str, FuzzedFile]:
    """A valid file of each kind."""
    found = {}
    for kind, (content, reader) in (TEXTS | BINARIES).items():
        path = folder / f"{kind.replace(' ', '_')}{ENDINGS.get(kind, '')}"
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            content(path)
        found[kind] = FuzzedFile(path, path.read_bytes(), reader)
    return found


def read_annotation_file(path):
    return read_files([path])


def read_whole_model(path, kind):
    file = ModelFile.open(path, kind=kind)
    list(file.verify())
    return file.document("card"), file.texts("ids.txt")


def read_mappings(path):
    with collected_problems() as problems:
        return read_interpro2go([path], problems)


def write_packed(path, pack):
    path.write_bytes(pack(TEXTS["fasta"][0].encode()))


def write_residues(path):
    rows = [EmbeddedSequence(c * 64, c, 3, VECTORS.astype(np.float16)) for c in "ab"]
    proteins = pd.DataFrame({"sequence_sha256": [row.sha256 for row in rows], "length": 3})
    manifest = Manifest({"residue_encoder": "random"})
    shards.write_shard(path, rows, proteins, form=ResidueForm(4), manifest=manifest)
    shards.write_index(_index_of(path), *shards.collect_shards([path], shards.plan_shards(proteins, 1)))


def read_residues(path):
    return [*ESMResidueStore(_index_of(path)).by_shard()]


def _index_of(path):
    return path.with_name("residues_manifest.parquet")


def write_structure(path):
    made(path, {"A": dict(enumerate(SEQUENCE))})


def read_structure(path):
    return ProteinStructure.read(path, SEQUENCE).with_values(np.ones(len(SEQUENCE)))


TEXTS = {
    "fasta": (">sp|P12345|X_Y n OS=a\nMKVLAWYT\n>b\nmkx*\n", lambda path: read_proteins([path])),
    "obo": (OBO_TERMS + 'def: "a \\"b\\"" [x:y] {s="t"}\nsynonym: "s" EXACT []\n', read_ontology),
    "gaf": ("!gaf-version: 2.2\n" + gaf() + gaf("Q", "P2", "NOT|enables"), read_annotation_file),
    "gpad": ("!gpa-version: 1.1\n" + gpad1() + gpad1("P2"), read_annotation_file),
    "gpad2": ("!gpad-version: 2.0\n" + gpad2() + gpad2("DB:P2"), read_annotation_file),
    "tsv": ("protein\tqualifier\tgo_id\nP1\tenables\tGO:0000003\nP2\tNOT\tGO:0000002\n", read_annotation_file),
    "csv": ('Entry,"Gene Ontology IDs"\nP1,"GO:0000003; GO:0000002"\n', read_annotation_file),
    "eggnog": ("#query\tGOs\nP1\tGO:0000003,GO:0000002\nP2\t-\n", read_annotation_file),
    "interproscan": (scan_line("P1", "GO:0000003(InterPro)|GO:0000002(X)"), read_annotation_file),
    "interpro2go": ("!c\nInterPro:IPR000001 Kringle > GO:a term ; GO:0000003\n", read_mappings),
    "taxa": (
        "[Term]\nid: GO:0000001\nrelationship: only_in_taxon NCBITaxon:2 ! Bacteria\n\n"
        "[Term]\nid: NCBITaxon_Union:0000020\nunion_of: NCBITaxon:4751 ! Fungi\nunion_of: NCBITaxon:2\n",
        lambda path: TaxonConstraints.read([path]),
    ),
    "nrpdb": (NRPDB, read_annotation_file),
    "ids": ("# list\na\nb  # c\n", read_ids),
    "terms": ("GO:0000002\n# c\n", partial(read_terms, terms=TERM_TABLE)),
    "marked": ("protein,x\na,1\nb,0\n", partial(read_marked, column="x")),
    "config": ("run: a\nseed: 1\ntraining: {epochs: [1, 2], lr: 1e-4}\n", lambda path: Places.read([path], {})),
    "json config": ('{"run": "a",\n\t"training": {"lr": 0.1}}', lambda path: Places.read([path], {})),
}
BINARIES = {
    "fasta gz": (partial(write_packed, pack=gzip.compress), lambda path: read_proteins([path])),
    "fasta bz2": (partial(write_packed, pack=bz2.compress), lambda path: read_proteins([path])),
    "residues": (write_residues, read_residues),
    "pdb": (write_structure, read_structure),
    "mmcif": (write_structure, read_structure),
    "cafa": (
        lambda path: write_cafa(path, ["P1", "P2"], ["GO:0000001", "GO:0000002"], np.array([0.5, 0.25])),
        read_cafa,
    ),
    "json": (lambda path: write_json(path, {"a": [1, 2], "b": {"c": "d"}}, Manifest({"x": "y"})), read_json),
    "manifest": (lambda path: write_json(path, {"a": 1}, Manifest({"x": "y"})), read_manifest),
    "parquet": (lambda path: write_table(path, pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), Manifest({})), read_table),
    "texts": (lambda path: GoLookupCache(["GO:1", "GO:2", "GO:3"], VECTORS).write(path, RELEASE), GoLookupCache.read),
    "index": (
        lambda path: write_index(path, TermIndex.of_vectors(["a", "b", "c"], VECTORS, space=SHARED), RELEASE),
        read_index,
    ),
    "checkpoint": (lambda path: write_checkpoint(path, random_model(), RELEASE), read_checkpoint),
    "model file": (
        lambda path: write_model_file(path, {"v": VECTORS}, {"card": {"a": 1}}, {"ids.txt": ["a", "b"]}),
        partial(read_whole_model, kind=MODEL),
    ),
    "bank": (
        lambda path: write_model_file(path, {"v": VECTORS}, {"card": {"a": 1}}, {"ids.txt": ["a"]}, kind=BANK),
        partial(read_whole_model, kind=BANK),
    ),
}
ENDINGS = {
    "residues": ".parquet",
    "pdb": ".pdb",
    "mmcif": ".cif",
    "manifest": ".json",
    "json": ".json",
    "parquet": ".parquet",
    "texts": ".parquet",
    "checkpoint": ".safetensors",
}
