"""Residue embeddings of all runs by sequence, so that no sequence is embedded twice by one encoder.

The folder of an encoder is a residue store like that of a run: shards, here named after their content, and a
manifest.parquet that says in which of them each sequence is. A shard of a run is added as a hard link, so that it takes
no extra space. A cache may be deleted at any time, as a whole or in part, even while jobs use it: what is missing or
damaged is embedded again.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from filelock import FileLock

from gofer.artefacts import Manifest, atomic, read_manifest, read_table
from gofer.embeddings.encoder_names import file_name
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import shard_index, write_index
from gofer.errors import ArtefactError, GoferError
from gofer.workflow import logger

INDEX = "manifest.parquet"
# Part of the folder's name: raise it when a model gives other vectors than before, beyond the rounding of float32
# (tests/embeddings/test_residue_cache.py holds some values).
VERSION = 1


class ResidueCache:
    """The embeddings of one encoder that earlier jobs have left.

    Args:
        folder: Config key embeddings.residues.cache; None for a cache that keeps nothing.
        encoder: Name of the encoder, with layer, weights, precision and form.
        form: Of the vectors.
        window_overlap: Changes the vectors of long proteins, so each value has a separate folder.
    """

    def __init__(self, folder: Path | str | None, *, encoder: str, form: ResidueForm, window_overlap: int) -> None:
        identity = f"{encoder}, overlap {window_overlap}, version {VERSION}"
        name = f"{file_name(encoder)[:60]}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
        self.folder = None if folder is None else Path(folder) / name
        self.manifest = Manifest({"residue_encoder": encoder}, {**form.facts(), "window_overlap": window_overlap})
        self._store: ESMResidueStore | None = None

    def known(self, shas: Iterable[str]) -> set[str]:
        """Which of the sequences are here, each read once and found whole.

        A damaged file is named in a warning and set aside, and none of its sequences counts.
        """
        self._store = self._opened()
        store, damaged = self._store, dict[Path, ArtefactError]()
        if store is None:
            return set()
        found: dict[str, Path] = {}
        for sha256 in shas:
            if sha256 not in store:
                continue
            path = store.path_of(sha256)
            try:
                store.blob(sha256)
                found[sha256] = path
            except ArtefactError as error:
                if not _is_unreachable(error):
                    damaged.setdefault(path, error)
        for path, reason in damaged.items():
            _set_aside(path, reason)
        return {sha256 for sha256, path in found.items() if path not in damaged}

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a sequence that `known` has named; None where another job has removed them since."""
        try:
            return None if self._store is None else self._store.blob(sha256)
        except ArtefactError:
            return None

    def add(self, shard: Path) -> None:
        """Take in a finished shard; remove files all of whose sequences are now in newer ones.

        A fault of the cache is only a warning: the shard itself is complete.
        """
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{_content(shard_index(shard))}.parquet"
            with FileLock(self.folder / ".lock"):
                _link(shard, path)
                self._refresh(self._index_of(path))
        except (OSError, GoferError) as error:
            logger.warning("%s was not put into the cache %s: %s", shard, self.folder, error)

    def _opened(self) -> ESMResidueStore | None:
        if self.folder is None or not self.folder.is_dir():
            return None
        try:
            try:
                return self._store_of_index()
            except ArtefactError:  # no list yet, or a damaged one
                with FileLock(self.folder / ".lock"):
                    self._refresh(_NOTHING)
                return self._store_of_index()
        except (OSError, GoferError) as error:
            logger.warning("the cache %s cannot be used: %s", self.folder, error)
            return None

    def _store_of_index(self) -> ESMResidueStore:
        assert self.folder is not None
        self._refuse_other(self.folder / INDEX)
        return ESMResidueStore(self.folder / INDEX)

    def _refresh(self, newest: pd.DataFrame) -> None:
        """Rewrite the manifest, each sequence at its newest place, and remove files that it does not name."""
        assert self.folder is not None
        paths = {path.name: path for path in self.folder.glob("*.parquet") if path.name != INDEX}
        known = self._known_index()
        # Left by a job that was killed between the link and the manifest, or by a lost manifest.
        strays = sorted(set(paths) - set(known["shard"]) - set(newest["shard"]))
        tables = [newest, known[known["shard"].isin(list(paths))], *(self._index_of(paths[name]) for name in strays)]
        index = pd.concat(tables, ignore_index=True).drop_duplicates("sequence_sha256")
        write_index(self.folder / INDEX, index, self.manifest)
        # Also files that a job left when it was killed while copying: this process holds the lock.
        for path in (*(paths[name] for name in set(paths) - set(index["shard"])), *self.folder.glob(".*.part")):
            path.unlink(missing_ok=True)

    def _known_index(self) -> pd.DataFrame:
        assert self.folder is not None
        path = self.folder / INDEX
        if not path.exists():
            return _NOTHING
        try:
            self._refuse_other(path)
            return read_table(path, list(_NOTHING.columns))
        except ArtefactError as error:
            logger.warning("%s: the manifest of the cache is rebuilt", error.what)
            return _NOTHING

    def _index_of(self, path: Path) -> pd.DataFrame:
        try:
            self._refuse_other(path)
            return shard_index(path)
        except ArtefactError as error:
            _set_aside(path, error)
            return _NOTHING

    def _refuse_other(self, path: Path) -> None:
        found, ours = read_manifest(path), self.manifest
        if found.release != ours.release or not ours.made_by.items() <= found.made_by.items():
            raise ArtefactError(f"{path} is from another encoder, {found.release.get('residue_encoder')}")


_NOTHING = pd.DataFrame(
    {
        "sequence_sha256": pd.Series(dtype="str"),
        "length": pd.Series(dtype="int32"),
        "crc32": pd.Series(dtype="uint32"),
        "shard": pd.Series(dtype="str"),
        "row": pd.Series(dtype="int32"),
        "offset": pd.Series(dtype="int64"),
    }
)


def _content(index: pd.DataFrame) -> str:
    """Digest of a shard's sequences and vectors."""
    table = index[["sequence_sha256", "length", "crc32"]].sort_values("sequence_sha256")
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest()[:32]


def _link(shard: Path, path: Path) -> None:
    if path.exists():
        return
    try:
        os.link(shard, path)
    except FileExistsError:  # another job was first
        return
    except OSError:  # another disk, or one without hard links
        with atomic(path) as part:
            shutil.copyfile(shard, part)


def _is_unreachable(error: ArtefactError) -> bool:
    # Missing, or not ours to read, rather than damaged.
    return isinstance(error.__cause__, OSError) and error.__cause__.errno is not None


def _set_aside(path: Path, error: GoferError) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    logger.warning("%s; set aside as %s, its sequences are embedded again", error.what, aside.name)
    try:
        path.replace(aside)
    except OSError as reason:
        logger.warning("%s could not be set aside (%s)", path, reason)
