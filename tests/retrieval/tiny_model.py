"""A model of a few proteins and terms, packed into a file: an untrained encoder, random towers, three families."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gofer.artefacts import Manifest
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.inputs.label_matrix import label_matrix
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.bank import Bank
from gofer.retrieval.ensemble import AspectEnsemble, Ensemble
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.kernel_ridge import SIMILARITIES, KernelWeights
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.pack import Recipe, pack_model
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.residue_evidence import explain_packed
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.term_space import TermSpace
from gofer.training.model import GoferModel, ModelSizes

ENCODER = {"model": "untrained_t1_d8_h2", "layer": "last", "precision": "float32", "window_overlap": 8}
SIZES = ModelSizes(
    residue_width=8, text_width=8, attention_width=4, hidden_width=10, shared_width=6, win_size=16, win_stride=8,
    dropout=0.0, temperature=(0.02, 0.5), free_term_vectors=True,
)  # fmt: skip
PARENTS = {
    "GO:0003674": [], "GO:0003824": ["GO:0003674"], "GO:0016787": ["GO:0003824"], "GO:0005488": ["GO:0003674"],
    "GO:0016740": ["GO:0003824"], "GO:0008150": [], "GO:0008152": ["GO:0008150"], "GO:0009987": ["GO:0008150"],
    "GO:0005575": [], "GO:0005634": ["GO:0005575"], "GO:0032991": ["GO:0005575"], "GO:0000502": ["GO:0032991"],
}  # fmt: skip
NAMES = [
    "molecular_function", "catalytic activity", "hydrolase activity", "binding", "transferase activity",
    "biological_process", "metabolic process", "cellular process",
    "cellular_component", "nucleus", "protein-containing complex", "proteasome complex",
]  # fmt: skip
ASPECT = ["MFO"] * 5 + ["BPO"] * 3 + ["CCO"] * 4
STATED = (
    ("GO:0016787", "GO:0008152", "GO:0000502"),
    ("GO:0005488", "GO:0009987", "GO:0005634"),
    ("GO:0003824", "GO:0008152"),
)
CUTOFFS = {aspect: {"50": 0.2, "70": 0.4, "90": None} for aspect in ("MFO", "BPO", "CCO")}
FORMER_IDS = {"alternative": {"GO:0009998": "GO:0008152"}, "obsolete": {"GO:0009997": "GO:0005634", "GO:0009996": None}}
AMINO_ACIDS = list("ACDEFGHIKLMNPQRSTVWY")


@dataclass(frozen=True)
class TinyModel:
    """A packed model, and the proteins that it knows.

    Attributes:
        path: The model file.
        proteins: Columns protein_id, sequence, family.
    """

    path: Path
    proteins: pd.DataFrame

    def fasta(self, path: Path, rows=slice(None)) -> Path:
        """Some of its proteins as a FASTA file, under other names."""
        chosen = self.proteins.iloc[rows]
        path.write_text("".join(f">Q{i:03d} query {i}\n{row.sequence}\n" for i, row in enumerate(chosen.itertuples())))
        return path


def make_model(
    folder: Path,
    *,
    name="tiny",
    synthetic=False,
    per_family=8,
    texts=None,
    taxa=(),
    small=False,
    alone=None,
    facts=None,
    blend=None,
) -> TinyModel:
    """Pack a model of three families of proteins; the terms' texts are random, or `NAMES` as an encoder embeds them.

    A blend scores molecular function.
    """
    proteins, annotations = _proteins(per_family)
    terms = _terms(annotations)
    scorer, known = _scorer(proteins, annotations, terms, texts, blend)
    descriptions = {protein_id: f"Protein of {protein_id} OS=Nobody OX=9" for protein_id in known.protein_ids}
    sequence_of = dict(zip(proteins["protein_id"], proteins["sequence"], strict=True))
    bank = Bank.of_tables(known, sequence_of, descriptions, annotations, terms)
    reported = {"min_score": 0.01, "max_terms": 500, "evidence_windows": 2, "evidence_codes": ["IDA"]}
    recipe = Recipe(
        name, synthetic, ("is_a", "part_of"), reported, ENCODER, CUTOFFS, facts or {"validation": {}}, taxa, alone
    )
    recipe = replace(recipe, former_ids=FORMER_IDS)
    counts = terms["training_count"]
    sets = terms[["go_id"]].assign(
        term_set=np.where(counts == 0, "zero", np.where(counts <= per_family, "few", "common"))
    )
    release = {"go_release": "releases/2015-07-11", "residue_encoder": "tiny"}
    manifest = Manifest(release if texts is None else {**release, "text_encoder": texts.name})
    pack_model(folder / f"{name}.gofer", scorer, bank, sets, recipe, manifest, small=small)
    return TinyModel(folder / f"{name}.gofer", proteins)


def _proteins(per_family):
    rng = np.random.default_rng(11)
    rows, stated = [], []
    for family, go_ids in enumerate(STATED):
        first = rng.choice(AMINO_ACIDS, 60)
        for number in range(per_family):
            changed = np.where(rng.random(60) < 0.15 * (number > 0), rng.choice(AMINO_ACIDS, 60), first)
            protein_id = f"P{family}{number:04d}"
            rows.append((protein_id, "".join(changed), family))
            stated += [(protein_id, go_id) for go_id in go_ids]
    labels = set(stated)
    for protein_id, go_id in stated:
        above = list(PARENTS[go_id])
        while above:
            parent = above.pop()
            labels.add((protein_id, parent))
            above += PARENTS[parent]
    proteins = pd.DataFrame(rows, columns=["protein_id", "sequence", "family"])
    return proteins, pd.DataFrame(sorted(labels), columns=["protein_id", "go_id"])


def _terms(annotations):
    depth = {}
    for go_id, parents in PARENTS.items():
        depth[go_id] = 1 + max((depth[parent] for parent in parents), default=-1)
    counts = annotations["go_id"].value_counts()
    return pd.DataFrame(
        {
            "go_id": list(PARENTS),
            "name": [f"name of {go_id}" for go_id in PARENTS],
            "definition": [f"What {go_id} is." for go_id in PARENTS],
            "synonyms": [[] for _ in PARENTS],
            "aspect": ASPECT,
            "is_a": list(PARENTS.values()),
            "part_of": [[] for _ in PARENTS],
            "depth": [depth[go_id] for go_id in PARENTS],
            "information_accretion": [float(depth[go_id]) for go_id in PARENTS],
            "training_count": [int(counts.get(go_id, 0)) for go_id in PARENTS],
        }
    )


def _scorer(proteins, annotations, terms, texts, blend):
    torch.manual_seed(2)
    seen = terms[(terms["training_count"] > 0) & (terms["depth"] > 0)]
    rng = np.random.default_rng(12)
    texts_TG = rng.normal(size=(len(terms), SIZES.text_width)).astype(np.float32)
    texts_TG /= np.linalg.norm(texts_TG, axis=1, keepdims=True)
    if texts is not None:
        texts_TG = texts.embed(NAMES, NAMES)
    model = GoferModel(replace(SIZES, text_width=texts_TG.shape[1]), seen["go_id"].tolist())
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    space = TermSpace.of_model(model.eval(), terms, GoLookupCache(terms["go_id"].tolist(), texts_TG))
    encoder = ResidueEncoder.load(ENCODER["model"], "last")
    sequences = proteins["sequence"].tolist()
    found = dict(encoder.embed(sequences, batch_residues=4096, window_overlap=8))
    residues = [found[row].astype(np.float16) for row in range(len(sequences))]
    z_ND, _ = explain_packed(space.model, residues)
    summaries_NS = np.stack([summary(residues_LE) for residues_LE in residues])
    known = ProteinVectors(proteins["protein_id"].tolist(), np.full(len(proteins), "train"), z_ND, summaries_NS)
    kernel = KernelWeights(**dict.fromkeys(SIMILARITIES, 1.0), sharpness=3.0, ridge=1.0, evenness=0.25, landmarks=99)
    labels_NT = label_matrix(annotations, known.protein_ids, seen["go_id"])
    described = known.described(dict(zip(known.protein_ids, sequences, strict=True)))
    label_model = LabelModel.fit(
        described, labels_NT, seen["go_id"].tolist(), seen["aspect"].to_numpy(str), kernel, aligned=99, seed=1
    )
    ensemble = Ensemble({aspect: AspectEnsemble(5.0, 0.75) for aspect in ("MFO", "BPO", "CCO")})
    if blend is not None:
        ensemble.aspects["MFO"] = replace(ensemble.aspects["MFO"], blend=blend)
    return Scorer(space, Calibration({"MFO": (0.2, 0.8, 0.1)}), label_model, ensemble), known
