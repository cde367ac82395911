"""A model file as the objects that predict, whether it is small or not. Each part is read when it is first asked for.

Shapes: N proteins of the bank, T terms.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from gofer.embeddings.compute import Compute
from gofer.embeddings.residues.esm import esm2_of
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_form import FLOAT16
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.go_graph import RELATIONS, GoGraph
from gofer.inputs.ontology.taxon_constraints import CONSTRAINTS
from gofer.inputs.proteins.candidates import is_large, search_of_known, without_diamond
from gofer.inputs.proteins.kept_database import kept_database
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.bank import Bank
from gofer.retrieval.coded_vectors import as_unit, decoded
from gofer.retrieval.ensemble import Ensemble
from gofer.retrieval.kernel_ridge import KernelRidge
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.model_file import AVERAGE, TAXA, ModelFile
from gofer.retrieval.own_evidence import OwnEvidence
from gofer.retrieval.related_terms import RelatedTerms
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.sparse_parts import joined, joined_shares
from gofer.retrieval.term_space import TermSpace
from gofer.retrieval.user_bank import UserBanks, bank_folder
from gofer.training.model import GoferModel, ModelSizes
from gofer.workflow import logger

WRONG = (KeyError, IndexError, TypeError, ValueError, RuntimeError)


class TrainedModel:
    """A model that was packed into a file.

    Args:
        path: The file.

    Raises:
        ArtefactError: It is missing, damaged, something else, or of another version; from every property too.
    """

    def __init__(self, path: Path | str) -> None:
        self.file = ModelFile.open(path)
        self.card: dict[str, Any] = self.file.document("card.json")
        self.settings: dict[str, Any] = self.file.document("settings.json")
        self.release: dict[str, str] = self.file.document("manifest.json")["release"]

    @property
    def name(self) -> str:
        """Of the run that trained it."""
        return self.card["name"]

    @property
    def is_alone(self) -> bool:
        """Whether it knows no protein, neither by itself nor by a bank that the user has added."""
        return self.known_proteins == 0

    @property
    def known_proteins(self) -> int:
        """How many proteins it knows, those of banks that the user has added too."""
        added = (file.document("bank.json")["proteins"] for file in self.user_banks.files)
        return len(self.file.texts("bank/protein_id.txt")) + sum(added)

    @cached_property
    def cutoffs(self) -> dict[str, dict[str, float | None]]:
        """By aspect and percent, the score from which so many percent of validation predictions were right."""
        return self._fitted["cutoffs"]

    @cached_property
    def _fitted(self) -> dict[str, Any]:
        fitted = self.file.document("calibration.json")
        return {**fitted, **fitted["alone"]} if fitted["alone"] and self.is_alone else fitted

    @cached_property
    def terms(self) -> pd.DataFrame:
        """The terms table: go_id, name, aspect, term_set, parents by relation, depth, accretion, training count."""
        texts = {name: self.file.texts(f"terms/{name}.txt") for name in ("go_id", "name", "aspect", "term_set")}
        table = pd.DataFrame(texts)
        for name in ("depth", "information_accretion", "training_count"):
            table[name] = self.file.array(f"terms/{name}")
        for relation in RELATIONS:
            if f"terms/{relation}" in self.file:
                table[relation] = self._parents(self.file.array(f"terms/{relation}"), texts["go_id"])
        return table

    @cached_property
    def average_vector(self) -> NDArray[np.float32]:
        """Mean vector of the proteins that it was packed with, (D); 0 where a small file does not hold it."""
        vectors_VD = self.own_bank.vectors_VD
        if AVERAGE in self.settings:
            return np.array(self.settings[AVERAGE], np.float32)
        return vectors_VD.mean(axis=0) if len(vectors_VD) else np.zeros(vectors_VD.shape[1], np.float32)

    @cached_property
    def taxon_constraints(self) -> pd.DataFrame:
        """Taxon constraints of its ontology, columns `CONSTRAINTS`; empty where that had none."""
        rows = self.file.document(TAXA) if TAXA in self.file else []
        return pd.DataFrame(rows, columns=CONSTRAINTS)

    def row_of(self, go_id: str, *, help: str) -> int:
        """Row of a term in the terms table.

        Args:
            go_id: Its id.
            help: What to do where there is none.

        Raises:
            GoferError: The model does not have it.
        """
        rows = np.flatnonzero(self.terms["go_id"] == go_id)
        if not len(rows):
            release = self.release.get("go_release", "of an unknown release")
            raise GoferError(f"{go_id} is not a term of the model {self.name} (GO {release})", help=help)
        return int(rows[0])

    def _parents(self, edges_E2: NDArray[np.int32], go_ids: list[str]) -> list[list[str]]:
        parents: list[list[str]] = [[] for _ in go_ids]
        for child, parent in edges_E2.tolist():
            parents[child].append(go_ids[parent])
        return parents

    @cached_property
    def former_ids(self) -> dict[str, dict[str, str | None]]:
        """Where ids of older releases lead, as `Recipe.former_ids`; empty in a model that does not hold them."""
        return self.file.document("former_ids.json") if "former_ids.json" in self.file else {}

    @property
    def term_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The terms with the column alt_ids, and go_id, replaced_by of obsolete ones, as annotations are read with."""
        former = {"alternative": {}, "obsolete": {}, **self.former_ids}
        alternative: dict[str, list[str]] = {}
        for old, new in former["alternative"].items():
            alternative.setdefault(str(new), []).append(old)
        terms = self.terms.assign(alt_ids=[alternative.get(go_id, []) for go_id in self.terms["go_id"]])
        replaced = [[new] if new else [] for new in former["obsolete"].values()]
        return terms, pd.DataFrame({"go_id": list(former["obsolete"]), "replaced_by": replaced})

    @cached_property
    def own_bank(self) -> Bank:
        """The proteins with known terms that the file holds."""
        return Bank.of_file(self.file)

    @cached_property
    def user_banks(self) -> UserBanks:
        """What the user has added."""
        width = self.file.document("towers.json")["shared_width"]
        return UserBanks(self.file.digest, len(self.terms), width)

    @cached_property
    def bank(self) -> Bank:
        """The proteins with known terms, with those that the user has added."""
        return self.user_banks.joined(self.own_bank)

    def keep_database(self, *, threads: int = 1) -> None:
        """Make now what the first prediction would make and keep: DIAMOND's database of many known proteins.

        Args:
            threads: Number of threads; they change only the time.
        """
        if slow := without_diamond(self.known_proteins):
            logger.warning("%s", slow)
        elif is_large(len(self.bank.targets)):
            search = search_of_known(len(self.bank.targets), threads=threads)
            kept_database(search, self.bank.targets, bank_folder(self.file.digest))

    @cached_property
    def space(self) -> TermSpace:
        """The two towers, and the terms in the shared space."""
        try:
            return self._space()
        except WRONG as error:
            raise self._inconsistent(error) from error

    @cached_property
    def scorer(self) -> Scorer:
        """All that scores a protein."""
        space = self.space
        try:
            fitted, label_model = self._fitted, self._label_model()
            self._refuse_other_label_shapes(len(space.terms), space.model.sizes.shared_width, label_model)
            calibration, ensemble = Calibration.from_json(fitted), Ensemble.from_json(fitted["ensemble"])
            related = self._related(len(space.terms), len(label_model.go_ids))
            return Scorer(space, calibration, label_model, ensemble, related, OwnEvidence.from_json(fitted.get("own")))
        except WRONG as error:
            raise self._inconsistent(error) from error

    def _space(self) -> TermSpace:
        sizes = self.file.document("towers.json")
        model = GoferModel(
            ModelSizes(**{**sizes, "temperature": tuple(sizes["temperature"])}), self.file.texts("towers/seen.txt")
        )
        model.load_state_dict(_tensors(self.file.group("towers")))
        terms, width = len(self.terms), model.sizes.shared_width
        z_TD, text_TG = self._vectors("terms/vectors"), self._vectors("terms/texts")
        _refuse_other_shapes(
            {
                "terms/vectors": (z_TD, (terms, width)),
                "terms/texts": (text_TG, (terms, model.sizes.text_width)),
                "terms/base_rate": (self.file.array("terms/base_rate"), (terms,)),
                "bank/vectors": (self.own_bank.vectors_VD, (len(self.own_bank.rows_V), width)),
            }
        )
        return TermSpace(
            model=model.eval().requires_grad_(False),
            terms=self.terms,
            z_TD=z_TD,
            text_TG=text_TG,
            base_rate_T=self.file.array("terms/base_rate"),
            graph=GoGraph.of_terms(self.terms, self.settings["relations"], within_aspect=True),
        )

    def _vectors(self, name: str) -> NDArray:
        # Unit vectors, as they are in the file or coded.
        if f"{name}.codes" not in self.file:
            return self.file.array(name)
        return as_unit(
            decoded(name, {part: self.file.array(part) for part in self.file.parts if part.startswith(name)})
        )

    def _refuse_other_label_shapes(self, terms: int, width: int, label_model: LabelModel) -> None:
        seen, regression = len(label_model.go_ids), label_model.regression
        landmarks = len(regression.landmarks)
        wanted: dict[str, tuple[NDArray, tuple[int, ...]]] = {
            "labels/mean": (regression.mean_T, (seen,)),
            "related/mean": (self.file.array("related/mean"), (seen,)),
        }
        wanted["related/strength"] = self.file.array("related/strength"), (terms,)
        wanted["bank/labels.indptr"] = self.file.array("bank/labels.indptr"), (terms + 1,)
        if regression.landmarks.learned_ND is not None:
            wanted["labels/learned"] = regression.landmarks.learned_ND, (landmarks, width)
        if isinstance(regression, KernelRidge):
            wanted["labels/weight"] = regression.weight_MT, (landmarks, seen)
        _refuse_other_shapes(wanted)

    def _related(self, terms: int, seen: int) -> RelatedTerms:
        arrays = self.file.group("related")
        read = joined_shares if "similar.gaps" in arrays else joined
        similar, across, ancestors = (read(name, arrays, seen) for name in ("similar", "across", "ancestors"))
        if {similar.shape[0], across.shape[0], ancestors.shape[0]} != {terms}:
            raise ValueError(f"the related terms are not of {terms} terms")
        return RelatedTerms(similar, across, ancestors, arrays["mean"], arrays["strength"])

    def _label_model(self) -> LabelModel:
        facts = self.file.document("labels.json")
        model = LabelModel.of_parts(self.file.group("labels"), facts, None, None)
        if int(facts["aligned"]) and (slow := without_diamond(self.known_proteins)):
            logger.warning("%s", slow)  # at once: what follows takes long
        bank = self.bank
        if not int(facts["aligned"]) or not len(bank):
            return model
        seen = pd.Index(self.terms["go_id"]).get_indexer(pd.Index(model.go_ids))
        labels_NS = bank.labels_by_protein_NT[:, seen]
        kept_in = bank_folder(self.file.digest)
        return model.transferring_from(bank.different, labels_NS, int(facts["aligned"]), kept_in=kept_in)

    def encoder(self, device: str = "auto") -> ResidueEncoder:
        """The residue encoder that it was trained on.

        Args:
            device: auto (CUDA where there is a device), cpu or cuda.

        Raises:
            GoferError: It is not packed, and its weights are not available.
        """
        recorded = self.file.document("encoder.json")
        layer, precision, store = recorded["layer"], recorded["precision"], recorded.get("store", FLOAT16)
        if recorded["sizes"] is None:
            found = ResidueEncoder.load(recorded["model"], layer, device=device, precision=precision, store=store)
        else:
            try:
                loaded = esm2_of(recorded["sizes"], _tensors(self.file.group("encoder")))
            except WRONG as error:
                raise self._inconsistent(error) from error
            compute = Compute.chosen(device, precision)
            found = ResidueEncoder.of_model(loaded, layer, name=recorded["model"], compute=compute, store=store)
        if found.name != recorded["name"]:
            raise ArtefactError(
                f"{self.file.path} was trained with the encoder {recorded['name']}, but here {found.name} was loaded",
                help="put the weights that it was trained with in their place",
            )
        return found

    @property
    def window_overlap(self) -> int:
        """Residues that neighbouring windows of a long protein share in the encoder."""
        return self.file.document("encoder.json")["window_overlap"]

    def _inconsistent(self, error: Exception) -> ArtefactError:
        what = f"its parts do not fit each other ({type(error).__name__}: {str(error)[:200]})"
        return ArtefactError(f"{self.file.path} is damaged: {what}", help="make it again with: gofer pack RUN")


def _refuse_other_shapes(wanted: Mapping[str, tuple[NDArray, tuple[int, ...]]]) -> None:
    for name, (array, shape) in wanted.items():
        if array.shape != shape:
            raise ValueError(f"{name} is of the shape {array.shape}, not {shape}")


def _tensors(arrays: dict[str, NDArray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
