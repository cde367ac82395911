"""A finished run as a model file: its files, and the quality of its predictions on validation proteins."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from gofer.artefacts import Manifest, agreed_files, read_manifest, read_table
from gofer.embeddings.encoder_names import short_name
from gofer.embeddings.residues.esm import load_esm
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_form import FLOAT16, INT8
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.taxon_constraints import CONSTRAINTS
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.proteins.known_hits import read_hits
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.bank import Bank
from gofer.retrieval.ensemble import Expected
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.model_quality import ValidationProteins, measured, without_transfer
from gofer.retrieval.pack import Recipe, pack_model
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.trained_model import TrainedModel

FILES = {
    "proteins": "inputs/proteins.parquet",
    "splits": "inputs/splits.parquet",
    "ontology": "inputs/ontology.parquet",
    "obsolete": "inputs/obsolete.parquet",
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
        trained_on: What its proteins are, in words; "" to say nothing.
        weights: Name or file of the residue encoder's weights, where the run's files hold their name only.
    """

    known: str = "all"
    synthetic: bool = False
    reported: Mapping[str, Any] = field(
        default_factory=lambda: {"min_score": 0.01, "max_terms": 500, "evidence_windows": 3}
    )
    encoder: Mapping[str, Any] | None = None
    trained_on: str = ""
    weights: str | None = None


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


def pack_run(
    path: Path | str, files: Mapping[str, Path | str], name: str, settings: PackSettings, *, small: bool = False
) -> None:
    """Write the model file of a run.

    Args:
        path: The file.
        files: Those of `files_of`, by the same names.
        name: Of the run.
        settings: What the files do not hold.
        small: Without known proteins, in numbers of few bits: to ship it.

    Raises:
        ArtefactError: The files are of different releases, or one of them is missing or damaged.
    """
    run = FinishedRun.read(files, name, settings)
    if small:
        recipe = _measured_small(run.small_judging(), run)
    else:
        quality = measured(run.judging, run.proteins, run.expected)
        recipe = replace(run.recipe, cutoffs=quality.cutoffs, facts={"validation": quality.figures})
    if settings.trained_on:
        recipe = replace(recipe, facts={**recipe.facts, "trained_on": settings.trained_on})
    pack_model(path, run.scorer, run.bank, run.term_sets, recipe, run.manifest, small=small)


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a finished run has made, opened.

    Attributes:
        scorer: Scores a query.
        judging: The same with the label model that has not seen the labels of the validation proteins.
        bank: The known proteins.
        term_sets: Columns go_id, term_set.
        proteins: The validation proteins.
        expected: What the judging label model predicts for them.
        recipe: Facts and settings of the model file, without cutoffs and figures.
        manifest: Releases.
    """

    scorer: Scorer
    judging: Scorer
    bank: Bank
    term_sets: pd.DataFrame
    proteins: ValidationProteins
    expected: Expected
    recipe: Recipe
    manifest: Manifest

    @classmethod
    def read(cls, files: Mapping[str, Path | str], name: str, settings: PackSettings) -> "FinishedRun":
        """Open the files of `files_of`; arguments as of `pack_run`."""
        manifest = agreed_files(*files.values())
        encoder = settings.encoder or _encoder(files["residues"], settings.weights)
        rules = read_manifest(files["annotations"]).made_by["settings"]
        relations = tuple(rules["relations"])
        scorer = Scorer.read(files, relations, expected=manifest)
        judging_labels, sequence_of = LabelModel.read(files["judging_labels"]), read_sequences(files["proteins"])
        if "known_hits" in files:
            judging_labels = judging_labels.with_hits(read_hits(files["known_hits"]), sequence_of)
        judging = replace(scorer, label_model=judging_labels)
        proteins = ValidationProteins.read(files, sequence_of, scorer.space.go_ids)
        recipe = Recipe(
            name=name,
            synthetic=settings.synthetic,
            relations=relations,
            reported={**settings.reported, "evidence_codes": rules["evidence_codes"]},
            encoder=encoder,
            taxa=_taxa(files.get("taxon_constraints")),
            former_ids=_former_ids(files),
        )
        return cls(
            scorer=_with_relatives(scorer, judging),
            judging=judging,
            bank=Bank.read(files, settings.known, scorer.space.terms),
            term_sets=read_table(files["term_sets"]),
            proteins=proteins,
            expected=judging_labels.predict(proteins.described),
            recipe=recipe,
            manifest=manifest,
        )

    def small_judging(self) -> Scorer:
        """The judging scorer as it comes back from a small file."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "judging.gofer"
            pack_model(path, self.judging, self.bank, self.term_sets, self.recipe, self.manifest, small=True)
            return TrainedModel(path).scorer


def _with_relatives(scorer: Scorer, judging: Scorer) -> Scorer:
    # Of both label models the related terms are the same, but for the shares.
    if scorer.label_model.go_ids != judging.label_model.go_ids:
        return scorer
    related = replace(judging.related, mean_S=scorer.label_model.regression.mean_T)
    return replace(scorer, known_relatives=related)


def _measured_small(small: Scorer, run: FinishedRun) -> Recipe:
    # As a small model predicts, with a bank of known proteins and without one, which is calibrated separately.
    proteins, recipe = run.proteins, run.recipe
    regressed_BT = small.label_model.regressed(proteins.described)
    with_bank = measured(small, proteins, replace(run.expected, regressed_BT=regressed_BT))
    regressed = without_transfer(run.expected, regressed_BT)
    alone = Scorer.fit(
        small.space,
        small.label_model,
        proteins.described,
        proteins.truth_BT,
        recipe.relations,
        small.related,
        regressed,
    )
    without = measured(alone, proteins, regressed)
    fitted = {"ensemble": alone.ensemble.to_json(), "cutoffs": without.cutoffs}
    facts = {"validation": with_bank.figures, "validation_alone": without.figures}
    return replace(recipe, cutoffs=with_bank.cutoffs, facts=facts, alone=fitted)


def _former_ids(files: Mapping[str, Path | str]) -> dict[str, dict[str, str | None]]:
    ontology = read_table(files["ontology"], ["go_id", "alt_ids"])
    return TermIds.of_tables(ontology, read_table(files["obsolete"], ["go_id", "replaced_by"])).former


def _taxa(path: Path | str | None) -> list[list[str]]:
    return [] if path is None else read_table(path, CONSTRAINTS).values.tolist()


def _encoder(residues: Path | str, weights: str | None) -> dict[str, Any]:
    # `<model>, layer <N>, sha256:<digest>`, the precision where it is not float32, and int8 where that is the form.
    # Loaded at once: an encoder that is not here, or is another one, is found before anything is computed.
    manifest = read_manifest(residues)
    recorded = manifest.release[ENCODER_FACT]
    name, layer, digest, *others = recorded.split(", ")
    number, model = int(layer.removeprefix("layer ")), weights or name
    try:
        found = ResidueEncoder.of_model(load_esm(model), number, name=short_name(model)).name
    except GoferError as error:
        what = f"{residues}: the run's residue encoder is {recorded}, which is not here: {error.what}"
        raise ArtefactError(what, help="name the file of its weights with --encoder") from error
    if digest not in found:
        what = f"{residues}: the run's residue encoder is {recorded}, but {model} is {found}"
        raise ArtefactError(what, help="name the file of its weights with --encoder")
    return {
        "model": model,
        "layer": number,
        "precision": next((fact for fact in others if fact != INT8), "float32"),
        "store": INT8 if INT8 in others else FLOAT16,
        "window_overlap": manifest.made_by["window_overlap"],
    }
