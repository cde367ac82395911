"""Known proteins that a user adds to a model: in the user's cache folder, and used without asking by every prediction.

A bank is a file as a model is, of another kind: vectors, sequences, names and propagated labels. It belongs to one
model, by that model's digest, since its vectors are of the model's space and its labels of the model's terms. A large
bank has no vectors: half a million proteins would take the residue encoder hours, and are found by alignment.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gofer.artefacts import cache_folder, read_table, sha256_of
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, is_root
from gofer.inputs.ontology.propagation import with_ancestors
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.retrieval.bank import Bank, plain_name
from gofer.retrieval.model_file import BANK, ModelFile, write_model_file
from gofer.retrieval.query_file import QueryProtein

if TYPE_CHECKING:
    from gofer.retrieval.predictor import Predictor

SUFFIX = ".bank"
MOST_EMBEDDED = 4096  # proteins that get a vector without being asked for: minutes on two cores
MOST_UNKNOWN = 0.5  # share of annotations whose term the model does not have
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bank_folder(model_digest: str) -> Path:
    """Where the banks of a model are, in the user's cache folder."""
    return cache_folder() / "banks" / model_digest[:16]


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
            if not len(bank):  # of a small model: half a million proteins are not copied
                bank = more
                continue
            labels_NT = sp.csc_array(sp.vstack([bank.labels_NT, more.labels_NT], format="csc"))
            labels_NT.sort_indices()
            bank = Bank(
                [*bank.protein_ids, *more.protein_ids],
                [*bank.names, *more.names],
                [*bank.sequences, *more.sequences],
                np.concatenate([bank.rows_V, more.rows_V + len(bank)]),
                np.concatenate([bank.vectors_VD, more.vectors_VD]),
                labels_NT,
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


@dataclass(frozen=True)
class Added:
    """A bank that was made.

    Attributes:
        path: Its file.
        proteins: How many it holds.
        embedded: How many of them have a vector.
        accounting: Of the proteins and of the annotations that were read.
    """

    path: Path
    proteins: int
    embedded: int
    accounting: tuple[Accounting, ...] = ()


@dataclass(frozen=True)
class BankSettings:
    """How a bank is made.

    Attributes:
        name: Of the bank.
        source: What it was made from, with digests: recorded in the file.
        evidence_codes: Codes that an annotation of a GAF, GPAD or UniProt entry needs.
        leave_out: A file with one id per line: these proteins, and all with the sequence of one, are left out.
        embed: Whether every protein gets a vector; None: if they are at most `MOST_EMBEDDED`.
    """

    name: str
    source: Mapping[str, Any]
    evidence_codes: Sequence[str] = ()
    leave_out: Path | None = None
    embed: bool | None = None


def add_bank(predictor: "Predictor", fasta: Path, annotations: Sequence[Path], settings: BankSettings) -> Added:
    """Make a bank of the annotated proteins of a FASTA file; one of the same name is replaced.

    Args:
        predictor: The model.
        fasta: The proteins.
        annotations: GAFs, GPADs, UniProt entries or tables.
        settings: How.

    Raises:
        GoferError: A file is at fault, or the name is not one.
    """
    model = predictor.model
    proteins, of_proteins = read_proteins([fasta], leave_out_ids=settings.leave_out)
    terms, obsolete = model.term_tables
    rules = AnnotationRules.from_config(
        {
            "evidence_codes": list(settings.evidence_codes),
            "max_unknown_terms": MOST_UNKNOWN,
            "relations": model.settings["relations"],
        }
    )
    stated, of_annotations = read_annotations(annotations, ProteinNames.of_table(proteins), terms, obsolete, rules)
    known = proteins[proteins["protein_id"].isin(stated["protein_id"].unique())]
    graph = GoGraph.of_terms(terms, model.settings["relations"])
    labels_NT = with_ancestors(label_matrix(stated, known["protein_id"], terms["go_id"]), graph)
    return replace(_write(predictor, known, labels_NT, settings), accounting=(of_proteins, of_annotations))


def add_run(predictor: "Predictor", run: Path, settings: BankSettings) -> Added:
    """Make a bank of the annotated proteins of a run; terms that the model does not have are left out.

    Args:
        predictor: The model.
        run: Folder of the run.
        settings: How; evidence codes and proteins to leave out are those of the run.

    Raises:
        GoferError: A table is missing or damaged, or the name is not one.
    """
    proteins = read_table(run / "inputs/proteins.parquet", ["protein_id", "sequence", "description"])
    labels = read_table(run / "inputs/annotations.parquet", ["protein_id", "go_id"])
    go_ids = predictor.model.terms["go_id"]
    labels = labels[labels["go_id"].isin(go_ids)]
    known = proteins[proteins["protein_id"].isin(set(labels["protein_id"]))]
    return _write(predictor, known, label_matrix(labels, known["protein_id"], go_ids), settings)


def _write(predictor: "Predictor", known: pd.DataFrame, labels_NT: sp.csr_array, settings: BankSettings) -> Added:
    if not NAME.fullmatch(settings.name):
        what = f"{settings.name!r} is no name for a bank"
        raise GoferError(what, help="use letters, digits, dots, hyphens and underscores")
    model = predictor.model
    below_roots_T = sp.diags_array((~is_root(model.terms)).astype(bool), dtype=bool)  # as in a model's bank
    labels_NT = sp.csc_array(labels_NT @ below_roots_T)
    labels_NT.eliminate_zeros()
    labels_NT.sort_indices()
    ids, sequences = known["protein_id"].tolist(), known["sequence"].tolist()
    names = [plain_name(description) for description in known["description"]]
    embed = len(ids) <= MOST_EMBEDDED if settings.embed is None else settings.embed
    embedded = len(ids) if embed else 0
    if embed:
        vectors_VD = predictor.vectors(map(QueryProtein, ids, sequences))
    else:  # without reading the model's towers and banks
        vectors_VD = np.zeros((0, model.user_banks.width), np.float32)
    bank = Bank(ids, names, sequences, np.arange(embedded), vectors_VD, labels_NT)
    path = bank_folder(model.file.digest) / f"{settings.name}{SUFFIX}"
    document = {
        "model": model.name,
        "model_sha256": model.file.digest,
        "proteins": len(ids),
        "labels": int(labels_NT.nnz),
        "source": dict(settings.source),
        "left_out": "" if settings.leave_out is None else sha256_of(settings.leave_out),
    }
    write_model_file(path, bank.arrays(), {"bank.json": document}, bank.texts(), kind=BANK)
    return Added(path, len(ids), embedded)
