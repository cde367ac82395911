"""Which training proteins a protein resembles, and how much: its significant alignments with them, as a sparse vector.

Proteins are alike where they resemble the same training proteins, so two relatives may also be told by a third
(SVM-pairwise; Liao and Noble 2003, doi:10.1089/106652703322756113). An entry is the score of the best local alignment,
divided by the geometric mean of both proteins' scores with themselves; it is 0 where chance alone would align them as
well, and for training proteins that share too few words to be tried. Shapes: N proteins, P training sequences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.alignments import all_scores, own_score
from gofer.inputs.candidates import WordIndex, word_matrix

CANDIDATES = 100  # training proteins that one is aligned with
MAX_EXPECTED = 1e-5  # alignments this good that chance gives for one pair; far relatives are worth a few false ones


@dataclass(frozen=True, eq=False)
class AlignmentReader:
    """Aligns proteins with the training proteins.

    Attributes:
        targets: The different training sequences, sorted; the columns.
    """

    targets: tuple[str, ...]

    @classmethod
    def of_training(cls, sequences: Sequence[str]) -> "AlignmentReader":
        """For the training proteins."""
        return cls(tuple(sorted(set(sequences))))

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex.of(word_matrix(self.targets))

    @cached_property
    def _own_P(self) -> NDArray[np.float64]:
        return np.array([own_score(target) for target in self.targets], dtype=np.float64)

    def read(self, sequences: Sequence[str], *, threads: int = 1) -> sp.csr_array:
        """Profiles, rows of unit length or empty, float32 (N, P).

        Args:
            sequences: Upper-case residues.
            threads: To work with; they change nothing but the time.
        """
        different = sorted(set(sequences))
        near = self._index.best(word_matrix(different), most=CANDIDATES, threads=threads)
        asked = [
            (sequence, [self.targets[row] for row in rows]) for sequence, rows in zip(different, near, strict=True)
        ]
        found = all_scores(asked, max_expected=MAX_EXPECTED, threads=threads)
        profile_of = {
            sequence: self._profile(sequence, rows[[place for place, _ in own]], [score for _, score in own])
            for sequence, rows, own in zip(different, near, found, strict=True)
        }
        rows = [profile_of[sequence] for sequence in sequences]
        none = sp.csr_array((0, len(self.targets)), dtype=np.float32)
        return sp.csr_array(sp.vstack([none, *rows], format="csr"))

    def _profile(self, sequence: str, rows: NDArray[np.int64], scores: Sequence[int]) -> sp.csr_array:
        # One row of the matrix.
        values = np.array(scores) / np.sqrt(own_score(sequence) * self._own_P[rows])
        values = (values / max(np.linalg.norm(values), np.finfo(np.float32).tiny)).astype(np.float32)
        return sp.csr_array((values, (np.zeros_like(rows), rows)), shape=(1, len(self.targets)))
