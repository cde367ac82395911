"""Searches the index for the terms nearest to the proteins of a batch, and rebuilds the index as the model changes."""

import time

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.mining.faiss_index import EXACT, SHARED, TermIndex


class Miner:
    """A term index whose rows are those of the training terms.

    In the shared space the query is the protein's vector. Before any model has projected the texts (phase A), it is the
    mean of its positives' text vectors.

    Args:
        terms: The phase's index.
        go_ids: The training terms, in training's order.
        text_TG: Their text vectors of this phase, unit length.
        gpu: CUDA device that searches, where FAISS supports it; None for the CPU.

    Raises:
        ArtefactError: The index holds other terms than training does.
    """

    def __init__(
        self, terms: TermIndex, go_ids: list[str], text_TG: NDArray[np.float32], *, gpu: int | None = None
    ) -> None:
        row_of = {go_id: row for row, go_id in enumerate(go_ids)}
        if set(terms.go_ids) != set(go_ids):
            raise ArtefactError(
                f"the mining index holds {len(terms.go_ids)} terms, training {len(go_ids)}, and they are not the same",
                help="run snakemake again from rule build_index (--forcerun build_index)",
            )
        self._gpu = gpu
        self._terms = self._placed(terms)
        self._row_of_index = np.array([row_of[go_id] for go_id in terms.go_ids], dtype=np.int64)
        self._go_ids = go_ids
        self._text_TG = text_TG
        self.age = 0
        self.seconds = 0.0
        self.recall: float | None = None  # of the first search in the current index
        self.renewed_vectors: NDArray[np.float32] | None = None  # what `refresh` was last given

    def nearest(self, z_BD: NDArray[np.float32], hops_BT: sp.csr_array, k: int) -> NDArray[np.int64]:
        """Rows of the `k` training terms nearest to each protein, best first, -1 where no more were found.

        Adds to `seconds`; the first search in an index also measures its recall.
        """
        began = time.perf_counter()
        queries = z_BD if self._terms.space == SHARED else self._text_centroids(hops_BT)
        found_BK = self._terms.nearest(queries, k)
        self.seconds += time.perf_counter() - began
        if self.recall is None and len(queries):
            self.recall = self._terms.recall(k, queries)
        return np.where(found_BK < 0, -1, self._row_of_index[found_BK])

    def refresh(self, z_TD: NDArray[np.float32]) -> None:
        """Rebuild the index from the current projections of the training terms; the age is 0 again."""
        self._terms = self._placed(TermIndex.of_vectors(self._go_ids, z_TD, space=SHARED, kind=self._terms.kind))
        self._row_of_index = np.arange(len(self._go_ids))
        self.renewed_vectors = z_TD
        self.age, self.recall = 0, None

    @property
    def is_exact(self) -> bool:
        """Whether the search is exact."""
        return self._terms.kind == EXACT

    def _placed(self, terms: TermIndex) -> TermIndex:
        return terms if self._gpu is None else terms.on_gpu(self._gpu)

    def _text_centroids(self, hops_BT: sp.csr_array) -> NDArray[np.float32]:
        sums_BG = (hops_BT.astype(bool).astype(np.float32) @ self._text_TG).astype(np.float32)
        length_B1 = np.linalg.norm(sums_BG, axis=1, keepdims=True)
        return np.divide(sums_BG, length_B1, out=np.zeros_like(sums_BG), where=length_B1 > 0)
