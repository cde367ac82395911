"""Features of a sequence that need no model: k-mers, composition, length, physicochemistry.

K-mers of 2 to 4 residues are weighted by tf-idf, with the counts on a log scale. The composition is the share of each
amino acid and the logarithm of the length. That of segments is the share of each amino acid at the start, where signal
peptides are, at the end, and in each third. Composition, segments and physicochemistry are scaled by the training
proteins.
Shapes: N proteins, V k-mers, C = 21 numbers of composition, E = 120 of segments, F numbers of `physicochemistry`.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from gofer.retrieval.features.physicochemistry import AMINO_ACIDS, physicochemistry
from gofer.retrieval.features.standardise import Scale

KMER_LENGTHS = (2, 4)
MIN_PROTEINS = 2  # a k-mer of a single protein says nothing about others
STARTS, END, PARTS = (25, 60), 30, 3  # residues of a signal and a transit peptide; of the C-terminus; equal parts
NUMBERS = ("composition", "segments", "physics")  # what is scaled


@dataclass(frozen=True, eq=False)
class SequenceFeatures:
    """Features of some proteins.

    Attributes:
        kmers_NV: tf-idf, rows of unit length (or empty), float32.
        composition_NC: Scaled composition and log length, float64.
        segments_NE: Scaled composition of segments, float64.
        physics_NF: Scaled physicochemistry, float64.
    """

    kmers_NV: sp.csr_array
    composition_NC: NDArray[np.float64]
    segments_NE: NDArray[np.float64]
    physics_NF: NDArray[np.float64]

    def rows(self, chosen: NDArray[np.int64] | slice) -> "SequenceFeatures":
        """The rows of some of the proteins."""
        return SequenceFeatures(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class SequenceReader:
    """Turns sequences into features, as the training proteins define them.

    Attributes:
        kmers: The k-mers, in the order of the columns.
        idf_V: Inverse document frequency of each k-mer.
        composition: Scale of the composition.
        segments: Scale of the composition of segments.
        physics: Scale of the physicochemistry.
    """

    kmers: tuple[str, ...]
    idf_V: NDArray[np.float64]
    composition: Scale
    segments: Scale
    physics: Scale

    @classmethod
    def of_training(cls, sequences: Sequence[str]) -> "SequenceReader":
        """Learn k-mers, their rarity and the scales from the training proteins."""
        counter = _vectorizer(min_df=min(MIN_PROTEINS, len(sequences)))
        try:
            counter.fit(sequences)
            kmers, idf_V = tuple(counter.get_feature_names_out().tolist()), counter.idf_
        except ValueError:  # no k-mer at all, e.g. proteins of one residue
            kmers, idf_V = (), np.zeros(0)
        scales = (Scale.of_training(numbers(sequences)) for numbers in (_composition, _segments, physicochemistry))
        return cls(kmers, idf_V, *scales)

    def read(self, sequences: Sequence[str]) -> SequenceFeatures:
        """Features of `sequences`, in their order."""
        kmers_NV = sp.csr_array((len(sequences), 0), dtype=np.float32)
        if self.kmers:
            reader = _vectorizer(vocabulary=self.kmers)
            reader.idf_ = self.idf_V
            kmers_NV = sp.csr_array(reader.transform(sequences))
        return SequenceFeatures(
            kmers_NV,
            self.composition(_composition(sequences)),
            self.segments(_segments(sequences)),
            self.physics(physicochemistry(sequences)),
        )

    def to_json(self) -> str:
        """As one line of JSON."""
        content = {"kmers": list(self.kmers), "idf": self.idf_V.tolist()}
        for name in NUMBERS:
            scale: Scale = getattr(self, name)
            content[name] = [scale.mean_C.tolist(), scale.deviation_C.tolist()]
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "SequenceReader":
        """The inverse of `to_json`."""
        content = json.loads(text)
        scales = (Scale(*(np.array(part) for part in content[name])) for name in NUMBERS)
        return cls(tuple(content["kmers"]), np.array(content["idf"]), *scales)


def _vectorizer(**options: object) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char", ngram_range=KMER_LENGTHS, sublinear_tf=True, lowercase=False, dtype=np.float32, **options
    )


def _composition(sequences: Sequence[str]) -> NDArray[np.float64]:
    rows = [[*_shares(sequence), np.log(len(sequence))] for sequence in sequences]
    return np.array(rows, dtype=np.float64).reshape(len(sequences), len(AMINO_ACIDS) + 1)


def _segments(sequences: Sequence[str]) -> NDArray[np.float64]:
    rows = [[share for segment in _cut(sequence) for share in _shares(segment)] for sequence in sequences]
    return np.array(rows, dtype=np.float64).reshape(len(sequences), len(AMINO_ACIDS) * (len(STARTS) + 1 + PARTS))


def _cut(sequence: str) -> list[str]:
    # In a sequence shorter than PARTS residues, each part is the whole sequence.
    cuts = [len(sequence) * part // PARTS for part in range(PARTS + 1)]
    parts = [sequence[start:end] or sequence for start, end in itertools.pairwise(cuts)]
    return [*(sequence[:start] for start in STARTS), sequence[-END:], *parts]


def _shares(sequence: str) -> list[float]:
    return [sequence.count(letter) / len(sequence) for letter in AMINO_ACIDS]
