"""A kernel ridge regression in the few components in which its predictions vary, for a small model file.

The weights of M landmarks for T terms become weights for R components, and loadings of the terms on these. The
components are the main ones of the predictions for the landmarks: no R others lose less of them. The k-mers' part of
the kernel is linear, so the landmarks' k-mers are not needed: each k-mer gets a weight for each component. K-mers of 4
share `BUCKETS` of these, with signs, as in feature hashing (Weinberger et al. 2009, arXiv:0902.2206).
Shapes: N proteins, M landmarks, T terms, R components, V k-mers, H rows of weights of k-mers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.retrieval.coded_vectors import coded, decoded
from gofer.retrieval.features.sequence_features import SequenceFeatures
from gofer.retrieval.kernel_ridge import PROTEINS_AT_ONCE, KernelRidge, KernelWeights, ProteinFeatures, kernel

RANK = 128
BUCKETS = 1 << 14
SHORT = 3  # residues of a k-mer that has a row of its own
COARSE = 0.05  # step of coded numbers, as a share of their root mean square
FINE = 0.02
STABLE = 0.01  # added to a term's share before its column is scaled, so that the rarest do not count most


@dataclass(frozen=True, eq=False)
class LowRankRidge:
    """A regression in few components.

    Attributes:
        landmarks: Features of the landmark proteins, without k-mers.
        weight_MR: Weight of each landmark for each component.
        kmer_weight_HR: Weight of k-mers, by their row of `hashing_VH`.
        hashing_VH: The row of each k-mer, and its sign.
        loading_RT: Of each component on each term.
        mean_T: As in `KernelRidge`.
        weights: The kernel.
    """

    landmarks: ProteinFeatures
    weight_MR: NDArray[np.float32]
    kmer_weight_HR: NDArray[np.float32]
    hashing_VH: sp.csr_array
    loading_RT: NDArray[np.float32]
    mean_T: NDArray[np.float32]
    weights: KernelWeights

    @classmethod
    def of(cls, ridge: KernelRidge, kmers: Sequence[str], *, rank: int = RANK) -> "LowRankRidge":
        """The nearest regression of a rank.

        Args:
            ridge: A fitted regression.
            kmers: The k-mers of the columns of its landmarks' features.
            rank: Number of components; no more than landmarks or terms.
        """
        among_MM = kernel(ridge.landmarks, ridge.landmarks, ridge.weights)
        scale_T = np.sqrt(ridge.mean_T + np.float32(STABLE))
        offsets_MT = among_MM.astype(np.float32) @ (ridge.weight_MT / scale_T)
        left_MR, sizes_R = _main_components(offsets_MT, rank)
        right_RT = (left_MR / sizes_R).T @ offsets_MT
        # A component has a variance of 1 over the landmarks, so that rounding costs the same in each.
        spread_R = sizes_R / np.float32(np.sqrt(len(left_MR)))
        weight_MR = (ridge.weight_MT / scale_T) @ right_RT.T / spread_R
        hashing_VH = _hashing(kmers)
        kmers_MV = ridge.landmarks.sequence.kmers_NV
        kmer_weight_HR = (kmers_MV @ hashing_VH).T @ (np.float32(ridge.weights.kmers) * weight_MR)
        return cls(
            _without_kmers(ridge.landmarks),
            weight_MR,
            kmer_weight_HR,
            hashing_VH,
            spread_R[:, None] * right_RT * scale_T,
            ridge.mean_T,
            ridge.weights,
        )

    def predict(self, features: ProteinFeatures) -> NDArray[np.float32]:
        """As `KernelRidge.predict`."""
        weights = replace(self.weights, kmers=0.0)
        offsets_NT = np.zeros((len(features), len(self.mean_T)), np.float32)
        for start in range(0, len(features), PROTEINS_AT_ONCE):
            block = slice(start, start + PROTEINS_AT_ONCE)
            some = features.rows(block)
            along_NR = kernel(some, self.landmarks, weights).astype(np.float32) @ self.weight_MR
            along_NR += (some.sequence.kmers_NV @ self.hashing_VH) @ self.kmer_weight_HR
            offsets_NT[block] = along_NR @ self.loading_RT
        offsets_NT += self.mean_T
        return np.clip(offsets_NT, 0, 1, out=offsets_NT)

    def arrays(self) -> dict[str, NDArray]:
        """Its numbers, coded."""
        landmarks, sequence = self.landmarks, self.landmarks.sequence
        if landmarks.learned_ND is None or landmarks.residues_NS is None:
            raise ValueError("a regression without learned vectors has no small form")
        return {
            "mean": self.mean_T,
            "weight": self.weight_MR,
            **coded("kmer_weight", self.kmer_weight_HR, COARSE),
            **coded("loading", self.loading_RT.T, FINE),
            **coded("learned", landmarks.learned_ND, COARSE),
            **coded("residues", landmarks.residues_NS, COARSE),
            **coded("composition", sequence.composition_NC, COARSE),
            **coded("segments", sequence.segments_NE, COARSE),
            **coded("physics", sequence.physics_NF, COARSE),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray], kmers: Sequence[str], weights: KernelWeights) -> "LowRankRidge":
        """The inverse of `arrays`.

        Raises:
            KeyError: A part is missing.
            ValueError: They do not fit each other.
        """
        dense = (decoded(name, arrays).astype(np.float64) for name in ("composition", "segments", "physics"))
        weight_MR = arrays["weight"]
        sequence = SequenceFeatures(sp.csr_array((len(weight_MR), 0), dtype=np.float32), *dense)
        residues_NS = decoded("residues", arrays).astype(np.float64)
        found = cls(
            ProteinFeatures(decoded("learned", arrays), residues_NS, sequence),
            weight_MR,
            decoded("kmer_weight", arrays),
            _hashing(kmers),
            np.ascontiguousarray(decoded("loading", arrays).T),
            arrays["mean"],
            weights,
        )
        found._refuse_other_shapes()
        return found

    def _refuse_other_shapes(self) -> None:
        landmarks, sequence = self.landmarks, self.landmarks.sequence
        of_landmarks = (landmarks.learned_ND, landmarks.residues_NS, sequence.composition_NC, sequence.segments_NE)
        rows = {len(rows_MX) for rows_MX in (*of_landmarks, sequence.physics_NF, self.weight_MR) if rows_MX is not None}
        ranks = {self.weight_MR.shape[1], self.kmer_weight_HR.shape[1], len(self.loading_RT)}
        buckets = {self.hashing_VH.shape[1], len(self.kmer_weight_HR)}
        terms = {self.loading_RT.shape[1], len(self.mean_T)}
        if any(len(sizes) > 1 for sizes in (rows, ranks, buckets, terms)):
            raise ValueError(f"landmarks {rows}, components {ranks}, k-mers {buckets} and terms {terms} differ")


def _main_components(offsets_MT: NDArray[np.float32], rank: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    # Left singular vectors (M, R) and singular values (R), the largest first.
    landmarks = len(offsets_MT)
    first = max(landmarks - min(rank, *offsets_MT.shape), 0)
    squared_R, left_MR = scipy.linalg.eigh(
        (offsets_MT @ offsets_MT.T).astype(np.float64), subset_by_index=(first, landmarks - 1)
    )
    kept_R = squared_R > squared_R[-1] * np.finfo(np.float32).eps
    left_MR, squared_R = left_MR[:, kept_R][:, ::-1], squared_R[kept_R][::-1]
    return np.ascontiguousarray(left_MR, np.float32), np.sqrt(squared_R).astype(np.float32)


def _hashing(kmers: Sequence[str]) -> sp.csr_array:
    # Longer k-mers share rows: (bucket, sign) of the k-mer's number, mixed by Knuth's multiplicative hash.
    number_V = np.arange(len(kmers), dtype=np.uint64)
    long_V = np.array([len(kmer) > SHORT for kmer in kmers], dtype=bool)
    mixed_V = (number_V + np.uint64(1)) * np.uint64(2654435761) % np.uint64(1 << 32)
    row_V = np.where(long_V, mixed_V % np.uint64(BUCKETS), np.uint64(BUCKETS) + np.cumsum(~long_V) - 1).astype(np.int64)
    sign_V = np.where(long_V & (mixed_V >> np.uint64(31) > 0), -1, 1).astype(np.float32)
    shape = len(kmers), BUCKETS + int((~long_V).sum())
    return sp.csr_array((sign_V, (np.arange(len(kmers)), row_V)), shape=shape)


def _without_kmers(landmarks: ProteinFeatures) -> ProteinFeatures:
    none_MV = sp.csr_array((len(landmarks), 0), dtype=np.float32)
    return replace(landmarks, sequence=replace(landmarks.sequence, kmers_NV=none_MV))
