"""Variants of training: all four stages without one part, or with another objective, judged on validation proteins.

Shapes: N proteins, T training terms, Z zero-shot terms.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.embeddings.texts.go_text import INFERENCE
from gofer.inputs.held_out import HeldOut
from gofer.metrics.sparse_pairs import Pairs
from gofer.metrics.term_ranking import TermMeans, by_term, means_of_terms
from gofer.mining.curriculum import KNOBS
from gofer.mining.faiss_index import SHARED, TEXT, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.vocabulary import Vocabulary
from gofer.training.dataset import truth_matrix
from gofer.training.encode import protein_vectors, term_vectors, text_logits
from gofer.training.model import GoferModel
from gofer.training.settings import STAGES, StageConfig, TrainingConfig
from gofer.training.stage import train_stage
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.tracking import Tracker
from gofer.training.validation import validation_figures

FULL = "full"


def variant_settings(variant: str, training: Mapping[str, Any]) -> dict[str, Any]:
    """The `training` section of a config for one variant.

    Args:
        variant: A name of ablation.parts: the part that is left out, or the objective. `FULL` changes nothing, nor does
            expansion, which changes the labels.
        training: Not changed.

    Raises:
        ValueError: There is no such variant.
    """
    changed = copy.deepcopy(dict(training))
    match variant:
        case "full" | "expansion":
            pass
        case "mining":
            return _with_curricula(changed, {"hard_frac": [0.0, 0.0], "k_hard": [0, 0]})
        case "curriculum":
            last = changed["stages"][STAGES[-1]]["curriculum"]
            return _with_curricula(changed, {knob: [last[knob][1]] * 2 for knob in KNOBS})
        case "dag":
            return _with_stages(changed, {"lambda_dag": 0.0})
        case "attribution":
            return _with_stages(changed, {"lambda_attr_start": 0.0, "lambda_attr_max": 0.0})
        case "phase_texts":
            return _with_stages(changed, {"text_phase": INFERENCE})
        case "go_to_protein":
            changed |= {"objective": "infonce", "go_to_protein": False}
        case "free_term_vectors":
            changed |= {"free_term_vectors": False}
        case "windows":
            changed |= {"pooling": "mean", "win_size": None}
        case "infonce" | "sigmoid" | "bce":
            changed |= {"objective": variant}
        case _:
            raise ValueError(f"{variant} is not a variant of training")
    return changed


def _with_stages(training: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {**training, "stages": {name: {**block, **changes} for name, block in training["stages"].items()}}


def _with_curricula(training: dict[str, Any], knobs: Mapping[str, Any]) -> dict[str, Any]:
    blocks = {
        name: {**block, "curriculum": {**block["curriculum"], **knobs}} for name, block in training["stages"].items()
    }
    return {**training, "stages": blocks}


def stated_only(pid2pos: pd.DataFrame) -> pd.DataFrame:
    """`pid2pos` as inputs.labels.expansion none makes it: ancestors are still true, but not positives."""
    labels = pid2pos.copy()
    for name in ("go_ids", "hops"):  # hops last: the terms are chosen by them
        stated = [
            [value for value, hops in zip(values, hops_of, strict=True) if hops == 0]
            for values, hops_of in zip(pid2pos[name], pid2pos["hops"], strict=True)
        ]
        labels[name] = pd.Series(stated, index=labels.index, dtype=object)
    return labels


@dataclass(frozen=True, eq=False)
class VariantInputs:
    """What the training of every variant reads.

    Attributes:
        store: Residue embeddings.
        proteins: Columns protein_id, sequence_sha256.
        pid2pos: Labels that training may see.
        vocabulary: The training terms, with the texts of inference.
        texts: Texts of each phase, by its name.
        held_out: Labels of validation proteins, zero-shot terms among them.
    """

    store: ESMResidueStore
    proteins: pd.DataFrame
    pid2pos: pd.DataFrame
    vocabulary: Vocabulary
    texts: Mapping[str, GoLookupCache]
    held_out: HeldOut

    @classmethod
    def read(
        cls, files: Mapping[str, Any], manifest: Manifest, phases: Sequence[str], relations: Sequence[str]
    ) -> "VariantInputs":
        """From files by name; `texts` are those of `phases`, in their order.

        Args:
            files: proteins, terms, term_sets, annotations, splits, pid2pos, residues, texts.
            manifest: The release that all must have.
            phases: Phases of the texts.
            relations: Along which annotations propagate in this run.
        """
        held_out = HeldOut.read(files, relations)
        texts = {
            phase: GoLookupCache.read(path, expected=manifest)
            for phase, path in zip(phases, files["texts"], strict=True)
        }
        return cls(
            ESMResidueStore(files["residues"]),
            read_table(files["proteins"], ["protein_id", "sequence_sha256"]),
            read_table(files["pid2pos"], where={"split": ["train", "val"]}),
            Vocabulary.of_tables(
                held_out.terms, read_table(files["term_sets"]), texts[INFERENCE], relations=list(relations)
            ),
            texts,
            held_out,
        )

    def split(self, variant: str, split: str) -> LabelledProteins:
        """The proteins of train or val, with the positives of a variant."""
        labels = stated_only(self.pid2pos) if variant == "expansion" else self.pid2pos
        return LabelledProteins.of_split(self.store, self.proteins, labels, split, self.vocabulary.go_ids)


def train_variant(
    variant: str,
    inputs: VariantInputs,
    training: Mapping[str, Any],
    mining: Mapping[str, Any],
    *,
    seed: int,
    share: float,
) -> GoferModel:
    """Train the stages A to D one after another; `FULL` with share 1 gives the model of the stages' jobs.

    Args:
        variant: As for `variant_settings`.
        inputs: Tables, residues and texts.
        training: The section of the config.
        mining: Likewise.
        seed: Seed of all random draws.
        share: Of each stage's epochs, above 0; at least one epoch is trained.
    """
    settings = variant_settings(variant, training)
    config = TrainingConfig.from_config(settings, mining, seed)
    train, val = (inputs.split(variant, split) for split in ("train", "val"))
    model = None
    for name in STAGES:
        texts = inputs.texts[settings["stages"][name]["text_phase"]]
        vocabulary = replace(inputs.vocabulary, text_TG=texts.subset(inputs.vocabulary.go_ids).vectors_TG)
        data = StageData(train, val, vocabulary)
        miner = Miner(_index(model, vocabulary, mining["index"]), vocabulary.go_ids, vocabulary.text_TG)
        model = model or begin_model(data, settings, seed=seed, previous=None)
        stage = StageConfig.from_config(settings, name)
        stage = replace(stage, epochs=max(1, round(share * stage.epochs)))
        tracker = Tracker(name)
        model = train_stage(model, data, miner, stage, config, tracker)
    assert model is not None
    return model


def _index(model: GoferModel | None, vocabulary: Vocabulary, kind: str) -> TermIndex:
    if model is None:
        return TermIndex.of_vectors(vocabulary.go_ids, vocabulary.text_TG, space=TEXT, kind=kind)
    z_TD = term_vectors(model, vocabulary.go_ids, vocabulary.text_TG)
    return TermIndex.of_vectors(vocabulary.go_ids, z_TD, space=SHARED, kind=kind)


def judge(model: GoferModel, inputs: VariantInputs) -> dict[str, float]:
    """Quality of the predictions of the two towers for validation proteins.

    Returns:
        fmax and fmax_<aspect> over the terms seen in training, calibrated on the same proteins (three numbers per
        aspect); seen_macro_aupr, zero_macro_auroc and zero_macro_aupr, means over the terms that a validation protein
        has, each ranked by the cosines with its text.
    """
    val = inputs.split(FULL, "val")
    vocabulary = inputs.vocabulary
    found = validation_figures(model, val.proteins, val.truth_NT.toarray(), vocabulary)
    figures = {name: value for name, value in found.items() if name.startswith("fmax")}
    z_ND = protein_vectors(model, val.proteins)
    seen = text_logits(model, z_ND, term_vectors(model, vocabulary.go_ids, vocabulary.text_TG))
    figures["seen_macro_aupr"] = float(_means_of_terms(seen, val.truth_NT.toarray()).aupr_N[0])
    go_ids, labels_NZ = _zero_shot_labels(inputs.held_out, val.proteins.protein_ids)
    if not go_ids:
        return figures | {"zero_macro_auroc": float("nan"), "zero_macro_aupr": float("nan")}
    texts_ZG = inputs.texts[INFERENCE].subset(go_ids).vectors_TG
    zero = _means_of_terms(text_logits(model, z_ND, term_vectors(model, go_ids, texts_ZG)), labels_NZ)
    return figures | {"zero_macro_auroc": float(zero.auroc_N[0]), "zero_macro_aupr": float(zero.aupr_N[0])}


def _means_of_terms(logits_NT: NDArray[np.float32], labels_NT: NDArray[np.bool_]) -> TermMeans:
    # Only the order counts: moved above 0, since a score of 0 would be no prediction.
    scores_NT = logits_NT.astype(np.float64)
    scores_NT += 1 - scores_NT.min(initial=0)
    every = {"all": np.ones(labels_NT.shape[1], bool)}
    return means_of_terms(by_term(Pairs.of_arrays(scores_NT, labels_NT)), np.ones((1, len(labels_NT))), every)["all"]


def _zero_shot_labels(held_out: HeldOut, protein_ids: list[str]) -> tuple[list[str], NDArray[np.bool_]]:
    truth = held_out.of_split("val")
    truth = truth[truth["go_id"].map(held_out.term_set) == "zero"]
    go_ids = sorted(truth["go_id"].unique())
    by_protein = truth.groupby("protein_id", as_index=False).agg(true_ids=("go_id", list))
    return go_ids, truth_matrix(by_protein, protein_ids, go_ids).toarray()
