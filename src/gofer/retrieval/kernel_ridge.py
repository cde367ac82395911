"""From proteins with known labels to the labels of others: kernel ridge regression in a space of protein features.

For each aspect a ridge regression predicts how far a protein's labels are from the mean of the training proteins. As
its loss is squared, the result estimates the share of similar proteins that have a term: a probability, except for the
shrinkage of the ridge. With more training proteins than `landmarks`, functions of that many of them are fitted to all
(subset of regressors; Rasmussen & Williams 2006, chapter 8.3.1); with fewer, this is exact kernel ridge regression.

The kernel is a sum of up to six: vectors that a model has learned, mean and deviation of the residue embeddings,
k-mers, composition of the whole sequence and of segments, physicochemistry. K-mers and composition only are the
baseline that needs no model.

CAFA averages recall over proteins, so a label counts 1 / (labels of its protein). Least squares count every label the
same; `evenness` goes from that (0) to CAFA's way (1).
Shapes: N proteins, M landmarks, T terms, D width of the learned vectors, S numbers that sum up the residues.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.retrieval.features.sequence_features import SequenceFeatures

JITTER = 1e-6  # keeps the normal equations solvable where two landmarks are the same protein
PROTEINS_AT_ONCE = 1024
SIMILARITIES = ("learned", "residues", "kmers", "composition", "segments", "physicochemistry")  # that the kernel sums


@dataclass(frozen=True, kw_only=True)
class KernelWeights:
    """How much each kind of similarity counts.

    Attributes:
        learned: Of exp(sharpness (cos - 1)) of the learned vectors.
        residues: Of exp(-d²/2), d² the mean squared difference of the scaled mean and deviation of residue embeddings.
        kmers: Of the cosine of the k-mer counts (tf-idf).
        composition: As `residues`, of the scaled composition.
        segments: As `residues`, of the scaled composition of segments.
        physicochemistry: As `residues`, of the scaled physicochemistry.
        sharpness: How fast similarity of learned vectors falls with their angle, above 0.
        ridge: How strongly the regression is shrunk to the mean, above 0.
        evenness: A label of a protein with n labels counts (mean n / n) ** evenness; 0 or more.
        landmarks: Maximum number of landmark proteins.
    """

    learned: float = 0.5
    residues: float = 1.0
    kmers: float = 1.0
    composition: float = 1.0
    segments: float = 1.0
    physicochemistry: float = 1.0
    sharpness: float = 3.0
    ridge: float = 2.0
    evenness: float = 0.25
    landmarks: int

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> "KernelWeights":
        """From the `retrieval.labels` section of a config."""
        return cls(landmarks=settings["landmarks"])

    def of_kmers(self) -> "KernelWeights":
        """The same regression with k-mers and composition only, each counting 1: the baseline that needs no model."""
        sequence_alone = replace(self, learned=0.0, residues=0.0, segments=0.0, physicochemistry=0.0)
        return replace(sequence_alone, kmers=1.0, composition=1.0, ridge=1.0, evenness=0.0)


@dataclass(frozen=True, eq=False)
class ProteinFeatures:
    """What the kernel reads of some proteins.

    Attributes:
        learned_ND: Unit vectors; None where the kernel does without.
        residues_NS: Scaled mean and deviation of the residue embeddings; None where the kernel does without.
        sequence: Features of the sequences only.
    """

    learned_ND: NDArray[np.float32] | None
    residues_NS: NDArray[np.float64] | None
    sequence: SequenceFeatures

    def __len__(self) -> int:
        return len(self.sequence.composition_NC)

    def rows(self, chosen: NDArray[np.int64] | slice) -> "ProteinFeatures":
        """The rows of some of the proteins."""
        return ProteinFeatures(
            None if self.learned_ND is None else self.learned_ND[chosen],
            None if self.residues_NS is None else self.residues_NS[chosen],
            self.sequence.rows(chosen),
        )


def kernel(these: ProteinFeatures, those: ProteinFeatures, weights: KernelWeights) -> NDArray[np.float64]:
    """Similarity of each of these to each of those, (N, M)."""
    total_NM = np.zeros((len(these), len(those)))
    if weights.learned and these.learned_ND is not None and those.learned_ND is not None:
        cosine_NM = these.learned_ND.astype(np.float64) @ those.learned_ND.astype(np.float64).T
        total_NM += weights.learned * np.exp(weights.sharpness * (cosine_NM - 1))
    if weights.residues and these.residues_NS is not None and those.residues_NS is not None:
        total_NM += weights.residues * _near(these.residues_NS, those.residues_NS)
    one, two = these.sequence, those.sequence
    if weights.kmers:
        total_NM += weights.kmers * (one.kmers_NV @ two.kmers_NV.T).toarray()
    if weights.composition:
        total_NM += weights.composition * _near(one.composition_NC, two.composition_NC)
    if weights.segments:
        total_NM += weights.segments * _near(one.segments_NE, two.segments_NE)
    if weights.physicochemistry:
        total_NM += weights.physicochemistry * _near(one.physics_NF, two.physics_NF)
    return total_NM


def _near(one_NC: NDArray[np.float64], two_MC: NDArray[np.float64]) -> NDArray[np.float64]:
    # exp(-d²/2), d² the mean squared difference of the numbers.
    squared_NM = (one_NC**2).sum(1)[:, None] + (two_MC**2).sum(1) - 2 * one_NC @ two_MC.T
    return np.exp(-np.maximum(squared_NM, 0) / (2 * one_NC.shape[1]))


@dataclass(frozen=True, eq=False)
class KernelRidge:
    """A fitted regression.

    Attributes:
        landmarks: Features of the landmark proteins.
        weight_MT: Weight of each landmark for each term, float32.
        mean_T: Share of the training proteins of its aspect that have each term, as labels count, float32.
        weights: The kernel.
    """

    landmarks: ProteinFeatures
    weight_MT: NDArray[np.float32]
    mean_T: NDArray[np.float32]
    weights: KernelWeights

    @classmethod
    def fit(
        cls,
        features: ProteinFeatures,
        labels_NT: sp.csr_array,
        aspects_T: NDArray,
        weights: KernelWeights,
        *,
        seed: int,
        rows_M: NDArray[np.int64] | None = None,
    ) -> "KernelRidge":
        """Fit to training proteins; each aspect to those that have a label in it.

        Args:
            features: Of the training proteins.
            labels_NT: Their propagated labels, bool, roots left out. They stay sparse: of 100,000 proteins and 25,000
                terms they would take 10 GB as numbers.
            aspects_T: Aspect of each term.
            weights: The kernel.
            seed: Of the choice of landmarks among proteins with equally many labels.
            rows_M: The landmarks, instead of that choice.
        """
        chosen = _landmark_rows(labels_NT, weights.landmarks, seed) if rows_M is None else rows_M
        landmarks = features.rows(chosen)
        among_MM = kernel(landmarks, landmarks, weights)
        weight_MT = np.zeros((len(chosen), labels_NT.shape[1]), np.float32)
        mean_T = np.zeros(labels_NT.shape[1], np.float32)
        for aspect in np.unique(aspects_T):
            columns = np.flatnonzero(aspects_T == aspect)
            labels_NC = labels_NT[:, columns]
            labelled = np.flatnonzero(np.diff(labels_NC.indptr))
            if len(labelled):
                labels_OC = _counted(labels_NC[labelled], weights.evenness)
                mean_T[columns] = _means(labels_OC, np.float32)
                weight_MT[:, columns] = _solved(features.rows(labelled), landmarks, among_MM, labels_OC, weights)
        return cls(landmarks, weight_MT, mean_T, weights)

    def predict(self, features: ProteinFeatures) -> NDArray[np.float32]:
        """Estimated share of similar proteins that have each term, as labels count, in [0, 1], (N, T)."""
        parts = [
            kernel(features.rows(slice(start, start + PROTEINS_AT_ONCE)), self.landmarks, self.weights).astype("f4")
            @ self.weight_MT
            for start in range(0, len(features), PROTEINS_AT_ONCE)
        ]
        offsets_NT = np.concatenate(parts) if parts else np.zeros((0, len(self.mean_T)), np.float32)
        return np.clip(self.mean_T + offsets_NT, 0, 1)


def _landmark_rows(labels_NT: sp.csr_array, most: int, seed: int) -> NDArray[np.int64]:
    # Those with most labels: better than by chance, by clusters or k-means++ (benchmarks/landmarks.py, docs/scale.md).
    number_N = np.diff(labels_NT.indptr)
    if len(number_N) <= most:
        return np.arange(len(number_N))
    order_N = np.random.default_rng(seed).permutation(len(number_N))
    return np.sort(order_N[np.argsort(-number_N[order_N], kind="stable")[:most]])


def _counted(labels_OC: sp.csr_array, evenness: float) -> sp.csr_array:
    # The weight of each label of one aspect, float32; every protein has at least one.
    number_O = np.diff(labels_OC.indptr)
    weight_O = ((number_O.mean() / number_O) ** evenness).astype(np.float32)
    parts = np.repeat(weight_O, number_O), labels_OC.indices, labels_OC.indptr
    return sp.csr_array(parts, shape=labels_OC.shape)


def _means(labels_OC: sp.csr_array, dtype: type[np.floating]) -> NDArray:
    # Mean of each column, summed protein by protein, as numpy does for a dense matrix: the last bits are the same.
    total_C = np.zeros(labels_OC.shape[1], dtype)
    np.add.at(total_C, labels_OC.indices, labels_OC.data.astype(dtype))
    return (total_C / labels_OC.shape[0]).astype(dtype)


def _solved(
    features: ProteinFeatures,
    landmarks: ProteinFeatures,
    among_MM: NDArray[np.float64],
    labels_OC: sp.csr_array,
    weights: KernelWeights,
) -> NDArray[np.float64]:
    # (K'K + ridge K_mm) W = K'(Y - mean), sums taken over some proteins at a time. Y stays sparse, in K'Y - (K'1) mean:
    # with 31,000 proteins, 4,096 landmarks and 17,000 terms the product of dense matrices would take 4 TFLOP.
    left_MM = weights.ridge * among_MM + JITTER * np.eye(len(among_MM))
    right_MC = np.zeros((len(among_MM), labels_OC.shape[1]))
    labels_OC, mean_C, near_M = labels_OC.astype(np.float64), _means(labels_OC, np.float64), np.zeros(len(among_MM))
    for start in range(0, len(features), PROTEINS_AT_ONCE):
        block = slice(start, start + PROTEINS_AT_ONCE)
        near_OM = kernel(features.rows(block), landmarks, weights)
        left_MM = left_MM + near_OM.T @ near_OM
        right_MC += (labels_OC[block].T @ near_OM).T
        near_M += near_OM.sum(axis=0)
    right_MC -= near_M[:, None] * mean_C
    return np.asarray(np.linalg.solve(left_MM, right_MC), np.float64)
