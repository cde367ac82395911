"""What the labels of alike training proteins say of a protein: a fitted regression with all that it needs, in one file.

It covers the terms seen in training; of all others the labels say nothing, and the text decides alone.
Shapes: N proteins, T terms, M landmarks, D shared width.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.artefacts import MANIFEST_KEY, Manifest
from gofer.embeddings.alignment_profiles import AlignmentReader
from gofer.embeddings.sequence_features import SequenceFeatures, SequenceReader
from gofer.errors import ArtefactError
from gofer.evaluation.label_regression import KernelWeights, LabelRegression, ProteinFeatures
from gofer.training.tensor_file import DAMAGED, read_tensors, write_tensors


@dataclass(frozen=True, eq=False)
class LabelHead:
    """A regression of labels on learned vectors and sequences.

    Attributes:
        go_ids: Its terms, those seen in training.
        regression: Fitted on the training proteins.
        reader: Turns sequences into features, as the training proteins define them.
        aligner: Aligns sequences with the training proteins; None where the kernel does without.
    """

    go_ids: list[str]
    regression: LabelRegression
    reader: SequenceReader
    aligner: AlignmentReader | None

    @classmethod
    def fit(
        cls,
        z_ND: NDArray[np.float32],
        sequences: Sequence[str],
        labels_NT: NDArray[np.bool_],
        go_ids: Sequence[str],
        aspects_T: NDArray,
        weights: KernelWeights,
        *,
        seed: int,
    ) -> "LabelHead":
        """Fit on training proteins.

        Args:
            z_ND: Their vectors in the shared space.
            sequences: Their sequences.
            labels_NT: What is true of them, as far as training may see it.
            go_ids: The terms of the columns.
            aspects_T: Aspect of each of them.
            weights: The kernel.
            seed: Of the choice of landmarks.
        """
        reader = SequenceReader.of_training(sequences)
        aligner = AlignmentReader.of_training(sequences) if weights.alignments else None
        features = _features(z_ND, sequences, reader, aligner)
        regression = LabelRegression.fit(features, labels_NT, aspects_T, weights, seed=seed)
        return cls(list(go_ids), regression, reader, aligner)

    def predict(self, z_BD: NDArray[np.float32], sequences: Sequence[str]) -> NDArray[np.float32]:
        """Share of alike proteins that have each of `go_ids`, in [0, 1], (B, T)."""
        return self.regression.predict(_features(z_BD, sequences, self.reader, self.aligner))

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as safetensors."""
        landmarks = self.regression.landmarks
        arrays = {
            "weight": self.regression.weight_MT,
            "mean": self.regression.mean_T,
            "learned": landmarks.learned_ND,
            "composition": landmarks.sequence.composition_NC,
            **_parts("words", landmarks.sequence.words_NV),
        }
        if self.aligner and landmarks.profiles_NP is not None:
            # One per line, as bytes: a header of safetensors has no room for the sequences of a large training set.
            joined = "\n".join(self.aligner.targets).encode("ascii")
            arrays |= {
                "targets": np.frombuffer(bytearray(joined), np.uint8),
                **_parts("profiles", landmarks.profiles_NP),
            }
        facts = {
            "go_ids": json.dumps(self.go_ids),
            "kernel": json.dumps(asdict(self.regression.weights)),
            "reader": self.reader.to_json(),
            MANIFEST_KEY: manifest.to_json(),
        }
        write_tensors(path, {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}, facts)

    @classmethod
    def read(cls, path: Path | str) -> "LabelHead":
        """The inverse of `write`.

        Raises:
            ArtefactError: The file is missing, damaged or something else.
        """
        try:
            tensors, facts = read_tensors(path)
            arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
            reader = SequenceReader.from_json(facts["reader"])
            words_MV = _joined("words", arrays, len(reader.words))
            aligner, profiles_MP = None, None
            if "targets" in arrays:
                aligner = AlignmentReader(tuple(arrays["targets"].tobytes().decode("ascii").split("\n")))
                profiles_MP = _joined("profiles", arrays, len(aligner.targets))
            sequence = SequenceFeatures(words_MV, arrays["composition"])
            landmarks = ProteinFeatures(arrays["learned"], profiles_MP, sequence)
            kernel = KernelWeights(**json.loads(facts["kernel"]))
            regression = LabelRegression(landmarks, arrays["weight"], arrays["mean"], kernel)
            return cls(json.loads(facts["go_ids"]), regression, reader, aligner)
        except DAMAGED as error:
            raise ArtefactError(
                f"{path} is no readable regression of labels ({type(error).__name__}: {str(error)[:200]})",
                help="delete it and run snakemake again",
            ) from error


def _features(
    z_ND: NDArray[np.float32], sequences: Sequence[str], reader: SequenceReader, aligner: AlignmentReader | None
) -> ProteinFeatures:
    profiles_NP = aligner.read(sequences, threads=torch.get_num_threads()) if aligner else None
    return ProteinFeatures(z_ND, profiles_NP, reader.read(sequences))


def _parts(name: str, matrix: sp.csr_array) -> dict[str, NDArray]:
    matrix = sp.csr_array(matrix)
    places = {part: getattr(matrix, part).astype(np.int64) for part in ("indices", "indptr")}
    return {f"{name}.data": matrix.data, **{f"{name}.{part}": value for part, value in places.items()}}


def _joined(name: str, arrays: Mapping[str, NDArray], columns: int) -> sp.csr_array:
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array(parts, shape=(len(parts[2]) - 1, columns))
