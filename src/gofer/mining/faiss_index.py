"""Exact nearest terms by inner product: a FAISS index that knows its terms, its space and where it came from.

At the size of GO an exact search is faster per batch than any approximate index of the same recall.
Shapes: B queries, T terms, D width, K neighbours.
"""

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import Manifest, atomic, read_json, read_manifest, sha256_of, write_json
from gofer.errors import ArtefactError, GoferError

TEXT, SHARED = "text", "shared"
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class TermIndex:
    """Terms searchable by cosine.

    Attributes:
        index: FAISS inner-product index over unit vectors.
        go_ids: Term of each row.
        space: "text" for the encoder's vectors, "shared" for vectors projected by a model.
    """

    index: faiss.IndexFlatIP
    go_ids: tuple[str, ...]
    space: str

    @classmethod
    def of_vectors(cls, go_ids: list[str], vectors_TD: NDArray[np.float32], *, space: str) -> "TermIndex":
        """Index unit vectors.

        Raises:
            GoferError: A vector is not finite or not of length 1 (FAISS would never find it, without a word).
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
        index = faiss.IndexFlatIP(vectors_TD.shape[1])
        index.add(np.ascontiguousarray(vectors_TD, np.float32))
        return cls(index, tuple(go_ids), space)

    def nearest(self, queries_BD: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Rows of the `k` nearest terms, best first, (B, min(k, T)).

        Raises:
            GoferError: A query is not finite or has another width.
        """
        if queries_BD.shape[1] != self.index.d:
            raise GoferError(f"queries are {queries_BD.shape[1]} wide, the index {self.index.d}")
        if not np.isfinite(queries_BD).all():
            raise GoferError("a query of the term index is not finite", help="the model has diverged: lower its rate")
        _, rows_BK = self.index.search(np.ascontiguousarray(queries_BD, np.float32), min(k, self.index.ntotal))
        return rows_BK


def write_index(path: Path | str, terms: TermIndex, manifest: Manifest) -> None:
    """Write the index atomically, and beside it `<path>.json` with its terms, space, checksum and manifest."""
    with atomic(path) as part:
        faiss.write_index(terms.index, str(part))
        digest = sha256_of(part)
    write_json(f"{path}.json", {"space": terms.space, "sha256": digest, "go_ids": list(terms.go_ids)}, manifest)


def read_index(path: Path | str) -> tuple[TermIndex, Manifest]:
    """Read what `write_index` wrote.

    Raises:
        ArtefactError: The file is missing, damaged or does not belong to its description.
    """
    about = read_json(f"{path}.json")
    if lacking := {"space", "sha256", "go_ids"} - about.keys():
        raise ArtefactError(f"{path}.json describes no index: {min(lacking)} is missing", help="delete both files")
    if not Path(path).exists() or sha256_of(path) != about["sha256"]:
        raise ArtefactError(
            f"{path} is missing or is not the file that {path}.json describes",
            help="delete both and run snakemake again: only this index is made anew",
        )
    index = faiss.read_index(str(path))
    if not isinstance(index, faiss.IndexFlatIP):
        raise ArtefactError(f"{path} is a {type(index).__name__}, not an exact inner-product index", help="delete it")
    if index.ntotal != len(about["go_ids"]):
        raise ArtefactError(f"{path} holds {index.ntotal} vectors for {len(about['go_ids'])} terms", help="delete it")
    return TermIndex(index, tuple(about["go_ids"]), about["space"]), read_manifest(f"{path}.json")
