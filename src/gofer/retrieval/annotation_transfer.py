"""Labels transferred from aligned proteins, weighted by similarity.

score(p, t) = Σ similarity · [protein has t] / Σ similarity, over aligned proteins with a label in the aspect of t, as
in the DIAMOND baseline, which uses the same function. Where a relative is found, its labels are a better guide than a
regression on all proteins.
Shapes: N proteins, P sequences of training proteins, T terms.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def transferred(similarity_NP: sp.csr_array, labels_PT: sp.csr_array) -> NDArray[np.floating]:
    """Scores in [0, 1], (N, T), of the type of the similarity; 0 where no protein with a label is similar.

    Args:
        similarity_NP: Similarity, 0 or more; a protein without a label counts in neither sum.
        labels_PT: 1 where the protein has the term.
    """
    labelled_P = (labels_PT.sum(axis=1) > 0).astype(similarity_NP.dtype)
    total_N = similarity_NP @ labelled_P
    transferred_NT = (similarity_NP @ labels_PT).toarray() / np.where(total_N > 0, total_N, 1)[:, None]
    return np.minimum(transferred_NT, 1)


@dataclass(frozen=True, eq=False)
class TransferredLabels:
    """The labels of the training sequences.

    Attributes:
        labels_PT: 1 where a protein of this sequence has the term.
        aspects_T: Aspect of each term.
    """

    labels_PT: sp.csr_array
    aspects_T: NDArray

    @classmethod
    def of_training(
        cls, sequence_N: NDArray[np.int64], labels_NT: sp.csr_array, aspects_T: NDArray, sequences: int
    ) -> "TransferredLabels":
        """The labels of all proteins that share a sequence, together.

        Args:
            sequence_N: Sequence of each training protein, by number.
            labels_NT: Their labels, propagated.
            aspects_T: Aspect of each term.
            sequences: How many sequences there are, P.
        """
        owner, term = labels_NT.nonzero()
        pairs = np.unique(np.stack([sequence_N[owner], term]), axis=1)
        ones = np.ones(pairs.shape[1], np.float32)
        return cls(sp.csr_array((ones, tuple(pairs)), shape=(sequences, labels_NT.shape[1])), np.asarray(aspects_T))

    def of_similar(self, similarity_NP: sp.csr_array) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """Scores in [0, 1], float32 (N, T), and by aspect the best similarity with a protein labelled in it, (N).

        Both are 0 in an aspect in which no aligned protein has a label.

        Args:
            similarity_NP: Similarity with each training sequence, 0 or more.
        """
        scores_NT = np.zeros((similarity_NP.shape[0], len(self.aspects_T)), np.float32)
        best = {}
        for aspect in np.unique(self.aspects_T):
            columns = np.flatnonzero(self.aspects_T == aspect)
            labels_PC = self.labels_PT[:, columns]
            scores_NT[:, columns] = transferred(similarity_NP, labels_PC)
            labelled_P = (labels_PC.sum(axis=1) > 0).astype(np.float32)
            best[str(aspect)] = (similarity_NP * labelled_P[None, :]).max(axis=1).toarray().ravel()
        return scores_NT, best
