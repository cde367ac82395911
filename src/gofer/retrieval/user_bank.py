"""Known proteins that a user adds to a model: in the user's cache folder, and used without asking by every prediction.

A bank is a file as a model is, of another kind: vectors, sequences, names and propagated labels. It belongs to one
model, by that model's digest, since its vectors are of the model's space and its labels of the model's terms.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.artefacts import read_table
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.retrieval.bank import Bank, plain_name
from gofer.retrieval.model_file import BANK, ModelFile, write_model_file
from gofer.retrieval.query_file import QueryProtein

if TYPE_CHECKING:
    from gofer.retrieval.predictor import Predictor

SUFFIX = ".bank"
MOST_UNKNOWN = 0.5  # share of annotations whose term the model does not have
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bank_folder(model_digest: str) -> Path:
    """Where the banks of a model are: below XDG_CACHE_HOME, or the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "gofer" / "banks" / model_digest[:16]


@dataclass(frozen=True, eq=False)
class UserBanks:
    """The banks that were added to a model.

    Attributes:
        model_digest: Of the model.
        terms: How many terms it has.
        width: Of its vectors.
    """

    model_digest: str
    terms: int
    width: int

    @cached_property
    def files(self) -> list[ModelFile]:
        """Each bank, opened.

        Raises:
            ArtefactError: One is damaged, or is of another model.
        """
        paths = sorted(bank_folder(self.model_digest).glob(f"*{SUFFIX}"))
        return [self._opened(path) for path in paths]

    @property
    def digests(self) -> list[str]:
        """Digests of all of them: predictions depend on these."""
        return [file.digest for file in self.files]

    def joined(self, bank: Bank) -> Bank:
        """A model's bank with all that was added to it."""
        for file in self.files:
            more = Bank.of_file(file)
            bank = Bank(
                [*bank.protein_ids, *more.protein_ids],
                [*bank.names, *more.names],
                [*bank.sequences, *more.sequences],
                np.concatenate([bank.rows_V, more.rows_V + len(bank)]),
                np.concatenate([bank.vectors_VD, more.vectors_VD]),
                sp.csc_array(sp.vstack([bank.labels_NT, more.labels_NT], format="csc")),
            )
        return bank

    def _opened(self, path: Path) -> ModelFile:
        file = ModelFile.open(path, kind=BANK)
        document = file.document("bank.json")
        shapes = file.parts["bank/vectors"].shape[1], file.parts["bank/labels.indptr"].shape[0] - 1
        if document["model_sha256"] != self.model_digest or shapes != (self.width, self.terms):
            raise ArtefactError(
                f"{path} was made for the model {document['model_sha256'][:12]}, not for {self.model_digest[:12]}",
                help="delete it, and add its proteins again: gofer bank add",
            )
        return file


def add_bank(
    predictor: "Predictor", fasta: Path, annotations: Sequence[Path], name: str, evidence_codes: Sequence[str]
) -> tuple[Path, Bank]:
    """Make a bank of the annotated proteins of a FASTA file; one of the same name is replaced.

    Args:
        predictor: The model.
        fasta: The proteins.
        annotations: GAFs, GPADs or tables.
        name: Of the bank.
        evidence_codes: Codes that an annotation of a GAF or GPAD needs.

    Raises:
        GoferError: A file is at fault, or the name is not one.
    """
    model = predictor.model
    proteins, _ = read_proteins([fasta])
    terms = model.terms.assign(alt_ids=[[] for _ in range(len(model.terms))])
    rules = AnnotationRules.from_config(
        {
            "evidence_codes": list(evidence_codes),
            "max_unknown_terms": MOST_UNKNOWN,
            "relations": model.settings["relations"],
        }
    )
    none = pd.DataFrame({"go_id": [], "replaced_by": []})
    stated, _ = read_annotations(annotations, ProteinNames.of_table(proteins), terms, none, rules)
    labels = propagate(stated, terms, model.settings["relations"])
    return _write(predictor, proteins, labels, name, fasta.name)


def add_run(predictor: "Predictor", run: Path, name: str) -> tuple[Path, Bank]:
    """Make a bank of the annotated proteins of a run; terms that the model does not have are left out.

    Args:
        predictor: The model.
        run: Folder of the run.
        name: Of the bank.

    Raises:
        GoferError: A table is missing or damaged, or the name is not one.
    """
    proteins = read_table(run / "inputs/proteins.parquet", ["protein_id", "sequence", "description"])
    labels = read_table(run / "inputs/annotations.parquet", ["protein_id", "go_id"])
    return _write(predictor, proteins, labels, name, run.name)


def _write(
    predictor: "Predictor", proteins: pd.DataFrame, labels: pd.DataFrame, name: str, source: str
) -> tuple[Path, Bank]:
    if not NAME.fullmatch(name):
        raise GoferError(f"{name!r} is no name for a bank", help="use letters, digits, dots, hyphens and underscores")
    model = predictor.model
    labels = labels[labels["go_id"].isin(model.terms["go_id"])]
    known = proteins[proteins["protein_id"].isin(set(labels["protein_id"]))]
    ids, sequences = known["protein_id"].tolist(), known["sequence"].tolist()
    below_roots = labels[~labels["go_id"].isin(root_ids(model.terms))]  # as in a model's bank
    labels_NT = label_matrix(below_roots, ids, model.terms["go_id"]).tocsc()
    names = [plain_name(description) for description in known["description"]]
    vectors_ND = predictor.vectors(map(QueryProtein, ids, sequences))
    bank = Bank(ids, names, sequences, np.arange(len(ids)), vectors_ND, labels_NT)
    path = bank_folder(model.file.digest) / f"{name}{SUFFIX}"
    document = {"model": model.name, "model_sha256": model.file.digest, "proteins": len(ids), "source": source}
    write_model_file(path, bank.arrays(), {"bank.json": document}, bank.texts(), kind=BANK)
    return path, bank
