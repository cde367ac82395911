"""Proteins as crops with masked residues; the batch of a step depends only on the seed and the step.

Shapes: N proteins, R tokens packed, M masked places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from esm.data import Alphabet
from numpy.typing import NDArray

from gofer.embeddings.packing import tight_batches
from gofer.embeddings.pretraining.masked_forward import MaskedBatch
from gofer.embeddings.pretraining.ngrams import RESIDUES
from gofer.embeddings.residues.packed_esm import Tokens
from gofer.errors import GoferError
from gofer.inputs.splits.clusters import cluster

AS_MASK, AS_RANDOM = 0.8, 0.1  # BERT's recipe, which ESM-2 follows; the rest is unchanged
# Each random draw has a separate stream.
SPLIT, ORDER, STEP, HELD_OUT = range(4)


def hold_out(sequences: Sequence[str], *, share: float, identity: float, seed: int) -> tuple[list[str], list[str]]:
    """The training sequences, and the held-out ones: whole clusters, drawn while they fit into `share`.

    Args:
        sequences: Upper-case residues.
        share: Of all residues, in (0, 1).
        identity: Proteins at least this similar share a cluster, in (0, 1].
        seed: Seed of the draw.

    Raises:
        GoferError: The proteins fall into too few clusters for both sides to have one.
    """
    cluster_N = cluster(sequences, identity=identity, clusterer="kmers").number_N
    size_C = np.bincount(cluster_N, weights=[len(sequence) for sequence in sequences])
    room = share * size_C.sum()
    held_C = np.zeros(len(size_C), dtype=bool)
    for number in np.random.default_rng([seed, SPLIT]).permutation(len(size_C)):
        if size_C[number] <= room:
            held_C[number] = True
            room -= size_C[number]
    if not held_C.any() or held_C.all():
        raise GoferError(
            f"no share of {share:g} can be held out of {len(sequences)} proteins in {len(size_C)} clusters",
            help="give more proteins, or a larger embeddings.pretraining.held_out",
        )
    held_N = held_C[cluster_N]
    kept = [sequence for sequence, held in zip(sequences, held_N, strict=True) if not held]
    return kept, [sequence for sequence, held in zip(sequences, held_N, strict=True) if held]


@dataclass(frozen=True, eq=False)
class Masking:
    """Which residues are predicted, and what replaces them.

    Attributes:
        share: Share of the residues that are predicted, in (0, 1).
        as_mask: Share of these that the mask token replaces.
        as_random: Share that a random residue replaces; the rest is unchanged.
    """

    share: float
    as_mask: float = AS_MASK
    as_random: float = AS_RANDOM


class Crops:
    """Proteins as token numbers, cropped and masked.

    Args:
        sequences: Upper-case residues.
        alphabet: The model's.
        crop: Most residues of a crop.
    """

    def __init__(self, sequences: Sequence[str], alphabet: Alphabet, *, crop: int) -> None:
        tokens = Tokens(alphabet)
        self.begin, self.end, self.mask = alphabet.cls_idx, alphabet.eos_idx, alphabet.mask_idx
        self.residues = np.array([alphabet.get_idx(residue) for residue in RESIDUES])
        self.crop = crop
        self.proteins = [tokens.of(sequence)[1:-1] for sequence in sequences]
        # A protein longer than a crop is drawn as often as crops fit into it.
        self.pieces = np.repeat(np.arange(len(sequences)), [-(-len(sequence) // crop) for sequence in sequences])

    def batch(self, step: int, *, crops: int, masking: Masking, seed: int) -> MaskedBatch:
        """The batch of a step: the next `crops` pieces of an endless row of shuffled passes."""
        rng = np.random.default_rng([seed, STEP, step])
        first = step * crops
        chosen = [self._piece(number, seed) for number in range(first, first + crops)]
        return self._masked([self._cropped(self.proteins[i], rng) for i in chosen], masking, rng)

    def whole(self, *, batch_residues: int, masking: Masking, seed: int) -> Iterator[MaskedBatch]:
        """Every protein once, from its first residue to at most a crop, masked the same way at every call."""
        rng = np.random.default_rng([seed, HELD_OUT])
        heads = [protein[: self.crop] for protein in self.proteins]
        for positions in tight_batches([len(head) for head in heads], most=batch_residues):
            yield self._masked([heads[i] for i in positions], masking, rng)

    def _piece(self, number: int, seed: int) -> int:
        turn, place = divmod(number, len(self.pieces))
        return int(self.pieces[_shuffled(len(self.pieces), seed, turn)[place]])

    def _cropped(self, protein: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        start = int(rng.integers(max(len(protein) - self.crop, 0) + 1))
        return protein[start : start + self.crop]

    def _masked(self, crops: Sequence[NDArray[np.int64]], masking: Masking, rng: np.random.Generator) -> MaskedBatch:
        crops = sorted(crops, key=len)
        truth_R = np.concatenate([np.concatenate([[self.begin], crop, [self.end]]) for crop in crops])
        known = np.flatnonzero(np.isin(truth_R, self.residues))
        places_M = known[rng.random(len(known)) < masking.share]
        way_M = rng.random(len(places_M))
        seen_R = truth_R.copy()
        seen_R[places_M[way_M < masking.as_mask]] = self.mask
        other_M = places_M[(way_M >= masking.as_mask) & (way_M < masking.as_mask + masking.as_random)]
        seen_R[other_M] = rng.choice(self.residues, len(other_M))
        lengths = [len(crop) + 2 for crop in crops]
        return MaskedBatch(
            torch.from_numpy(seen_R), lengths, torch.from_numpy(places_M), torch.from_numpy(truth_R[places_M])
        )


@lru_cache(maxsize=2)
def _shuffled(pieces: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, ORDER, turn]).permutation(pieces)
