"""Nearest terms by inner product: a FAISS index with its terms, its space and its origin.

At the size of GO an exact search is faster per batch than any approximate index of the same recall; for vocabularies
beyond it there are inverted lists (IVF: some cells of a k-means are searched) and a graph (HNSW: slow to build).
Shapes: B queries, T terms, D width, K neighbours.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import Manifest, atomic, read_json, read_manifest, sha256_of, write_json
from gofer.errors import ArtefactError, GoferError

TEXT, SHARED = "text", "shared"
EXACT, IVF, HNSW = "exact", "ivf", "hnsw"
UNIT_TOLERANCE = 1e-3
TERMS_PER_CELL = 39  # the fewest that FAISS wants to train a cell with
CELLS_SEARCHED = 0.1  # of the cells
LINKS, BREADTH = 32, 2  # of the graph: links per term, and candidates kept per term asked for
MOST_ASKED = 1000  # queries that recall is measured with
# Batches of at least so many queries are one matrix product. FAISS's own limit is far beyond a batch of training, where
# it would take six times as long.
faiss.cvar.distance_compute_blas_threshold = 20
CLASS_OF = {EXACT: faiss.IndexFlatIP, IVF: faiss.IndexIVFFlat, HNSW: faiss.IndexHNSWFlat}


@dataclass(frozen=True, eq=False)
class TermIndex:
    """Terms searchable by cosine.

    Attributes:
        index: FAISS inner-product index over unit vectors.
        go_ids: Term of each row.
        space: "text" for the encoder's vectors, "shared" for vectors projected by a model.
        kind: "exact", "ivf" or "hnsw".
    """

    index: faiss.Index
    go_ids: tuple[str, ...]
    space: str
    kind: str = EXACT

    @classmethod
    def of_vectors(
        cls, go_ids: list[str], vectors_TD: NDArray[np.float32], *, space: str, kind: str = EXACT
    ) -> "TermIndex":
        """Index unit vectors; on one thread, the same vectors make the same index.

        Raises:
            GoferError: A vector is not finite or not of length 1 (FAISS would silently never find it).
        """
        if len(go_ids) != len(vectors_TD):
            raise GoferError(f"{len(go_ids)} terms but {len(vectors_TD)} vectors", help="give one vector per term")
        norm_T = np.linalg.norm(vectors_TD, axis=1)
        bad_T = ~(np.abs(norm_T - 1) <= UNIT_TOLERANCE)
        if bad_T.any():
            first = int(np.flatnonzero(bad_T)[0])
            raise GoferError(
                f"the vector of {go_ids[first]} has length {norm_T[first]:.4g}, not 1; {bad_T.sum()} such",
                help="normalise the vectors; a zero or infinite one means that its text or model is broken",
            )
        vectors_TD = np.ascontiguousarray(vectors_TD, np.float32)
        index = _empty(kind, *vectors_TD.shape)
        index.train(vectors_TD)
        index.add(vectors_TD)
        return cls(index, tuple(go_ids), space, kind)

    def on_gpu(self, device: int) -> "TermIndex":
        """The same on a CUDA device, where this FAISS is built for one; HNSW stays. Not tried on a device.

        There a search may ask for at most 2,048 terms.
        """
        if self.kind == HNSW or not hasattr(faiss, "StandardGpuResources"):
            return self
        return replace(self, index=faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), device, self.index))

    def nearest(self, queries_BD: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Rows of the `k` nearest terms, best first, (B, min(k, T)); -1 where an approximate index found no more.

        Raises:
            GoferError: A query is not finite or has another width.
        """
        if queries_BD.shape[1] != self.index.d:
            raise GoferError(f"queries are {queries_BD.shape[1]} wide, the index {self.index.d}")
        if not np.isfinite(queries_BD).all():
            raise GoferError("a query of the term index is not finite", help="the model has diverged: lower its rate")
        k = min(k, self.index.ntotal)
        wider = None
        if self.kind == HNSW:  # the type stubs of FAISS lack the class
            wider = faiss.SearchParametersHNSW(efSearch=BREADTH * k)  # type: ignore[attr-defined]
        _, rows_BK = self.index.search(np.ascontiguousarray(queries_BD, np.float32), k, params=wider)
        return rows_BK

    def recall(self, k: int, queries_BD: NDArray[np.float32] | None = None) -> float:
        """Share of the truly `k` nearest terms that this index finds, in [0, 1]; 1 for an exact one.

        Args:
            k: Terms asked for.
            queries_BD: Queries; without, up to `MOST_ASKED` of the index's vectors, which overestimate recall: .94
                where real proteins gave .78 (IVF, 5,144 terms, k = 64).
        """
        if self.kind == EXACT or not k:
            return 1.0
        vectors_TD = self.index.reconstruct_n(0, self.index.ntotal)
        if queries_BD is None:
            queries_BD = vectors_TD[:: -(-len(vectors_TD) // MOST_ASKED)]
        exact = TermIndex.of_vectors(list(self.go_ids), vectors_TD, space=self.space)
        pairs = zip(self.nearest(queries_BD, k), exact.nearest(queries_BD, k), strict=True)
        return float(np.mean([np.isin(wanted_K, found_K).mean() for found_K, wanted_K in pairs]))


def _empty(kind: str, terms: int, width: int) -> faiss.Index:
    if kind == IVF:
        cells = max(1, min(round(4 * terms**0.5), terms // TERMS_PER_CELL))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, cells, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = max(1, round(CELLS_SEARCHED * cells))
        return index
    if kind == HNSW:
        return faiss.IndexHNSWFlat(width, LINKS, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexFlatIP(width)


def write_index(path: Path | str, terms: TermIndex, manifest: Manifest) -> None:
    """Write the index atomically, and `<path>.json` with its terms, space, kind, checksum and manifest."""
    with atomic(path) as part:
        faiss.write_index(terms.index, str(part))
        digest = sha256_of(part)
    about = {"space": terms.space, "kind": terms.kind, "sha256": digest, "go_ids": list(terms.go_ids)}
    write_json(f"{path}.json", about, manifest)


def read_index(path: Path | str) -> tuple[TermIndex, Manifest]:
    """Read what `write_index` wrote.

    Raises:
        ArtefactError: The file is missing, damaged or does not belong to its description.
    """
    about = read_json(f"{path}.json")
    if lacking := {"space", "kind", "sha256", "go_ids"} - about.keys():
        raise ArtefactError(f"{path}.json describes no index: {min(lacking)} is missing", help="delete both files")
    if not Path(path).exists() or sha256_of(path) != about["sha256"]:
        raise ArtefactError(
            f"{path} is missing or is not the file that {path}.json describes",
            help="delete both and run snakemake again: only this index is rebuilt",
        )
    index = faiss.read_index(str(path))
    if type(index) is not CLASS_OF.get(about["kind"]) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtefactError(
            f"{path} is a {type(index).__name__}, not an inner-product index of kind {about['kind']}", help="delete it"
        )
    if index.ntotal != len(about["go_ids"]):
        raise ArtefactError(f"{path} holds {index.ntotal} vectors for {len(about['go_ids'])} terms", help="delete it")
    return TermIndex(index, tuple(about["go_ids"]), about["space"], about["kind"]), read_manifest(f"{path}.json")
