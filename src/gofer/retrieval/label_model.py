"""What the labels of similar training proteins predict for a protein: a fitted model with all it needs, in one file.

It covers the terms seen in training. Shapes: B proteins, N training proteins, T terms, M landmarks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.artefacts import MANIFEST_KEY, Manifest
from gofer.errors import ArtefactError
from gofer.retrieval.alignment_similarity import Aligner
from gofer.retrieval.annotation_transfer import TransferredLabels
from gofer.retrieval.ensemble import Expected
from gofer.retrieval.features.sequence_features import SequenceFeatures, SequenceReader
from gofer.retrieval.features.standardise import Scale
from gofer.retrieval.kernel_ridge import KernelRidge, KernelWeights, ProteinFeatures
from gofer.retrieval.protein_vectors import Described
from gofer.training.checkpoint import DAMAGED, read_tensors, write_tensors


class LabelledSequences(NamedTuple):
    """Proteins of which the sequence and the labels are known, and no vector.

    Attributes:
        sequences: Upper-case residues.
        labels_NT: Their propagated labels, bool, columns as of the model.
    """

    sequences: list[str]
    labels_NT: sp.csr_array


@dataclass(frozen=True, eq=False)
class LabelModel:
    """A regression of labels on vectors and sequences, and labels transferred by alignments.

    Attributes:
        go_ids: Its terms, those seen in training.
        aspects_T: Aspect of each of them.
        regression: Fitted on the training proteins.
        reader: Turns sequences into features, as the training proteins define them.
        residues: Scale of the residue summaries.
        aligner: Aligns sequences with the training proteins; None where no label is transferred.
        transferred: Labels of the sequences that it aligns with; None with `aligner`.
    """

    go_ids: list[str]
    aspects_T: NDArray
    regression: KernelRidge
    reader: SequenceReader
    residues: Scale
    aligner: Aligner | None
    transferred: TransferredLabels | None

    @classmethod
    def fit(
        cls,
        known: Described,
        labels_NT: sp.csr_array,
        go_ids: Sequence[str],
        aspects_T: NDArray,
        weights: KernelWeights,
        *,
        aligned: int,
        seed: int,
        others: LabelledSequences | None = None,
    ) -> "LabelModel":
        """Fit on training proteins.

        Args:
            known: The training proteins.
            labels_NT: Their propagated labels that training may see, bool.
            go_ids: The terms of the columns.
            aspects_T: Aspect of each of them.
            weights: The kernel.
            aligned: Maximum number of training proteins that a protein is aligned with; 0 transfers no labels.
            seed: Of the choice of landmarks.
            others: Proteins without vectors, whose labels are transferred too.
        """
        reader = SequenceReader.of_training(known.sequences)
        residues = Scale.of_training(known.summaries_BS)
        aligner, transferred = None, None
        if aligned:
            sequences, of_all_NT = list(known.sequences), labels_NT
            if others is not None:
                sequences, of_all_NT = [*sequences, *others.sequences], sp.vstack([labels_NT, others.labels_NT], "csr")
            aligner = Aligner.of_training(sequences, most=aligned)
            owner_N = np.array([aligner.column_of[sequence] for sequence in sequences], dtype=np.int64)
            transferred = TransferredLabels.of_training(owner_N, of_all_NT, aspects_T, len(aligner.targets))
        features = _features(known, reader, residues)
        regression = KernelRidge.fit(features, labels_NT, aspects_T, weights, seed=seed)
        return cls(list(go_ids), np.asarray(aspects_T), regression, reader, residues, aligner, transferred)

    def predict(self, proteins: Described) -> Expected:
        """How often similar proteins have each of `go_ids`."""
        regressed_BT = self.regression.predict(_features(proteins, self.reader, self.residues))
        if self.aligner is None or self.transferred is None:
            none_B = np.zeros(len(regressed_BT), np.float32)
            return Expected(regressed_BT, np.zeros_like(regressed_BT), dict.fromkeys(np.unique(self.aspects_T), none_B))
        similarity_BP = self.aligner.read(proteins.sequences, threads=torch.get_num_threads())
        return Expected(regressed_BT, *self.transferred.of_similar(similarity_BP), similarity_BP)

    def similarity(self, expected: Expected, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Similarity of the predicted proteins with known ones, 0 where they do not align, (B, N).

        Args:
            expected: What `predict` gave.
            sequences: Of the N known proteins, all of which it was fitted on.
        """
        if self.aligner is None or expected.aligned_BP is None:
            return np.zeros((len(expected.regressed_BT), len(sequences)), np.float32)
        columns_N = [self.aligner.column_of[sequence] for sequence in sequences]
        return expected.aligned_BP[:, columns_N].toarray()

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as safetensors."""
        landmarks = self.regression.landmarks
        arrays = {
            "weight": self.regression.weight_MT,
            "mean": self.regression.mean_T,
            "learned": landmarks.learned_ND,
            "composition": landmarks.sequence.composition_NC,
            "segments": landmarks.sequence.segments_NE,
            "physics": landmarks.sequence.physics_NF,
            "residues": landmarks.residues_NS,
            "residues.mean": self.residues.mean_C,
            "residues.deviation": self.residues.deviation_C,
            **_parts("kmers", landmarks.sequence.kmers_NV),
        }
        if self.aligner and self.transferred:
            # One per line, as bytes: a header of safetensors has no room for the sequences of a large training set.
            joined = "\n".join(self.aligner.targets).encode("ascii")
            arrays |= {
                "targets": np.frombuffer(bytearray(joined), np.uint8),
                **_parts("transferred", self.transferred.labels_PT),
            }
        facts = {
            "aligned": str(self.aligner.most if self.aligner else 0),
            "go_ids": json.dumps(self.go_ids),
            "aspects": json.dumps(self.aspects_T.tolist()),
            "kernel": json.dumps(asdict(self.regression.weights)),
            "reader": self.reader.to_json(),
            MANIFEST_KEY: manifest.to_json(),
        }
        write_tensors(path, {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}, facts)

    @classmethod
    def read(cls, path: Path | str) -> "LabelModel":
        """The inverse of `write`.

        Raises:
            ArtefactError: The file is missing, damaged or something else.
        """
        try:
            tensors, facts = read_tensors(path)
            arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
            reader = SequenceReader.from_json(facts["reader"])
            kmers_MV = _joined("kmers", arrays, len(reader.kmers))
            aspects_T = np.array(json.loads(facts["aspects"]), dtype=str)
            aligner, transferred = None, None
            if "targets" in arrays:
                targets = arrays["targets"].tobytes().decode("ascii").split("\n")
                aligner = Aligner(tuple(targets), int(facts["aligned"]))
                transferred = TransferredLabels(_joined("transferred", arrays, len(aspects_T)), aspects_T)
            dense = (arrays[name] for name in ("composition", "segments", "physics"))
            landmarks = ProteinFeatures(arrays["learned"], arrays["residues"], SequenceFeatures(kmers_MV, *dense))
            kernel = KernelWeights(**json.loads(facts["kernel"]))
            regression = KernelRidge(landmarks, arrays["weight"], arrays["mean"], kernel)
            residues = Scale(arrays["residues.mean"], arrays["residues.deviation"])
            return cls(json.loads(facts["go_ids"]), aspects_T, regression, reader, residues, aligner, transferred)
        except DAMAGED as error:
            raise ArtefactError(
                f"{path} is no readable label model ({type(error).__name__}: {str(error)[:200]})",
                help="delete it and run snakemake again",
            ) from error


def _features(proteins: Described, reader: SequenceReader, residues: Scale) -> ProteinFeatures:
    return ProteinFeatures(proteins.vectors_BD, residues(proteins.summaries_BS), reader.read(proteins.sequences))


def _parts(name: str, matrix: sp.csr_array) -> dict[str, NDArray]:
    matrix = sp.csr_array(matrix)
    places = {part: getattr(matrix, part).astype(np.int64) for part in ("indices", "indptr")}
    return {f"{name}.data": matrix.data, **{f"{name}.{part}": value for part, value in places.items()}}


def _joined(name: str, arrays: Mapping[str, NDArray], columns: int) -> sp.csr_array:
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array(parts, shape=(len(parts[2]) - 1, columns))
