"""Residue embeddings by sequence, read at random from shards.

For those who only want embeddings: run `snakemake results/<run>/embeddings/<model>/manifest.parquet`, then

    >>> from hashlib import sha256
    >>> from gofer.embeddings.residue_store import ESMResidueStore
    >>> store = ESMResidueStore("results/<run>/embeddings/<model>/manifest.parquet")
    >>> residues_LE = store[sha256(b"MKTAYIAKQR").hexdigest()]     # float16, one row per residue
    >>> protein_E = residues_LE.mean(0, dtype="float32")           # one vector per protein
    >>> for sha256, residues_LE in store.by_shard(): ...           # everything, in the order of the files

The table inputs/proteins.parquet has the hash of each protein's sequence. Without the workflow,

    >>> from gofer.embeddings.residue_encoder import ResidueEncoder
    >>> encoder = ResidueEncoder.load("esm2_t6_8M_UR50D", "last")
    >>> vectors = dict(encoder.embed(["MKTAYIAKQR"], batch_residues=4096, window_overlap=256))   # {0: float32 (10, E)}
"""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gofer.artefacts import read_manifest, read_table
from gofer.embeddings.shards import RERUN
from gofer.errors import ArtefactError


class ESMResidueStore:
    """Random access to the residue embeddings of a run; every read is checked against the manifest.

    It may be pickled, so that each worker of a DataLoader opens the shards itself.

    Args:
        manifest_path: The manifest.parquet beside the shards.

    Raises:
        ArtefactError: The manifest is missing or damaged.
    """

    def __init__(self, manifest_path: Path | str) -> None:
        manifest = read_manifest(manifest_path)
        index = read_table(manifest_path)
        self.folder = Path(manifest_path).parent
        self.encoder: str = manifest.release["residue_encoder"]
        self.width: int = int(manifest.made_by["width"])
        shas = index["sequence_sha256"].tolist()
        self.lengths: Mapping[str, int] = dict(zip(shas, index["length"].tolist(), strict=True))
        self._position = {sha256: position for position, sha256 in enumerate(shas)}
        self._shards = sorted(set(index["shard"]))
        shard_number = {name: number for number, name in enumerate(self._shards)}
        self._shard_N = index["shard"].map(shard_number).to_numpy(np.int32)
        self._row_N = index["row"].to_numpy(np.int32)
        self._crc32_N = index["crc32"].to_numpy(np.uint32)
        self._open: dict[int, pq.ParquetFile] = {}

    def __len__(self) -> int:
        return len(self.lengths)

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self.lengths

    def __getitem__(self, sha256: str) -> NDArray[np.float16]:
        """Residue vectors (L, E) of a sequence, read-only.

        Raises:
            ArtefactError: The sequence is not in the store, or its shard is missing, damaged or from another run.
        """
        position = self._position.get(sha256)
        if position is None:
            raise ArtefactError(
                f"sequence {sha256[:12]} is not in {self.folder}", help="run snakemake again: the proteins have changed"
            )
        blob = self._blob(int(self._shard_N[position]), int(self._row_N[position]))
        length = self.lengths[sha256]
        if len(blob) != 2 * length * self.width or zlib.crc32(blob) != self._crc32_N[position]:
            path = self.folder / self._shards[self._shard_N[position]]
            raise ArtefactError(f"{path} is damaged or from another run, at sequence {sha256[:12]}", help=RERUN)
        return np.frombuffer(blob, "<f2").reshape(length, self.width)

    def by_shard(self) -> Iterator[tuple[str, NDArray[np.float16]]]:
        """Every (hash, residue vectors), shard by shard in the order of the rows."""
        shas = list(self._position)
        for position in np.lexsort((self._row_N, self._shard_N)).tolist():
            yield shas[position], self[shas[position]]

    def _blob(self, shard: int, row: int) -> pa.Buffer:
        file = self._open.get(shard)
        if file is None:
            file = self._open[shard] = self._opened(self.folder / self._shards[shard])
        try:
            column = file.read_row_group(row, columns=["residues"], use_threads=False).column(0)
            return column.chunk(0)[0].as_buffer()
        except (OSError, IndexError, pa.ArrowException) as error:
            raise self._unreadable(self.folder / self._shards[shard], error) from error

    def _opened(self, path: Path) -> pq.ParquetFile:
        try:
            file = pq.ParquetFile(path, memory_map=True)
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(path, error) from error
        encoder = read_manifest(path).release.get("residue_encoder")
        if encoder != self.encoder:
            raise ArtefactError(f"{path} is from {encoder}, but its manifest from {self.encoder}", help=RERUN)
        return file

    @staticmethod
    def _unreadable(path: Path, error: Exception) -> ArtefactError:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({str(error)[:200]})"
        return ArtefactError(f"{path} {reason}", help=RERUN)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}
