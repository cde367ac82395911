"""Proteins and models that the embedding tests share."""

import hashlib
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from esm.data import Alphabet
from esm.model.esm1 import ProteinBertModel
from esm.model.esm2 import ESM2

from gofer.artefacts import Manifest, read_manifest
from gofer.embeddings.residues.embed_shard import Extraction
from gofer.embeddings.residues.esm import LoadedESM
from gofer.embeddings.residues.residue_cache import ResidueCache
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.shards import collect_shards, plan_shards, sequences_of_shard, write_index, write_shard

RESIDUES = list("LAGVSERTIDPKQNFYMHWCXUZB")


def sequence(length: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(RESIDUES, length))


def proteins_of(sequences: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "protein_id": [f"P{i}" for i in range(len(sequences))],
            "sequence": sequences,
            "length": [len(s) for s in sequences],
            "sequence_sha256": [hashlib.sha256(s.encode()).hexdigest() for s in sequences],
        }
    )


def shaken(model: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The model with every weight disturbed, biases and norms too, so that no term is trivially right."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def esm2(layers: int = 2, width: int = 32, heads: int = 4, *, token_dropout: bool = True) -> ESM2:
    return shaken(ESM2(layers, width, heads, "ESM-1b", token_dropout))


SIZES = {"layers": 2, "embed_dim": 16, "ffn_embed_dim": 32, "attention_heads": 2}


def esm1b(*, norm_before: bool = True, token_dropout: bool = True) -> tuple[ProteinBertModel, Namespace]:
    """ESM-1b; without the first norm ESM-1v."""
    arguments = Namespace(
        arch="roberta_large",
        max_positions=1024,
        token_dropout=token_dropout,
        emb_layer_norm_before=norm_before,
        final_bias=True,
        **SIZES,
    )
    return shaken(ProteinBertModel(arguments, Alphabet.from_architecture("ESM-1b"))), arguments


def esm1(*, final_bias: bool = True) -> tuple[ProteinBertModel, Namespace]:
    """ESM-1: another alphabet, sines for positions, one learned key and value, no last norm."""
    arguments = Namespace(arch="protein_bert_base", final_bias=final_bias, **SIZES)
    return shaken(ProteinBertModel(arguments, alphabet_of(arguments))), arguments


def alphabet_of(arguments: Namespace) -> Alphabet:
    return Alphabet.from_architecture(arguments.arch)


def loaded(model: torch.nn.Module, most_residues: int = 1022) -> LoadedESM:
    return LoadedESM(
        model, Alphabet.from_architecture("ESM-1b"), len(model.layers), model.embed_tokens.embedding_dim, most_residues
    )


def by_fair_esm(
    model: torch.nn.Module, sequences: list[str], layer: int, alphabet: Alphabet | None = None
) -> list[np.ndarray]:
    """What fair-esm's converter and forward give, one sequence at a time."""
    convert = (alphabet or Alphabet.from_architecture("ESM-1b")).get_batch_converter()
    found = []
    for one in sequences:
        _, _, tokens = convert([("", one)])
        with torch.no_grad():
            found.append(model(tokens, repr_layers=[layer])["representations"][layer][0, 1 : len(one) + 1].numpy())
    return found


def embedded(encoder: ResidueEncoder, sequences: list[str], batch: int = 300, overlap: int = 8) -> list[np.ndarray]:
    found = dict(encoder.embed(sequences, batch_residues=batch, window_overlap=overlap))
    return [found[i] for i in range(len(sequences))]


def no_cache(encoder: ResidueEncoder) -> ResidueCache:
    return ResidueCache(None, encoder=encoder.name, form=encoder.form, window_overlap=8)


def write_rows(
    path: Path, sequences: pd.DataFrame, encoder: ResidueEncoder, cache: ResidueCache | None = None
) -> Extraction:
    """What rule extract_residues does."""
    cache = cache or no_cache(encoder)
    extraction = Extraction(sequences, encoder, cache, batch_residues=300, window_overlap=8)
    manifest = Manifest({"residue_encoder": encoder.name}, {"window_overlap": 8})
    write_shard(path, extraction.rows(), sequences, form=encoder.form, manifest=manifest)
    cache.add(path)
    return extraction


def write_store(
    folder: Path, proteins: pd.DataFrame, encoder: ResidueEncoder, shards: int = 2, cache: ResidueCache | None = None
) -> Path:
    """All that the rules do, without Snakemake; the manifest's path."""
    plan = plan_shards(proteins, shards)
    paths = []
    for number in range(shards):
        sequences = sequences_of_shard(proteins, plan, f"{number:05d}")
        paths.append(folder / f"shard-{number:05d}.parquet")
        write_rows(paths[-1], sequences, encoder, cache)
        assert read_manifest(paths[-1]).release == {"residue_encoder": encoder.name}
    index, manifest = collect_shards(paths, plan)
    write_index(folder / "manifest.parquet", index, manifest)
    return folder / "manifest.parquet"


class Rows:
    """A data set over a store, for workers of a DataLoader."""

    def __init__(self, store, shas):
        self.store, self.shas = store, shas

    def __len__(self):
        return len(self.shas)

    def __getitem__(self, row):
        return self.store[self.shas[row]].copy()
