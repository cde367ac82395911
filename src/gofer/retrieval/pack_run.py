"""A finished run as a model file: its files, and the quality of its predictions on validation proteins."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gofer.artefacts import agreed_files, read_manifest, read_table
from gofer.embeddings.residues.residue_form import FLOAT16, INT8
from gofer.errors import ArtefactError
from gofer.inputs.ontology.taxon_constraints import CONSTRAINTS
from gofer.inputs.proteins.known_hits import read_hits
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.metrics.fmax import fmax
from gofer.retrieval.bank import Bank
from gofer.retrieval.cutoffs import precision_cutoffs
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.pack import Recipe, pack_model
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.training.dataset import truth_matrix

FILES = {
    "proteins": "inputs/proteins.parquet",
    "splits": "inputs/splits.parquet",
    "terms": "inputs/terms.parquet",
    "term_sets": "inputs/term_sets.parquet",
    "annotations": "inputs/annotations.parquet",
    "pid2pos": "inputs/pid2pos.parquet",
    "texts": "embeddings/go/phase-D.parquet",
    "checkpoint": "training/stage-D/model.safetensors",
    "vectors": "retrieval/protein_vectors.parquet",
    "judging_labels": "retrieval/label_model-train.safetensors",
    "calibration": "retrieval/calibration.json",
}
# What a run of an older version does not have.
OPTIONAL = {"known_hits": "inputs/known_hits.parquet", "taxon_constraints": "inputs/taxon_constraints.parquet"}
ENCODER_FACT = "residue_encoder"


@dataclass(frozen=True)
class PackSettings:
    """What a run's files do not hold; the defaults are those of config/defaults.yaml.

    Attributes:
        known: Whose labels predictions use: all or train.
        synthetic: Whether the run is of a synthetic world.
        reported: How much is reported of each protein.
        encoder: The config section embeddings.residues; None: taken from the run's files.
    """

    known: str = "all"
    synthetic: bool = False
    reported: Mapping[str, Any] = field(
        default_factory=lambda: {"min_score": 0.01, "max_terms": 500, "evidence_windows": 3}
    )
    encoder: Mapping[str, Any] | None = None


def files_of(run: Path, known: str) -> dict[str, Path]:
    """The files of a run that a model is packed from.

    Raises:
        ArtefactError: One of them is missing.
    """
    files = {**FILES, "label_model": f"retrieval/label_model-{known}.safetensors"}
    found = {name: run / path for name, path in files.items()}
    if missing := [path for path in found.values() if not path.is_file()]:
        raise ArtefactError(
            f"{run} is not a finished run: {missing[0]} is missing",
            help="give the folder of a run, results/<run>, in which snakemake has finished",
        )
    [*residues] = run.glob("embeddings/*/manifest.parquet")
    if len(residues) != 1:
        raise ArtefactError(
            f"{run}/embeddings holds the residues of {len(residues)} encoders, not of one",
            help="run the rule pack_model with its config instead: snakemake pack_model --configfile C",
        )
    there = {name: run / path for name, path in OPTIONAL.items() if (run / path).is_file()}
    return {**found, "residues": residues[0], **there}


def pack_run(path: Path | str, files: Mapping[str, Path | str], name: str, settings: PackSettings) -> None:
    """Write the model file of a run.

    Args:
        path: The file.
        files: Those of `files_of`, by the same names.
        name: Of the run.
        settings: What the files do not hold.

    Raises:
        ArtefactError: The files are of different releases, or one of them is missing or damaged.
    """
    manifest = agreed_files(*files.values())
    rules = read_manifest(files["annotations"]).made_by["settings"]
    relations = tuple(rules["relations"])
    scorer = Scorer.read(files, relations, expected=manifest)
    bank = Bank.read(files, settings.known, scorer.space.terms)
    cutoffs, validation = _measured(scorer, files)
    recipe = Recipe(
        name=name,
        synthetic=settings.synthetic,
        relations=relations,
        reported={**settings.reported, "evidence_codes": rules["evidence_codes"]},
        encoder=settings.encoder or _encoder(files["residues"]),
        cutoffs=cutoffs,
        facts={"validation": validation},
        taxa=_taxa(files.get("taxon_constraints")),
    )
    pack_model(path, scorer, bank, read_table(files["term_sets"]), recipe, manifest)


def _taxa(path: Path | str | None) -> list[list[str]]:
    return [] if path is None else read_table(path, CONSTRAINTS).values.tolist()


def _measured(scorer: Scorer, files: Mapping[str, Path | str]) -> tuple[dict, dict[str, dict[str, float | int]]]:
    # By the label model that has not seen their labels, over the terms seen in training.
    sequence_of, label_model = read_sequences(files["proteins"]), LabelModel.read(files["judging_labels"])
    if "known_hits" in files:
        label_model = label_model.with_hits(read_hits(files["known_hits"]), sequence_of)
    judging = replace(scorer, label_model=label_model)
    proteins = ProteinVectors.read(files["vectors"]).of_splits("val")
    go_ids, aspects_S = judging.label_model.go_ids, judging.label_model.aspects_T
    truth_BS = truth_matrix(read_table(files["pid2pos"]), proteins.protein_ids, go_ids).toarray()
    scores_BS = judging.scores(proteins.described(sequence_of))[:, judging.seen]
    figures: dict[str, dict[str, float | int]] = {}
    for aspect in np.unique(aspects_S):
        columns = np.flatnonzero(aspects_S == aspect)
        labelled_B = truth_BS[:, columns].any(axis=1)
        labelled = np.ix_(labelled_B, columns)
        figures[str(aspect)] = {"proteins": int(labelled_B.sum())}
        if labelled_B.any():
            figures[str(aspect)]["fmax"] = round(fmax(scores_BS[labelled], truth_BS[labelled]), 3)
    return precision_cutoffs(scores_BS, truth_BS, aspects_S), figures


def _encoder(residues: Path | str) -> dict[str, Any]:
    # `<model>, layer <N>, sha256:<digest>`, the precision where it is not float32, and int8 where that is the form.
    manifest = read_manifest(residues)
    name, layer, _, *others = manifest.release[ENCODER_FACT].split(", ")
    return {
        "model": name,
        "layer": int(layer.removeprefix("layer ")),
        "precision": next((fact for fact in others if fact != INT8), "float32"),
        "store": INT8 if INT8 in others else FLOAT16,
        "window_overlap": manifest.made_by["window_overlap"],
    }
