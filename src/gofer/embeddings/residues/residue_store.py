"""Residue embeddings by sequence, read at random from shards.

For those who only want embeddings: write a FASTA file and run

    snakemake embeddings --cores 2 --config proteins=my.fasta run=mine

(and `embeddings='{residues: {model: esm2_t6_8M_UR50D}}'` for another model than the config's). Then

    >>> import pandas as pd, pathlib
    >>> from gofer.embeddings.residues.residue_store import ESMResidueStore
    >>> proteins = pd.read_parquet("results/mine/inputs/proteins.parquet").set_index("protein_id")
    >>> [manifest] = pathlib.Path("results/mine/embeddings").glob("*/manifest.parquet")
    >>> store = ESMResidueStore(manifest)
    >>> residues_LE = store[proteins.loc["my_protein", "sequence_sha256"]]

`residues_LE` is float16 with one row per residue (from a store of int8, too), and
`residues_LE.mean(0, dtype="float32")` a vector of the protein. `store.by_shard()` goes through everything; a store
works in the workers of a DataLoader, forked or spawned. Without the workflow,

    >>> from gofer.embeddings.residues.residue_encoder import ResidueEncoder
    >>> encoder = ResidueEncoder.load("untrained_t4_d96_h8", "last")
    >>> vectors = dict(encoder.embed(["MKTAYIAKQR"], batch_residues=4096, window_overlap=256))

gives `{0: float32 (10, E)}`.
"""

import os
import zlib
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import read_manifest, read_table
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.shards import RERUN
from gofer.errors import ArtefactError

# A process often has no more than 1,024 files; opening one again costs little compared with a read.
MOST_OPEN = 256


class ESMResidueStore:
    """Random access to the residue embeddings of a run; every read is checked against the manifest.

    Each read takes the bytes of one protein from its shard, so memory does not grow with what is read. What was read
    lately is in the system's page cache: a cache of shards on top would hold the same bytes twice. (A mapped file would
    save a tenth of a read's time, and end the process where a network disk fails.) A store may be pickled, and used in
    forked processes, each in one thread.

    Args:
        manifest_path: The manifest.parquet in the folder of the shards.

    Raises:
        ArtefactError: The manifest is missing or damaged.
    """

    def __init__(self, manifest_path: Path | str) -> None:
        manifest = read_manifest(manifest_path)
        index = read_table(manifest_path)
        self.folder = Path(manifest_path).parent
        self.encoder: str = manifest.release["residue_encoder"]
        self.form = ResidueForm.of_manifest(manifest)
        self.width: int = self.form.width
        shas = index["sequence_sha256"].tolist()
        self.lengths: Mapping[str, int] = dict(zip(shas, index["length"].tolist(), strict=True))
        self._position = {sha256: position for position, sha256 in enumerate(shas)}
        self._shards = sorted(set(index["shard"]))
        shard_number = {name: number for number, name in enumerate(self._shards)}
        self._shard_N = index["shard"].map(shard_number).to_numpy(np.int32)
        self._offset_N = index["offset"].to_numpy(np.int64)
        self._crc32_N = index["crc32"].to_numpy(np.uint32)
        self._open: dict[int, FileIO] = {}

    def __len__(self) -> int:
        return len(self.lengths)

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self.lengths

    def __getitem__(self, sha256: str) -> NDArray[np.float16]:
        """Residue vectors (L, E) of a sequence, read-only.

        Raises:
            ArtefactError: The sequence is not in the store, or its shard is missing, damaged or from another run.
        """
        return self.form.unpacked(self.blob(sha256), self.lengths[sha256])

    def blob(self, sha256: str) -> bytes:
        """The bytes of a sequence, of the store's form; errors as of its vectors."""
        position = self._position_of(sha256)
        size = self.form.size(self.lengths[sha256])
        blob = self._read(int(self._shard_N[position]), int(self._offset_N[position]), size)
        if len(blob) != size or zlib.crc32(blob) != self._crc32_N[position]:
            raise self._damaged(self.path_of(sha256), sha256)
        return blob

    def path_of(self, sha256: str) -> Path:
        """The shard that a sequence is in.

        Raises:
            ArtefactError: The sequence is not in the store.
        """
        return self.folder / self._shards[self._shard_N[self._position_of(sha256)]]

    def by_shard(self) -> Iterator[tuple[str, NDArray[np.float16]]]:
        """Every (hash, residue vectors), shard by shard in the order of the rows."""
        shas = list(self._position)
        for position in np.lexsort((self._offset_N, self._shard_N)).tolist():
            yield shas[position], self[shas[position]]

    def _position_of(self, sha256: str) -> int:
        position = self._position.get(sha256)
        if position is None:
            raise ArtefactError(
                f"sequence {sha256[:12]} is not in {self.folder}", help="run snakemake again: the proteins have changed"
            )
        return position

    def _read(self, shard: int, offset: int, size: int) -> bytes:
        path = self.folder / self._shards[shard]
        try:
            if shard not in self._open:
                if len(self._open) >= MOST_OPEN:
                    self._open.pop(next(iter(self._open))).close()
                self._open[shard] = FileIO(path)
            return os.pread(self._open[shard].fileno(), size, offset)
        except OSError as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
            raise ArtefactError(f"{path} {reason}", help=RERUN) from error

    def _damaged(self, path: Path, sha256: str) -> ArtefactError:
        # The manifest of the shard shows whether it is in the wrong place or damaged.
        try:
            encoder = read_manifest(path).release.get("residue_encoder")
        except ArtefactError as error:
            return error
        if encoder != self.encoder:
            return ArtefactError(f"{path} is from {encoder}, but its manifest from {self.encoder}", help=RERUN)
        return ArtefactError(f"{path} is damaged or from another run, at sequence {sha256[:12]}", help=RERUN)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}
