"""Predictions and labels of one aspect as lists of protein-term pairs, on which all metrics are counted.

A protein is predicted to have a few hundred of the 45,000 terms, and has a few dozen: an array of proteins × terms
would be nearly all zeros, and one of 20,000 proteins would not fit into memory. Shapes: B proteins, C terms, P
predicted pairs, L true pairs.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Predicted and true pairs.

    Attributes:
        n_proteins: Proteins, B.
        n_terms: Terms, C.
        protein_P: Row of the protein of each predicted pair: the pairs of a protein stand together, its best first, of
            equal ones that of the lower column first.
        term_P: Column of its term.
        score_P: Its score in (0, 1].
        true_P: Whether it is true.
        owner_L: Row of the protein of each true pair, predicted or not, increasing.
        label_L: Column of its term, increasing within a protein.
    """

    n_proteins: int
    n_terms: int
    protein_P: NDArray[np.int32]
    term_P: NDArray[np.int32]
    score_P: NDArray[np.float64]
    true_P: NDArray[np.bool_]
    owner_L: NDArray[np.int32]
    label_L: NDArray[np.int32]

    @classmethod
    def of_arrays(cls, scores_BC: NDArray, labels_BC: NDArray[np.bool_]) -> "Pairs":
        """The pairs of arrays.

        Args:
            scores_BC: Scores in [0, 1]; 0 is no prediction. Those from a file must be float64, or those that equal a
                threshold may miss it.
            labels_BC: True labels.
        """
        rows, columns = np.nonzero(scores_BC > 0)
        scores = np.asarray(scores_BC[rows, columns], np.float64)
        edges = np.searchsorted(rows, np.arange(len(scores_BC) + 1))
        of_rows = [edge + np.argsort(-scores[edge:end], kind="stable") for edge, end in itertools.pairwise(edges)]
        order = np.concatenate([np.empty(0, np.int64), *of_rows])  # a third of the time that lexsort takes
        protein_P, term_P = rows[order].astype(np.int32), columns[order].astype(np.int32)
        owner_L, label_L = (places.astype(np.int32) for places in np.nonzero(labels_BC))
        true_P, (n_proteins, n_terms) = labels_BC[protein_P, term_P], labels_BC.shape
        return cls(n_proteins, n_terms, protein_P, term_P, scores[order], true_P, owner_L, label_L)

    @classmethod
    def joined(cls, parts: Iterable["Pairs"], n_terms: int) -> "Pairs":
        """The parts' proteins one below the other.

        Args:
            parts: Pairs of the same terms; maybe none.
            n_terms: Number of those.
        """
        blocks = [cls.of_arrays(np.zeros((0, n_terms)), np.zeros((0, n_terms), bool)), *parts]
        first = np.cumsum([0, *(part.n_proteins for part in blocks)]).astype(np.int32)
        return cls(
            int(first[-1]),
            n_terms,
            np.concatenate([part.protein_P + before for part, before in zip(blocks, first[:-1], strict=True)]),
            np.concatenate([part.term_P for part in blocks]),
            np.concatenate([part.score_P for part in blocks]),
            np.concatenate([part.true_P for part in blocks]),
            np.concatenate([part.owner_L + before for part, before in zip(blocks, first[:-1], strict=True)]),
            np.concatenate([part.label_L for part in blocks]),
        )

    @property
    def labels_B(self) -> NDArray[np.int64]:
        """True terms of each protein."""
        return np.bincount(self.owner_L, minlength=self.n_proteins)

    def of_terms(self, chosen_C: NDArray[np.bool_]) -> "Pairs":
        """The pairs of some terms only; columns are renumbered."""
        place_C = (np.cumsum(chosen_C) - 1).astype(np.int32)
        kept_P, kept_L = chosen_C[self.term_P], chosen_C[self.label_L]
        return self._kept(
            self.n_proteins, int(chosen_C.sum()), kept_P, kept_L,
            (self.protein_P[kept_P], place_C[self.term_P[kept_P]], self.owner_L[kept_L], place_C[self.label_L[kept_L]]),
        )  # fmt: skip

    def of_proteins(self, chosen_B: NDArray[np.bool_]) -> "Pairs":
        """The pairs of some proteins only; rows are renumbered."""
        place_B = (np.cumsum(chosen_B) - 1).astype(np.int32)
        kept_P, kept_L = chosen_B[self.protein_P], chosen_B[self.owner_L]
        return self._kept(
            int(chosen_B.sum()), self.n_terms, kept_P, kept_L,
            (place_B[self.protein_P[kept_P]], self.term_P[kept_P], place_B[self.owner_L[kept_L]], self.label_L[kept_L]),
        )  # fmt: skip

    def without(self, protein_K: NDArray[np.int64], term_K: NDArray[np.int64]) -> "Pairs":
        """The same without some pairs, predicted or true; rows and columns stay.

        Args:
            protein_K: Rows of the proteins of K pairs.
            term_K: Columns of their terms.
        """
        left_out = protein_K * np.int64(self.n_terms) + term_K
        kept_P, kept_L = (
            ~np.isin(proteins * np.int64(self.n_terms) + terms, left_out)
            for proteins, terms in ((self.protein_P, self.term_P), (self.owner_L, self.label_L))
        )
        rows = self.protein_P[kept_P], self.term_P[kept_P], self.owner_L[kept_L], self.label_L[kept_L]
        return self._kept(self.n_proteins, self.n_terms, kept_P, kept_L, rows)

    def _kept(
        self, n_proteins: int, n_terms: int, kept_P: NDArray, kept_L: NDArray, rows: tuple[NDArray[np.int32], ...]
    ) -> "Pairs":
        protein_P, term_P, owner_L, label_L = rows
        return Pairs(
            n_proteins, n_terms, protein_P, term_P, self.score_P[kept_P], self.true_P[kept_P], owner_L, label_L
        )
