"""Scores without a lower cutoff, only those that metrics need: a file of all scores would be too large.

They are computed protein by protein, but metrics of single terms read them term by term. So they are written block by
block to a scratch file, and from there to the table, some terms at a time, which keeps memory small.
Shapes: B proteins of a block, T terms of the release, C terms that one of the proteins has, N proteins.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table, write_batches, write_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.metrics.generalised_zero_shot import RANK_COLUMNS, as_table, true_ranks
from gofer.metrics.sparse_pairs import Pairs

Block = tuple[list[str], NDArray]  # ids of some proteins, and their scores of all terms (B, T)

PROTEIN_IDS = b"protein_ids"  # in the table's metadata, one per line
SCORES_AT_ONCE = 4_000_000  # in memory, and in a row group: 16 MB


class UnthresholdedWriter:
    """Takes scores block by block; as a context manager, it removes its scratch file at the end.

    Args:
        folder: For the scratch file.
        terms: Columns go_id, aspect, training_count and parents per relation.
        annotations: Columns protein_id, go_id of the proteins to come, propagated.
        relations: Along which annotations propagate in this run.
    """

    def __init__(
        self, folder: Path | str, terms: pd.DataFrame, annotations: pd.DataFrame, relations: Iterable[str]
    ) -> None:
        self.go_ids: list[str] = terms["go_id"].tolist()
        below_T = ~GoGraph.of_terms(terms, relations, within_aspect=True).is_root_T
        unseen_T = (terms["training_count"] == 0).to_numpy(bool)
        aspects_T = terms["aspect"].to_numpy(str)
        columns = np.flatnonzero(terms["go_id"].isin(set(annotations["go_id"])))
        self.columns_C = columns[np.argsort(aspects_T[columns], kind="stable")]  # grouped by aspect
        columns_by_aspect = [np.flatnonzero((aspects_T == aspect) & below_T) for aspect in terms["aspect"].unique()]
        self.aspects = [
            (columns, unseen_T[columns], terms["go_id"].iloc[columns].tolist()) for columns in columns_by_aspect
        ]
        self.labelled = pd.Index([*annotations["protein_id"].unique(), ""])  # the last row: a protein without a label
        self.labels_NT = label_matrix(annotations, self.labelled, self.go_ids)
        self.protein_ids: list[str] = []
        self.sizes: list[int] = []
        self.ranks: list[pd.DataFrame] = []
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.scratch = tempfile.TemporaryFile(dir=folder)

    def __enter__(self) -> "UnthresholdedWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.scratch.close()

    def add(self, protein_ids: Sequence[str], scores_BT: NDArray) -> None:
        """Take the scores of some proteins; columns are the rows of `terms`."""
        labels_BT = self.labels_NT[self.labelled.get_indexer(pd.Index(protein_ids))].toarray()
        self.protein_ids += protein_ids
        self.sizes.append(len(protein_ids))
        self.scratch.write(np.ascontiguousarray(scores_BT[:, self.columns_C].T, np.float32).data)
        for columns, unseen_C, go_ids in self.aspects:
            ranks = true_ranks(Pairs.of_arrays(scores_BT[:, columns], labels_BT[:, columns]), unseen_C)
            self.ranks.append(as_table(ranks, list(protein_ids), go_ids))

    def write(self, scores: Path | str, ranks: Path | str, manifest: Manifest) -> None:
        """Write both tables.

        Args:
            scores: One row per term that a protein has: go_id, and the scores of all proteins (float32), in the order
                of the ids in the table's metadata.
            ranks: `generalised.RANK_COLUMNS`: rank of each true term among all terms of its aspect.
            manifest: What they were made from.
        """
        ids = "\n".join(self.protein_ids).encode()
        schema = pa.schema([("go_id", pa.string()), ("scores", pa.list_(pa.float32()))], {PROTEIN_IDS: ids})
        write_batches(scores, schema, (self._batch(*part, schema) for part in self._parts()), lambda: manifest)
        table = pd.concat(self.ranks, ignore_index=True) if self.ranks else pd.DataFrame(columns=RANK_COLUMNS)
        write_table(ranks, table, manifest)

    def _parts(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        at_once = max(SCORES_AT_ONCE // max(len(self.protein_ids), 1), 1)
        for start in range(0, len(self.columns_C), at_once):
            columns = self.columns_C[start : start + at_once]
            scores_CN = np.empty((len(columns), len(self.protein_ids)), np.float32)
            before = 0  # proteins
            for size in self.sizes:
                self.scratch.seek(4 * (before * len(self.columns_C) + start * size))
                scores = np.frombuffer(self.scratch.read(4 * size * len(columns)), np.float32)
                scores_CN[:, before : before + size] = scores.reshape(len(columns), size)
                before += size
            yield columns, scores_CN

    def _batch(self, columns: NDArray[np.int64], scores_CN: NDArray[np.float32], schema: pa.Schema) -> pa.Table:
        offsets = pa.array(np.arange(len(columns) + 1, dtype=np.int32) * scores_CN.shape[1])
        lists = pa.ListArray.from_arrays(offsets, pa.array(scores_CN.ravel()))
        return pa.table([pa.array([self.go_ids[column] for column in columns]), lists], schema=schema)


@dataclass(frozen=True, eq=False)
class UnthresholdedScores:
    """A table of scores that `UnthresholdedWriter` wrote, read some terms at a time.

    Attributes:
        path: The file.
        protein_ids: Proteins of the scores, N.
    """

    path: Path
    protein_ids: pd.Index

    @classmethod
    def open(cls, path: Path | str) -> "UnthresholdedScores":
        """Check the file as a whole and read its proteins.

        Raises:
            ArtefactError: It is missing or damaged.
        """
        read_table(path, [])
        ids = (pq.read_schema(path).metadata or {})[PROTEIN_IDS].decode()
        return cls(Path(path), pd.Index(ids.split("\n") if ids else [], dtype=str))

    def of_terms(self, go_ids: pd.Index) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Position in `go_ids`, and scores of all proteins (N), of each of these terms that the table has."""
        with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                places = go_ids.get_indexer(file.read_row_group(group, ["go_id"])["go_id"].to_pandas())
                if not (places >= 0).any():
                    continue
                scores_CN = file.read_row_group(group, ["scores"])["scores"].combine_chunks().flatten().to_numpy()
                rows = scores_CN.reshape(len(places), len(self.protein_ids))
                yield from ((int(place), row_N) for place, row_N in zip(places, rows, strict=True) if place >= 0)
