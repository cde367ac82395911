"""Files that rules pass to each other: written atomically, and checked when read.

Each artefact carries a `Manifest`. Its `release` part names what the content depends on (GO release, proteins,
encoders); `agreed` merges the releases of several artefacts and refuses, naming both sides, where two of them disagree.
"""

import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gofer.errors import ArtefactError, GoferError

MANIFEST_KEY = "gofer_manifest"
DIGEST_KEY = b"gofer_sha256"
BLANK = b"?" * 64  # in place of the digest while it is computed
PIECE = 1 << 20
ROWS_AT_ONCE = 1 << 20  # of a table that is read in batches
PART = ".part"  # the ending of a temporary file
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Manifest:
    """What an artefact was made from.

    Attributes:
        release: Facts that must agree wherever artefacts meet, e.g. `go_release`, `proteins_sha256`, `residue_encoder`.
        made_by: Facts that are only recorded: settings, counts, tool versions.
    """

    release: Mapping[str, str] = field(default_factory=dict)
    made_by: Mapping[str, Any] = field(default_factory=dict)

    def with_release(self, **facts: str) -> "Manifest":
        """A copy with more release facts."""
        return Manifest({**self.release, **facts}, self.made_by)

    def with_facts(self, **facts: Any) -> "Manifest":
        """A copy with more `made_by` facts."""
        return Manifest(self.release, {**self.made_by, **facts})

    def only(self, *keys: str) -> "Manifest":
        """A copy that keeps only the named release facts."""
        return Manifest({key: self.release[key] for key in keys if key in self.release}, self.made_by)

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return json.dumps({"release": dict(self.release), "made_by": dict(self.made_by)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """The inverse of `to_json`.

        Raises:
            ValueError: The text is no manifest.
        """
        match json.loads(text):
            case {"release": dict(release), "made_by": dict(made_by)}:
                return cls(release, made_by)
        raise ValueError("it carries no manifest of gofer")


def agreed(artefacts: Mapping[str, Manifest]) -> Manifest:
    """The union of the artefacts' release facts.

    Args:
        artefacts: Manifest by the name to use in an error, usually the path.

    Raises:
        ArtefactError: Two artefacts name different values for one fact.
    """
    release: dict[str, str] = {}
    source: dict[str, str] = {}
    for name, manifest in artefacts.items():
        for key, value in manifest.release.items():
            if release.setdefault(key, value) != value:
                raise ArtefactError(
                    f"{name} was made with {key} {value}, but {source[key]} with {key} {release[key]}",
                    help="rerun the older of the two (snakemake --forcerun), so that both come from the same inputs",
                )
            source.setdefault(key, name)
    return Manifest(release)


def agreed_files(*paths: Path | str) -> Manifest:
    """`agreed` over the manifests of files."""
    return agreed({str(path): read_manifest(path) for path in paths})


def cache_folder() -> Path:
    """The user's cache folder of gofer: below XDG_CACHE_HOME, or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gofer"


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path next to `path`; move it there if the block succeeds, remove it otherwise.

    What a killed process left of the same file is removed first.

    Raises:
        GoferError: The disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_parts(path)
    handle, part = _locked_part(path)
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.chmod(0o666 & ~_umask())
        os.replace(part, path)
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        free = shutil.disk_usage(path.parent).free
        raise GoferError(
            f"{path} cannot be written: {error.strerror} ({free / 1e6:,.0f} MB are free on its disk)",
            help="make room and run snakemake again: finished files are kept",
        ) from error
    finally:
        part.unlink(missing_ok=True)
        os.close(handle)


def _locked_part(path: Path) -> tuple[int, Path]:
    """A new temporary file next to `path`, locked while its handle is open: a killed process loses its lock."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if Path(name).exists():
            return handle, Path(name)
        os.close(handle)  # taken for a left one before it was locked


def _remove_left_parts(path: Path) -> None:
    """Remove temporary files of `path` that no process holds."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{PART}"):
        with suppress(OSError), left.open("rb") as file:  # another process may be removing it; or there are no locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8")


def write_tsv(path: Path | str, table: pd.DataFrame) -> None:
    """Write a table as tab-separated text with a header, figures at six significant places, n/a where there is none."""
    write_text(path, table.to_csv(sep="\t", index=False, float_format="%.6g", na_rep="n/a", lineterminator="\n"))


def write_json(path: Path | str, content: Mapping[str, Any], manifest: Manifest) -> None:
    """Write `content` as indented JSON with its manifest under `gofer_manifest`."""
    write_text(path, json.dumps({**content, MANIFEST_KEY: json.loads(manifest.to_json())}, indent=2) + "\n")


def read_json(path: Path | str) -> dict[str, Any]:
    """The content that `write_json` was given.

    Raises:
        ArtefactError: The file is missing or is not JSON.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    content.pop(MANIFEST_KEY, None)
    return content


def write_table(path: Path | str, table: pd.DataFrame | pa.Table, manifest: Manifest) -> None:
    """Write a small table as parquet, with its manifest and a digest of the whole file in its metadata."""
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    write_batches(path, table.schema, [table], lambda: manifest)


def write_batches(
    path: Path | str, schema: pa.Schema, batches: Iterable[pa.RecordBatch | pa.Table], manifest: Callable[[], Manifest]
) -> None:
    """Write a table as `write_table` does, batch by batch, so that memory does not grow with it.

    Args:
        path: The file.
        schema: Of every batch.
        batches: The rows; each batch is one row group.
        manifest: Called after the last batch, so that it can describe the rows.
    """
    with atomic(path) as part:
        with pq.ParquetWriter(part, schema, compression="zstd", write_page_checksum=True) as writer:
            for batch in batches:
                writer.write(batch, row_group_size=max(len(batch), 1))  # without it, at most a million rows
            writer.add_key_value_metadata({DIGEST_KEY: BLANK, MANIFEST_KEY: manifest().to_json()})
        with part.open("r+b") as file:
            place, digest = _digest_without(BLANK, file)
            file.seek(place)
            file.write(digest)


def _digest_without(mark: bytes, file: BinaryIO | pa.NativeFile) -> tuple[int, bytes]:
    """The last position of `mark` in a parquet file's footer, and the file's SHA-256 with `BLANK` in its place."""
    size = file.seek(0, os.SEEK_END)
    file.seek(size - 8)  # the footer's length, and the letters PAR1
    start = size - 8 - int.from_bytes(file.read(4), "little")
    file.seek(start)
    footer = file.read()
    place = footer.rindex(mark)
    digest = hashlib.sha256()
    file.seek(0)
    for position in range(0, start, PIECE):
        digest.update(file.read(min(PIECE, start - position)))
    digest.update(footer[:place] + BLANK + footer[place + len(mark) :])
    return start + place, digest.hexdigest().encode()


def with_manifest(table: pa.Table, manifest: Manifest) -> pa.Table:
    """`table` with `manifest` in its schema metadata."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), MANIFEST_KEY: manifest.to_json()})


def read_table(
    path: Path | str, columns: list[str] | None = None, *, where: Mapping[str, Collection[Any]] | None = None
) -> pd.DataFrame:
    """Read a parquet table, verifying its page checksums and, where `write_table` wrote it, the whole file.

    Page checksums alone would miss a changed name, count or manifest in the file's footer.

    Args:
        path: The file.
        columns: Those to read; all without it.
        where: Values by column: only rows that have one of them in each are kept, batch by batch.

    Raises:
        ArtefactError: The file is missing, cut short or damaged, or has no such column.
    """
    with _opened(path, [*(columns or ()), *(where or ())]) as file:
        if where is None:
            return file.read(columns).to_pandas()
        names = columns or file.schema_arrow.names
        kept = [_rows_where(batch, where).select(names) for batch in _batches(file, [*names, *where])]
        return pa.Table.from_batches(kept, pa.schema([file.schema_arrow.field(name) for name in names])).to_pandas()


def read_batches(path: Path | str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Read a parquet table as `read_table` does, batch by batch, so that memory does not grow with it.

    Raises:
        ArtefactError: As of `read_table`.
    """
    with _opened(path, columns) as file:
        yield from _batches(file, columns)


def read_groups(path: Path | str) -> Iterator[pa.RecordBatch]:
    """Read a parquet table as `read_table` does, one by one the batches that `write_batches` was given.

    Raises:
        ArtefactError: As of `read_table`.
    """
    with _opened(path, []) as file:
        for group in range(file.num_row_groups):
            yield pa.Table.to_batches(file.read_row_group(group).combine_chunks())[0]


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    return file.iter_batches(ROWS_AT_ONCE, columns=list(dict.fromkeys(columns)))


def _rows_where(batch: pa.RecordBatch, where: Mapping[str, Collection[Any]]) -> pa.RecordBatch:
    for name, values in where.items():
        column = batch.column(name)
        batch = batch.filter(pc.is_in(column, value_set=pa.array(list(values), column.type)))
    return batch


@contextmanager
def _opened(path: Path | str, columns: Collection[str]) -> Iterator[pq.ParquetFile]:
    try:
        with pa.OSFile(str(path)) as source:  # opened once: meanwhile another process may put a new file there
            file = pq.ParquetFile(source, page_checksum_verification=True)
            _verify_digest(source, (file.metadata.metadata or {}).get(DIGEST_KEY, b""))
            if lacking := set(columns) - set(file.schema_arrow.names):
                raise ValueError(f"it has no column {min(lacking)}")
            yield file
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def _verify_digest(source: pa.NativeFile, recorded: bytes) -> None:
    if not recorded:  # a shard: too large to be read as a whole, its rows have checksums
        return
    if _digest_without(recorded, source)[1] != recorded:
        raise ValueError("its checksum is not that of its content")


def read_manifest(path: Path | str) -> Manifest:
    """The manifest of a parquet, safetensors or JSON artefact (for any other file: of `<file>.json` next to it).

    Raises:
        ArtefactError: The file is missing, damaged or carries no manifest.
    """
    path = Path(path)
    try:
        match path.suffix:
            case ".parquet":
                text = (pq.read_metadata(path).metadata or {}).get(MANIFEST_KEY.encode(), b"").decode()
            case ".safetensors":
                text = _safetensors_metadata(path).get(MANIFEST_KEY, "")
            case ".json":
                text = json.dumps(json.loads(path.read_text(encoding="utf-8")).get(MANIFEST_KEY, ""))
            case _:
                return read_manifest(path.with_name(path.name + ".json"))
        return Manifest.from_json(text)
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def _safetensors_metadata(path: Path) -> dict[str, str]:
    # Only the header is wanted here, and the training packages (torch) must not be needed for it.
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > 100_000_000:
            raise ValueError("safetensors header too long")
        return json.loads(file.read(length)).get("__metadata__", {})


def _unreadable(path: Path | str, error: Exception) -> ArtefactError:
    reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
    return ArtefactError(f"{path} {reason}", help="delete it and run snakemake again: only this file is made again")


def sha256_of(path: Path | str) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
