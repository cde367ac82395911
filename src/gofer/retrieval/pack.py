"""All that a prediction needs, put into one model file.

Left out are definitions, the training inputs, and everything that only evaluation reads. A small file holds no known
protein either: learned numbers only, coded (`coded_vectors`, `low_rank_ridge`), ids, names, parents and counts.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from esm.model.esm2 import ESM2
from numpy.typing import NDArray

from gofer.artefacts import Manifest
from gofer.embeddings.compute import Compute
from gofer.embeddings.encoder_names import short_name
from gofer.embeddings.residues.esm import esm2_parts, load_esm
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.residue_form import FLOAT16
from gofer.embeddings.texts.go_text import text_digests
from gofer.inputs.ontology.go_graph import RELATIONS
from gofer.retrieval.bank import Bank
from gofer.retrieval.coded_vectors import coded
from gofer.retrieval.features.physicochemistry import AMINO_ACIDS
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.model_file import AVERAGE, TAXA, ModelFile, write_model_file
from gofer.retrieval.prediction_rows import with_term_sets
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.related_terms import RelatedTerms
from gofer.retrieval.residue_evidence import explain_packed
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.sparse_parts import parts_of, shares_of

LARGEST_ENCODER = 64_000_000  # bytes of weights that are packed; of a larger encoder its name and digest
PROBES = 3  # sequences whose vectors by the encoder are recorded, for the self-test
PROBE_RESIDUES = 400
VECTOR_STEP, TEXT_STEP = 0.04, 0.2  # of the coded vectors of terms and texts, as a share of their root mean square
LEAST_SHARE = 0.01  # of a related term in a small file


@dataclass(frozen=True)
class Recipe:
    """Facts about a model, and its settings for prediction.

    Attributes:
        name: Of the run.
        synthetic: Whether it was trained on a synthetic world, and says nothing about real proteins.
        relations: Along which annotations propagate.
        reported: min_score, max_terms and evidence_windows.
        encoder: The config section embeddings.residues.
        cutoffs: By aspect, the score from which so many percent of validation predictions were right, or None.
        facts: Further facts of the card.
        alone: Ensemble and cutoffs for predictions without known proteins, by these names; None where there are some.
        taxa: Taxon constraints of the ontology, rows of `CONSTRAINTS`.
        former_ids: Where ids lead that older releases have: by "alternative" the main id of each alternative one, by
            "obsolete" the replacement of each obsolete term, or None.
    """

    name: str
    synthetic: bool
    relations: tuple[str, ...]
    reported: Mapping[str, Any]
    encoder: Mapping[str, Any]
    cutoffs: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    taxa: Sequence[Sequence[str]] = ()
    alone: Mapping[str, Any] | None = None
    former_ids: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PackedEncoder:
    """The residue encoder as a model file holds it.

    Attributes:
        arrays: Its weights, where they are packed, and the vectors of the probes.
        document: encoder.json.
    """

    arrays: Mapping[str, NDArray]
    document: Mapping[str, Any]

    @classmethod
    def of_file(cls, file: ModelFile) -> "PackedEncoder":
        """That of another model with the same bank proteins, whose label model may have other terms."""
        arrays = {f"encoder/{name}": array for name, array in file.group("encoder").items()}
        arrays["probes/vectors"] = file.array("probes/vectors")
        return cls(arrays, file.document("encoder.json"))


def pack_model(
    path: Path | str,
    scorer: Scorer,
    bank: Bank,
    term_sets: pd.DataFrame,
    recipe: Recipe,
    manifest: Manifest,
    encoder: PackedEncoder | None = None,
    *,
    small: bool = False,
) -> None:
    """Write a model file; the same model is always the same bytes.

    Args:
        path: The file.
        scorer: The trained model, with its terms.
        bank: The proteins that its label model was fitted on; columns of labels are the scorer's terms.
        term_sets: Columns go_id, term_set.
        recipe: Facts and settings.
        manifest: Releases of what it was made from.
        encoder: The residue encoder; None: loaded by the recipe's settings.
        small: Whether the file is to be small: without sequences, in numbers of few bits.

    Raises:
        GoferError: The residue encoder cannot be loaded.
    """
    label_model, related = scorer.label_model, scorer.related
    aligned = label_model.facts()["aligned"]
    settings = {"relations": list(recipe.relations), **recipe.reported}
    if small:
        if len(bank.rows_V):  # of an updated small model the settings hold it already
            settings[AVERAGE] = bank.vectors_VD.mean(axis=0).round(6).tolist()
        label_model, bank = label_model.low_rank(), bank.rows([])
    labels = label_model.arrays(), {**label_model.facts(), "aligned": aligned}
    if encoder is None:
        encoder = _encoder(scorer, LabelModel.of_parts(*labels, None, None), bank, recipe.encoder)
    arrays = {
        **_terms_arrays(scorer, small),
        **_related_arrays(related, small),
        **_towers(scorer, small),
        **{f"labels/{name}": array for name, array in labels[0].items()},
        **bank.arrays(),
        **encoder.arrays,
    }
    documents: dict[str, Any] = {
        "card.json": _card(scorer, bank, recipe, encoder.document),
        "manifest.json": {"release": dict(manifest.release), "made_by": dict(manifest.made_by)},
        "former_ids.json": recipe.former_ids,
        "settings.json": settings,
        "encoder.json": encoder.document,
        "towers.json": {**asdict(scorer.space.model.sizes), **({"free_term_vectors": False} if small else {})},
        "labels.json": labels[1],
        "calibration.json": {**scorer.fitted(), "cutoffs": recipe.cutoffs, "alone": recipe.alone},
    }
    if recipe.taxa:
        documents[TAXA] = [list(row) for row in recipe.taxa]
    write_model_file(path, arrays, documents, {**_term_texts(scorer, term_sets), **bank.texts()}, small=small)


def _card(scorer: Scorer, bank: Bank, recipe: Recipe, encoder: Mapping[str, Any]) -> dict[str, Any]:
    aspects, counts = np.unique(scorer.label_model.aspects_T, return_counts=True)
    return {
        "name": recipe.name,
        "synthetic": recipe.synthetic,
        "terms": len(scorer.space.terms),
        "terms_seen": {str(aspect): int(count) for aspect, count in zip(aspects, counts, strict=True)},
        "bank_proteins": len(bank),
        "encoder": encoder["name"],
        **recipe.facts,
    }


def _terms_arrays(scorer: Scorer, small: bool) -> dict[str, NDArray]:
    space, terms = scorer.space, scorer.space.terms
    row_of = {go_id: row for row, go_id in enumerate(space.go_ids)}
    arrays = {
        "terms/depth": terms["depth"].to_numpy(np.int32),
        "terms/information_accretion": terms["information_accretion"].to_numpy(np.float64),
        "terms/training_count": terms["training_count"].to_numpy(np.int64),
        "terms/base_rate": space.base_rate_T,
    }
    # The texts are for searches and new releases; scores do without.
    if small:
        arrays |= coded("terms/vectors", space.z_TD, VECTOR_STEP) | coded("terms/texts", space.text_TG, TEXT_STEP)
    else:
        arrays |= {"terms/vectors": space.z_TD, "terms/texts": space.text_TG.astype(np.float16)}
        if "definition" in terms:
            arrays["terms/text_digests"] = text_digests(terms)  # by which a new release finds the texts that changed
    for relation in RELATIONS:
        if relation in terms:
            edges = [
                (child, row_of[parent])
                for child, parents in enumerate(terms[relation])
                for parent in parents
                if parent in row_of
            ]
            arrays[f"terms/{relation}"] = np.array(edges, dtype=np.int32).reshape(-1, 2)
    return arrays


def _term_texts(scorer: Scorer, term_sets: pd.DataFrame) -> dict[str, list[str]]:
    terms = with_term_sets(scorer.space.terms, term_sets)
    return {
        "terms/go_id.txt": scorer.space.go_ids,
        "terms/name.txt": [" ".join(name.split()) for name in terms["name"]],
        "terms/aspect.txt": terms["aspect"].tolist(),
        "terms/term_set.txt": terms["term_set"].tolist(),
        "towers/seen.txt": scorer.space.model.seen_go_ids,
    }


def _towers(scorer: Scorer, small: bool) -> dict[str, NDArray]:
    # What training added to the vectors of terms is in these already.
    tensors = scorer.space.model.state_dict().items()
    return {f"towers/{name}": tensor.numpy() for name, tensor in tensors if not (small and name == "free_vectors_TD")}


def _related_arrays(related: RelatedTerms, small: bool) -> dict[str, NDArray]:
    arrays = {"related/mean": related.mean_S, "related/strength": related.strength_T}
    for name in ("similar", "across", "ancestors"):
        matrix, part = getattr(related, f"{name}_TS"), f"related/{name}"
        arrays |= shares_of(part, matrix, LEAST_SHARE) if small else parts_of(part, matrix, np.int32)
    return arrays


def _encoder(scorer: Scorer, label_model: LabelModel, bank: Bank, settings: Mapping[str, Any]) -> PackedEncoder:
    # The weights of a small ESM-2 go along; whatever the file that they came from, nothing else is needed then.
    loaded = load_esm(settings["model"], offline=settings.get("offline", False))
    name, compute = short_name(settings["model"]), Compute.chosen("cpu", settings["precision"])
    store = settings.get("store", FLOAT16)
    encoder = ResidueEncoder.of_model(loaded, settings["layer"], name=name, compute=compute, store=store)
    document: dict[str, Any] = {
        "name": encoder.name,
        "model": name,
        "layer": settings["layer"],
        "precision": settings["precision"],
        "window_overlap": settings["window_overlap"],
        "sizes": None,
        **({} if store == FLOAT16 else {"store": store}),
    }
    arrays: dict[str, NDArray] = {}
    if isinstance(loaded.model, ESM2):
        sizes, tensors = esm2_parts(loaded.model)
        if sum(tensor.nbytes for tensor in tensors.values()) <= LARGEST_ENCODER:
            document["sizes"] = sizes
            arrays = {f"encoder/{name}": tensor.numpy() for name, tensor in tensors.items()}
    document["probes"] = probes = _probes(bank)
    found = dict(encoder.embed(probes, batch_residues=4096, window_overlap=settings["window_overlap"]))
    residues = [found[number].astype(np.float16) for number in range(len(probes))]
    summaries_BS = np.stack([summary(residues_LE) for residues_LE in residues])
    z_BD, _ = explain_packed(scorer.space.model, residues)
    regressed_BS = label_model.regressed(Described(z_BD, summaries_BS, probes))
    arrays["probes/vectors"] = np.array([found[number].mean(axis=0) for number in range(len(probes))], dtype=np.float32)
    arrays["probes/regressed"] = regressed_BS.astype(np.float16)
    return PackedEncoder(arrays, document)


def _probes(bank: Bank) -> list[str]:
    # Some short sequences of the bank, chosen by their digest; without a bank, random ones.
    if not len(bank):
        rng = np.random.Generator(np.random.PCG64(1))
        return ["M" + "".join(AMINO_ACIDS[int(20 * x)] for x in rng.random(100 * n)) for n in range(1, PROBES + 1)]
    short = sorted({sequence for sequence in bank.sequences if len(sequence) <= PROBE_RESIDUES}) or [
        min(bank.sequences, key=len)
    ]
    return sorted(short, key=lambda sequence: hashlib.sha256(sequence.encode()).digest())[:PROBES]
