"""Labels transferred from aligned proteins, weighted by similarity.

score(p, t) = Σ weight · [protein has t] / Σ weight, over aligned proteins with a label in the aspect of t, where the
weight is similarity to the power of `POWER`. The DIAMOND baseline uses the same function, and bit scores as weights.
Where a relative is found, its labels are a better guide than a regression on all proteins.
Shapes: N proteins, P sequences of training proteins, T terms.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

POWER = 6  # a near relative says much more than several distant ones (docs/scale.md)


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
        proteins = len(sequence_N)
        ones, rows = np.ones(proteins, np.float32), np.arange(proteins)
        of_sequence_PN = sp.csr_array((ones, (sequence_N, rows)), shape=(sequences, proteins))
        labels_PT = sp.csr_array(of_sequence_PN @ sp.csr_array(labels_NT, dtype=np.float32))
        labels_PT.sort_indices()
        labels_PT.data[:] = 1  # and not the number of proteins
        return cls(labels_PT, np.asarray(aspects_T))

    def of_similar(self, similarity_NP: sp.csr_array) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """Scores in [0, 1], float32 (N, T), and by aspect the best similarity with a protein labelled in it, (N).

        Both are 0 in an aspect in which no aligned protein has a label.

        Args:
            similarity_NP: Similarity with each training sequence, 0 or more.
        """
        scores_NT = np.zeros((similarity_NP.shape[0], len(self.aspects_T)), np.float32)
        similar = np.unique(np.append(similarity_NP.indices, 0))
        parts = similarity_NP.data, np.searchsorted(similar, similarity_NP.indices), similarity_NP.indptr
        near_NQ = sp.csr_array(parts, shape=(similarity_NP.shape[0], len(similar)))
        labels_QT, best = self.labels_PT[similar], {}  # of most of a large set nothing is asked
        for aspect in np.unique(self.aspects_T):
            columns = np.flatnonzero(self.aspects_T == aspect)
            labels_QC = labels_QT[:, columns]
            scores_NT[:, columns] = transferred(near_NQ.power(POWER), labels_QC)
            labelled_Q = (labels_QC.sum(axis=1) > 0).astype(np.float32)
            best[str(aspect)] = (near_NQ * labelled_Q[None, :]).max(axis=1).toarray().ravel()
        return scores_NT, best
