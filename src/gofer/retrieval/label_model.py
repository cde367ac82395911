"""What the labels of similar training proteins predict for a protein: a fitted model with all it needs, in one file.

It covers the terms seen in training. Shapes: B proteins, N training proteins, T terms, M landmarks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.artefacts import MANIFEST_KEY, Manifest
from gofer.errors import ArtefactError
from gofer.retrieval.alignment_similarity import Aligner, DifferentSequences
from gofer.retrieval.annotation_transfer import TransferredLabels
from gofer.retrieval.ensemble import Expected
from gofer.retrieval.features.sequence_features import SequenceFeatures, SequenceReader
from gofer.retrieval.features.standardise import Scale
from gofer.retrieval.kernel_ridge import KernelRidge, KernelWeights, ProteinFeatures
from gofer.retrieval.low_rank_ridge import LowRankRidge
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.sparse_parts import joined, parts_of
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
    regression: KernelRidge | LowRankRidge
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
            seed: Of the choice of landmarks among proteins with equally many labels.
            others: Proteins without vectors, whose labels are transferred too.
        """
        reader = SequenceReader.of_training(known.sequences)
        residues = Scale.of_training(known.summaries_BS)
        features = _features(known, reader, residues)
        regression = KernelRidge.fit(features, labels_NT, aspects_T, weights, seed=seed)
        model = cls(list(go_ids), np.asarray(aspects_T), regression, reader, residues, None, None)
        if not aligned:
            return model
        if others is None:
            return model.transferring_from(DifferentSequences.of(known.sequences), labels_NT, aligned)
        of_all_NT = sp.vstack([labels_NT, others.labels_NT], "csr")
        sequences = DifferentSequences.of([*known.sequences, *others.sequences])
        return model.transferring_from(sequences, of_all_NT, aligned)

    def transferring_from(
        self, known: DifferentSequences, labels_NT: sp.csr_array, aligned: int, *, kept_in: Path | None = None
    ) -> "LabelModel":
        """The same model, with labels transferred from known proteins that align.

        Args:
            known: Sequences of the known proteins.
            labels_NT: Their labels; columns are `go_ids`.
            aligned: Maximum number of them that a protein is aligned with.
            kept_in: Folder in which DIAMOND's database of them is kept; None keeps none.
        """
        aligner = Aligner(tuple(known.targets), aligned, kept_in=kept_in)
        transferred = TransferredLabels.of_training(known.target_N, labels_NT, self.aspects_T, len(known.targets))
        return replace(self, aligner=aligner, transferred=transferred)

    def low_rank(self) -> "LabelModel":
        """The same model with the regression in few components, and no sequences."""
        if isinstance(self.regression, LowRankRidge):
            return self
        regression = LowRankRidge.of(self.regression, self.reader.kmers)
        return replace(self, regression=regression, aligner=None, transferred=None)

    def regressed(self, proteins: Described) -> NDArray[np.float32]:
        """What the regression predicts for each of `go_ids`, in [0, 1], (B, T)."""
        return self.regression.predict(self.features(proteins))

    def features(self, proteins: Described) -> ProteinFeatures:
        """What the regression reads of proteins."""
        return _features(proteins, self.reader, self.residues)

    def with_hits(self, hits: pd.DataFrame, sequence_of: Mapping[str, str]) -> "LabelModel":
        """The same model, which need not search for some proteins again; arguments as of `Aligner.with_hits`."""
        return replace(self, aligner=self.aligner and self.aligner.with_hits(hits, sequence_of))

    def predict(self, proteins: Described) -> Expected:
        """How often similar proteins have each of `go_ids`."""
        regressed_BT = self.regressed(proteins)
        if self.aligner is None or self.transferred is None:
            none_B = np.zeros(len(regressed_BT), np.float32)
            return Expected(regressed_BT, np.zeros_like(regressed_BT), dict.fromkeys(np.unique(self.aspects_T), none_B))
        similarity_BP = self.aligner.read(proteins.sequences, threads=torch.get_num_threads())
        return Expected(regressed_BT, *self.transferred.of_similar(similarity_BP), similarity_BP)

    def arrays(self) -> dict[str, NDArray]:
        """Its numbers, but for the sequences that it aligns with and their labels."""
        scale = {"residues.mean": self.residues.mean_C, "residues.deviation": self.residues.deviation_C}
        if isinstance(self.regression, LowRankRidge):
            return {**self.regression.arrays(), **scale, "idf": self.reader.idf_V.astype(np.float32)}
        landmarks = self.regression.landmarks
        arrays = {
            "weight": self.regression.weight_MT,
            "mean": self.regression.mean_T,
            "learned": landmarks.learned_ND,
            "composition": landmarks.sequence.composition_NC,
            "segments": landmarks.sequence.segments_NE,
            "physics": landmarks.sequence.physics_NF,
            "residues": landmarks.residues_NS,
            **scale,
            **parts_of("kmers", landmarks.sequence.kmers_NV),
        }
        return {name: array for name, array in arrays.items() if array is not None}

    def facts(self) -> dict[str, str]:
        """What else it is made of, as texts."""
        # Without their rarity, which is among the arrays of a small model.
        reader = replace(self.reader, idf_V=np.zeros(0)) if isinstance(self.regression, LowRankRidge) else self.reader
        return {
            "aligned": str(self.aligner.most if self.aligner else 0),
            "go_ids": json.dumps(self.go_ids),
            "aspects": json.dumps(self.aspects_T.tolist()),
            "kernel": json.dumps(asdict(self.regression.weights)),
            "reader": reader.to_json(),
        }

    @classmethod
    def of_parts(
        cls,
        arrays: Mapping[str, NDArray],
        facts: Mapping[str, str],
        aligner: Aligner | None,
        transferred: TransferredLabels | None,
    ) -> "LabelModel":
        """The inverse of `arrays` and `facts`.

        Raises:
            KeyError: A part is missing.
            ValueError: A part is something else.
        """
        reader = SequenceReader.from_json(facts["reader"])
        kernel = KernelWeights(**json.loads(facts["kernel"]))
        regression: KernelRidge | LowRankRidge
        if "idf" in arrays:
            reader = replace(reader, idf_V=arrays["idf"].astype(np.float64))
            regression = LowRankRidge.of_arrays(arrays, reader.kmers, kernel)
        else:
            dense = (arrays[name] for name in ("composition", "segments", "physics"))
            features = SequenceFeatures(joined("kmers", arrays, len(reader.kmers)), *dense)
            landmarks = ProteinFeatures(arrays["learned"], arrays["residues"], features)
            regression = KernelRidge(landmarks, arrays["weight"], arrays["mean"], kernel)
        residues = Scale(arrays["residues.mean"], arrays["residues.deviation"])
        aspects_T = np.array(json.loads(facts["aspects"]), dtype=str)
        return cls(json.loads(facts["go_ids"]), aspects_T, regression, reader, residues, aligner, transferred)

    def write(self, path: Path | str, manifest: Manifest) -> None:
        """Write as safetensors."""
        arrays = self.arrays()
        if self.aligner and self.transferred:
            # One per line, as bytes: a header of safetensors has no room for the sequences of a large training set.
            lines = "\n".join(self.aligner.targets).encode("ascii")
            arrays |= {
                "targets": np.frombuffer(bytearray(lines), np.uint8),
                **parts_of("transferred", self.transferred.labels_PT),
            }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        write_tensors(path, tensors, {**self.facts(), MANIFEST_KEY: manifest.to_json()})

    @classmethod
    def read(cls, path: Path | str) -> "LabelModel":
        """The inverse of `write`.

        Raises:
            ArtefactError: The file is missing, damaged or something else.
        """
        try:
            tensors, facts = read_tensors(path)
            arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
            aligner, transferred = None, None
            if "targets" in arrays:
                targets = arrays["targets"].tobytes().decode("ascii").split("\n")
                aligner = Aligner(tuple(targets), int(facts["aligned"]))
                aspects_T = np.array(json.loads(facts["aspects"]), dtype=str)
                transferred = TransferredLabels(joined("transferred", arrays, len(aspects_T)), aspects_T)
            return cls.of_parts(arrays, facts, aligner, transferred)
        except DAMAGED as error:
            raise ArtefactError(
                f"{path} is no readable label model ({type(error).__name__}: {str(error)[:200]})",
                help="delete it and run snakemake again",
            ) from error


def _features(proteins: Described, reader: SequenceReader, residues: Scale) -> ProteinFeatures:
    return ProteinFeatures(proteins.vectors_BD, residues(proteins.summaries_BS), reader.read(proteins.sequences))
