"""Shards of residue embeddings: which sequence goes where, how a shard is written, and the manifest over all of them.

A shard holds each sequence once, under its hash: one row, one uncompressed blob of a `ResidueForm` (by default
little-endian float16 (L, E)), one row group. So a blob is the end of its column chunk, and the manifest can say at
which byte it begins: a random read is one read from the file (`benchmarks/store.py`), while any reader of parquet reads
the shard too. A CRC-32 of each blob is kept in the manifest, so that a read notices a flipped bit, a cut file, or a
shard of another run.
"""

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gofer.artefacts import Manifest, agreed, atomic, read_manifest, read_table, with_manifest, write_table
from gofer.embeddings.encoder_names import shard_names
from gofer.embeddings.even_shares import even_shares
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.errors import ArtefactError, GoferError

SCHEMA = pa.schema(
    [
        pa.field("sequence_sha256", pa.string(), nullable=False),
        pa.field("length", pa.int32(), nullable=False),
        pa.field("crc32", pa.uint32(), nullable=False),
        pa.field("residues", pa.binary(), nullable=False),
    ]
)
BLOB_COLUMN = SCHEMA.get_field_index("residues")
INDEX_COLUMNS = ["sequence_sha256", "length", "crc32"]
RERUN = "delete it and run snakemake again: only this shard is embedded again"


@dataclass(frozen=True, eq=False)
class EmbeddedSequence:
    """Residue vectors of one sequence.

    Attributes:
        sha256: Of the sequence.
        protein_id: A protein that has it, for messages.
        length: Residues of the sequence.
        residues_LE: float32 or float16, one row per residue; or the bytes that a store of the same form holds.
    """

    sha256: str
    protein_id: str
    length: int
    residues_LE: NDArray[np.floating] | bytes


def plan_shards(proteins: pd.DataFrame, shards: int) -> pd.DataFrame:
    """Distribute the distinct sequences over shards, long ones first, each to the shard with fewest residues.

    Args:
        proteins: Columns sequence_sha256, length; in any order.
        shards: How many; some stay empty where there are fewer sequences.

    Returns:
        Columns sequence_sha256, length, shard (five digits), sorted by shard and hash.
    """
    sequences = proteins[["sequence_sha256", "length"]].drop_duplicates("sequence_sha256")
    sequences = sequences.sort_values(["length", "sequence_sha256"], ascending=[False, True])
    shares = even_shares(sequences["length"].tolist(), shards)
    shard_of = {row: name for name, rows in zip(shard_names(shards), shares, strict=False) for row in rows}
    chosen = [shard_of[row] for row in range(len(sequences))]
    plan = sequences.assign(shard=pd.Series(chosen, index=sequences.index, dtype="str"))
    return plan.sort_values(["shard", "sequence_sha256"], ignore_index=True)


def sequences_of_shard(proteins: pd.DataFrame, plan: pd.DataFrame, shard: str) -> pd.DataFrame:
    """The shard's part of the plan with a sequence and a protein id each.

    Returns:
        Columns sequence_sha256, length, protein_id, sequence.

    Raises:
        ArtefactError: The plan names a sequence that no protein has.
    """
    first = proteins.drop_duplicates("sequence_sha256")[["sequence_sha256", "protein_id", "sequence"]]
    rows = plan.loc[plan["shard"] == shard, ["sequence_sha256", "length"]].merge(
        first, on="sequence_sha256", how="left"
    )
    if rows["sequence"].isna().any():
        raise ArtefactError(
            f"the plan has {int(rows['sequence'].isna().sum())} sequences that are not among the proteins",
            help="run snakemake again with --forcerun plan_shards",
        )
    return rows


def write_shard(
    path: Path | str, rows: Iterable[EmbeddedSequence], planned: pd.DataFrame, *, form: ResidueForm, manifest: Manifest
) -> None:
    """Write a shard row by row, so that memory does not grow with it.

    Args:
        path: Shard file.
        rows: Its sequences, in any order.
        planned: Columns sequence_sha256, length of the sequences that must come.
        form: How the vectors are stored.
        manifest: With residue_encoder, the encoder's name, in its release.

    Raises:
        GoferError: A vector is not a finite float16, a sequence has another number of vectors than residues, or other
            sequences came than planned.
    """
    content = content_digest(_pairs(planned))
    schema = with_manifest(SCHEMA.empty_table(), manifest.with_facts(**form.facts(), content=content)).schema
    written: list[tuple[str, int]] = []
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False, "write_page_checksum": True}
    with atomic(path) as part:
        with pq.ParquetWriter(part, schema, **options) as writer:
            for row in rows:
                blob = _blob(row, form)
                values = [[row.sha256], [row.length], [zlib.crc32(blob)], [blob]]
                columns = [pa.array(value, field.type) for value, field in zip(values, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                written.append((row.sha256, row.length))
        if content_digest(written) != content:
            raise GoferError(f"{path}: not the planned sequences were embedded", help="this is a fault of gofer")


def _blob(row: EmbeddedSequence, form: ResidueForm) -> bytes:
    if isinstance(row.residues_LE, bytes):
        return row.residues_LE
    if row.residues_LE.shape != (row.length, form.width):
        raise GoferError(
            f"{row.protein_id} (sequence {row.sha256[:12]}) has {row.length} residues, but its embedding has the shape "
            f"{row.residues_LE.shape}, not ({row.length}, {form.width})",
            help="the model does not give one vector per residue: use another one",
        )
    with np.errstate(over="ignore"):
        half_LE = row.residues_LE.astype("<f2")
    if not np.isfinite(half_LE).all():
        residue, column = np.argwhere(~np.isfinite(half_LE))[0]
        raise GoferError(
            f"{row.protein_id} (sequence {row.sha256[:12]}): the vector of residue {residue + 1} has the value "
            f"{row.residues_LE[residue, column]}, which float16 cannot hold",
            help="choose another embeddings.residues.layer (the last one is normalised), float32 as .precision, "
            "or another model",
        )
    return form.packed(row.residues_LE)


def content_digest(sequences: Iterable[tuple[str, int]]) -> str:
    """Digest over (sequence_sha256, length) pairs in any order."""
    lines = sorted(f"{sha256} {length}" for sha256, length in sequences)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def collect_shards(paths: list[Path], plan: pd.DataFrame) -> tuple[pd.DataFrame, Manifest]:
    """Where each sequence is, over all shards.

    Args:
        paths: Shard files.
        plan: From `plan_shards`.

    Returns:
        Columns of `shard_index`; and a manifest with the encoder.

    Raises:
        ArtefactError: A shard is damaged or from another encoder, or planned sequences are missing or come twice.
    """
    manifests = {path: read_manifest(path) for path in paths}
    manifest = agreed({str(path): one for path, one in manifests.items()})
    tables = [shard_index(path) for path in paths]
    index = pd.concat(tables, ignore_index=True)
    if index["sequence_sha256"].duplicated().any() or content_digest(_pairs(index)) != content_digest(_pairs(plan)):
        extra = len(set(index["sequence_sha256"]) - set(plan["sequence_sha256"]))
        missing = len(set(plan["sequence_sha256"]) - set(index["sequence_sha256"]))
        raise ArtefactError(
            f"the shards in {paths[0].parent} do not hold the plan's sequences: {missing} missing, {extra} not planned",
            help="delete that folder and run snakemake again",
        )
    return index, manifest.with_facts(**manifests[paths[0]].made_by)


def shard_index(path: Path) -> pd.DataFrame:
    """What a shard holds, and where.

    Returns:
        Columns sequence_sha256, length, crc32, shard (file name), row (= row group), offset (first byte of the blob).

    Raises:
        ArtefactError: The shard is missing, damaged or no shard.
    """
    table = read_table(path, INDEX_COLUMNS)
    form = ResidueForm.of_manifest(read_manifest(path))
    with pq.ParquetFile(path) as file:
        chunks = [file.metadata.row_group(row).column(BLOB_COLUMN) for row in range(file.metadata.num_row_groups)]
    ends = np.array([chunk.data_page_offset + chunk.total_compressed_size for chunk in chunks], np.int64)
    begins = ends - form.size(table["length"].to_numpy(np.int64))
    return table.assign(shard=path.name, row=np.arange(len(table), dtype=np.int32), offset=begins)


def _pairs(table: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(table["sequence_sha256"].tolist(), table["length"].tolist(), strict=True))


def write_index(path: Path | str, index: pd.DataFrame, manifest: Manifest) -> None:
    """Write manifest.parquet, sorted by hash."""
    made_by = {key: value for key, value in manifest.made_by.items() if key != "content"}
    write_table(path, index.sort_values("sequence_sha256", ignore_index=True), Manifest(manifest.release, made_by))
