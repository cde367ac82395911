"""Made-up proteins: random ones, families, and tables of them."""

import hashlib

import numpy as np
import pandas as pd

RESIDUES = list("ACDEFGHIKLMNPQRSTVWY")


def random_protein(rng: np.random.Generator, length: int = 200) -> str:
    """Residues drawn similar."""
    return "".join(rng.choice(RESIDUES, length))


def mutated(rng: np.random.Generator, sequence: str, share: float) -> str:
    """The protein with so many of its residues replaced by others."""
    places = set(rng.choice(len(sequence), round(share * len(sequence)), replace=False).tolist())
    others = [[letter for letter in RESIDUES if letter != residue] for residue in sequence]
    return "".join(rng.choice(others[at]) if at in places else residue for at, residue in enumerate(sequence))


def families(seed: int, n: int = 40, members: int = 5, changed: float = 0.2) -> tuple[list[str], list[int]]:
    """Proteins of families, members side by side, and the family of each."""
    rng = np.random.default_rng(seed)
    scaffolds = [random_protein(rng) for _ in range(n)]
    sequences = [mutated(rng, scaffold, changed) for scaffold in scaffolds for _ in range(members)]
    return sequences, [number for number in range(n) for _ in range(members)]


def proteins_of(sequences: list[str]) -> pd.DataFrame:
    """The table of proteins P0000, P0001, …"""
    hashes = [hashlib.sha256(sequence.encode()).hexdigest() for sequence in sequences]
    ids = [f"P{number:04d}" for number in range(len(sequences))]
    return pd.DataFrame({"protein_id": ids, "sequence": sequences, "sequence_sha256": hashes})
