"""A world of a few proteins and terms, small enough to train on within a second."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gofer.artefacts import Manifest
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence, collect_shards, plan_shards, write_index, write_shard
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.mining.faiss_index import TEXT, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.vocabulary import Vocabulary
from gofer.training.model import GoferModel, ModelSizes
from gofer.training.settings import StageConfig, TrainingConfig
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.windows import WindowLayout

SIZES = ModelSizes(
    residue_width=6, text_width=8, attention_width=4, hidden_width=10, shared_width=5, win_size=8, win_stride=4,
    dropout=0.1, temperature=(0.02, 0.5), free_term_vectors=True,
)  # fmt: skip
RELEASE = Manifest({"go_release": "tiny", "proteins_sha256": "tiny", "residue_encoder": "tiny"})
CURRICULUM = {
    "shape": "linear", "warmup": 0.1, "hard_frac": [0.0, 0.5], "shortlist_M": [4, 6], "k_hard": [2, 3],
    "random_k": [4, 4], "inbatch_easy": [1.0, 0.7], "hier_up": [1, 1], "hier_down": [1, 1],
}  # fmt: skip
BLOCK = {
    "text_phase": "A", "epochs": 2, "learning_rate": 0.01, "lambda_con": 1.0, "lambda_attr_start": 0.0,
    "lambda_attr_max": 0.2, "lambda_dag": 0.1, "curriculum": CURRICULUM,
}  # fmt: skip
TRAINING = {
    "win_size": 8, "win_stride": 4, "attention_width": 4, "hidden_width": 10, "shared_width": 5, "dropout": 0.1,
    "free_term_vectors": True, "objective": "infonce", "go_to_protein": True, "temperature": [0.02, 0.5],
    "batch_proteins": 6, "weight_decay": 0.01, "clip_norm": 1.0, "gamma": 0.9, "fs_target_ratio": 0.2,
    "dag_margin": 0.5, "attr_pairs": 1, "accumulate": 1, "patience": None, "checkpoint_minutes": 5, "wandb": "disabled",
    "processes": 1, "device": "cpu", "precision": "float32",
    "stages": dict.fromkeys("ABCD", BLOCK),
}  # fmt: skip


def random_model(seed: int = 0, sizes: ModelSizes = SIZES, terms: int = 4, *, dtype=torch.float32) -> GoferModel:
    """A model whose attention is not even any more, in evaluation mode."""
    torch.manual_seed(seed)
    model = GoferModel(sizes, [f"GO:{i}" for i in range(terms)]).to(dtype)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    return model.eval()


def random_residues(
    lengths: list[int], seed: int = 0, *, width: int = 6, win_size: int = 8, win_stride: int = 4, dtype=torch.float32
) -> tuple[torch.Tensor, WindowLayout]:
    """Packed residues of proteins of the given lengths."""
    generator = torch.Generator().manual_seed(seed)
    residues_RE = torch.randn(sum(lengths), width, generator=generator, dtype=dtype)
    return residues_RE, WindowLayout.of_lengths(lengths, win_size=win_size, win_stride=win_stride)


@dataclass(frozen=True)
class TinyWorld:
    """Tables of the `inputs` stage, residues and texts."""

    proteins: pd.DataFrame
    splits: pd.DataFrame
    terms: pd.DataFrame
    term_sets: pd.DataFrame
    pid2pos: pd.DataFrame
    store: ESMResidueStore
    texts: GoLookupCache

    def data(self) -> StageData:
        """As rule train_stage joins it."""
        vocabulary = Vocabulary.of_tables(self.terms, self.term_sets, self.texts, relations=["is_a", "part_of"])
        train, val = (
            LabelledProteins.of_split(self.store, self.proteins, self.pid2pos, split, vocabulary.go_ids)
            for split in ("train", "val")
        )
        return StageData(train, val, vocabulary)

    def begin(self, *, stage="A", training=TRAINING, previous=None, seed=1, index="exact"):
        """Everything that `train_stage` asks for but the tracker."""
        data = self.data()
        model = begin_model(data, training, seed=seed, previous=previous)
        terms = TermIndex.of_vectors(data.vocabulary.go_ids, data.vocabulary.text_TG, space=TEXT, kind=index)
        miner = Miner(terms, data.vocabulary.go_ids, data.vocabulary.text_TG)
        config = TrainingConfig.from_config(training, {"refresh_epochs": 1}, seed)
        return model, data, miner, StageConfig.from_config(training, stage), config


def _terms() -> pd.DataFrame:
    parents = {
        "GO:0000": [], "GO:0001": ["GO:0000"], "GO:0002": ["GO:0001"], "GO:0003": ["GO:0001"], "GO:0004": ["GO:0000"],
        "GO:0005": ["GO:0002"], "GO:1000": [], "GO:1001": ["GO:1000"], "GO:1002": ["GO:1001"], "GO:1003": ["GO:1001"],
    }  # fmt: skip
    table = pd.DataFrame(
        {
            "go_id": list(parents),
            "name": [f"name of {go_id}" for go_id in parents],
            "aspect": ["MFO" if go_id < "GO:1" else "BPO" for go_id in parents],
            "is_a": list(parents.values()),
            "part_of": [[] for _ in parents],
            "depth": [0, 1, 2, 2, 1, 3, 0, 1, 2, 2],
        }
    )
    return table.assign(information_accretion=[0.0 if depth == 0 else 1.0 + depth for depth in table["depth"]])


def _labels(rng, terms, protein_ids, zero):
    parents = dict(zip(terms["go_id"], terms["is_a"], strict=True))
    rows = []
    for number, protein_id in enumerate(protein_ids):
        stated = {["GO:0002", "GO:0003", "GO:0004"][number % 3], ["GO:1002", "GO:1003"][number % 2]}
        hops, level, steps = {}, stated, 0
        while level:
            hops |= {go_id: steps for go_id in level if go_id not in hops and parents[go_id] and go_id not in zero}
            level, steps = {above for go_id in level for above in parents[go_id]}, steps + 1
        go_ids = sorted(hops)
        rows.append({"protein_id": protein_id, "go_ids": go_ids, "hops": [hops[g] for g in go_ids], "true_ids": go_ids})
    return pd.DataFrame(rows)


def _residues(rng, pid2pos, lengths, signal):
    # A stretch of each stated term's direction, so that there is something to learn.
    for positives, length in zip(pid2pos.to_dict("records"), lengths, strict=True):
        residues_LE = rng.normal(size=(length, SIZES.residue_width)) * 0.3
        for go_id, hops in zip(positives["go_ids"], positives["hops"], strict=True):
            if hops == 0:
                start = int(rng.integers(0, max(1, length - 6)))
                residues_LE[start : start + 6] += signal[go_id]
        yield residues_LE.astype(np.float32)


def make_world(folder: Path, *, n_proteins: int = 24, longest: int | None = None) -> TinyWorld:
    """Two aspects, ten terms of which GO:0005 is zero-shot, proteins of 3 to 40 residues in two shards.

    With `longest`, the first training and the last validation protein have so many.
    """
    rng = np.random.default_rng(3)
    terms, zero = _terms(), {"GO:0005"}
    protein_ids = [f"P{i:02d}" for i in range(n_proteins)]
    lengths = rng.integers(3, 41, n_proteins).tolist()
    if longest:
        lengths[0] = lengths[-1] = longest
    pid2pos = _labels(rng, terms, protein_ids, zero)
    splits = ["train"] * (n_proteins - 8) + ["val"] * 8
    pid2pos = pid2pos.assign(split=splits)
    shas = [hashlib.sha256(protein_id.encode()).hexdigest() for protein_id in protein_ids]
    proteins = pd.DataFrame({"protein_id": protein_ids, "sequence_sha256": shas, "length": lengths, "description": ""})
    signal = {go_id: rng.normal(size=SIZES.residue_width) * 2 for go_id in terms["go_id"]}
    vectors = dict(zip(protein_ids, _residues(rng, pid2pos, lengths, signal), strict=True))
    store = _written(folder / "embeddings", proteins, vectors)
    train = pid2pos[pid2pos["split"] == "train"]["go_ids"].explode().value_counts()
    counts = terms["go_id"].map(train).fillna(0).astype(int).where(terms["depth"] > 0, n_proteins - 8)
    sets = np.where(counts == 0, "zero", np.where(counts <= 5, "few", "common"))
    texts_TG = rng.normal(size=(len(terms), SIZES.text_width)).astype(np.float32)
    texts_TG /= np.linalg.norm(texts_TG, axis=1, keepdims=True)
    return TinyWorld(
        proteins=proteins,
        splits=pd.DataFrame({"protein_id": protein_ids, "split": splits}),
        terms=terms.assign(training_count=counts),
        term_sets=pd.DataFrame({"go_id": terms["go_id"], "term_set": sets, "held_out": sets == "zero"}),
        pid2pos=pid2pos,
        store=store,
        texts=GoLookupCache(terms["go_id"].tolist(), texts_TG),
    )


def _written(folder: Path, proteins: pd.DataFrame, vectors: dict[str, np.ndarray]) -> ESMResidueStore:
    plan = plan_shards(proteins, 2)
    protein_of = dict(zip(proteins["sequence_sha256"], proteins["protein_id"], strict=True))

    def named(row):
        protein_id = protein_of[row.sequence_sha256]
        return protein_id, row.length, vectors[protein_id]

    paths = []
    for shard, planned in plan.groupby("shard"):
        paths.append(folder / f"shard-{shard}.parquet")
        rows = [EmbeddedSequence(row.sequence_sha256, *named(row)) for row in planned.itertuples()]
        write_shard(
            paths[-1], rows, planned, form=ResidueForm(SIZES.residue_width), manifest=RELEASE.only("residue_encoder")
        )
    index, manifest = collect_shards(paths, plan)
    write_index(folder / "manifest.parquet", index, manifest)
    return ESMResidueStore(folder / "manifest.parquet")
