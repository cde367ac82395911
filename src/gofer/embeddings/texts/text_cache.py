"""Text vectors of all runs, by text and encoder, so that no text is embedded twice.

One folder per encoder; in it a parquet file for each lot of new vectors, named after the texts in it, and written as
every artefact is: under a temporary name, with checksums. Small files are merged now and then. Nothing depends on the
cache: a damaged file is set aside and its texts are embedded again, a folder that cannot be written is not written, and
any of it can be deleted at any time.

Shapes: T texts, G text width.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from gofer.artefacts import Manifest
from gofer.embeddings.texts.go_lookup import read_unit_vectors, write_unit_vectors
from gofer.errors import ArtefactError, GoferError
from gofer.workflow import logger

KEY = "text_sha256"
# Files below this size are merged, once there are so many of them.
SMALL_BYTES = 32 * 2**20
MOST_SMALL = 8
# What is held while files are written or merged takes seconds.
SECONDS_TO_WAIT = 600


class TextCache:
    """The vectors that one encoder gave.

    Args:
        folder: Of the vectors of all encoders; made when there is something to keep.
        encoder: All that a vector depends on besides its text; another one shares nothing with it.
    """

    def __init__(self, folder: Path | str, encoder: str) -> None:
        self.folder = Path(folder) / hashlib.sha256(encoder.encode()).hexdigest()[:16]
        self.manifest = Manifest({"text_vectors": encoder})
        self.writes = True

    def read(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of those of `texts` that were embedded before, by text."""
        text_of = {_key(text): text for text in texts}
        found: dict[str, NDArray[np.float32]] = {}
        for keys, vectors_TG in self._contents():
            wanted = [row for row, key in enumerate(keys) if key in text_of]
            found.update(zip([text_of[keys[row]] for row in wanted], vectors_TG[wanted], strict=True))
        return found

    def add(self, texts: Sequence[str], vectors_TG: NDArray[np.float32]) -> None:
        """Keep the unit vectors of `texts`; where that fails, say so once and keep no more."""
        if not self.writes or not texts:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock", timeout=SECONDS_TO_WAIT):
                self._write({_key(text): vector_G for text, vector_G in zip(texts, vectors_TG, strict=True)})
                small = [path for path in self._files() if path.stat().st_size < SMALL_BYTES]
                if len(small) > MOST_SMALL:
                    self._merge(small)
        except (OSError, NotImplementedError, GoferError) as error:  # NotImplementedError: no locks on this disk
            self.writes = False
            logger.warning("%s: vectors are not kept there (%s)", self.folder, error)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[!.]*.parquet"))

    def _contents(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Keys and vectors of each file. No lock: of a file merged meanwhile, the merged one is read."""
        seen: set[Path] = set()
        while new := [path for path in self._files() if path not in seen]:
            seen.update(new)
            yield from (content for path in new if (content := self._content(path)))

    def _content(self, path: Path) -> tuple[list[str], NDArray[np.float32]] | None:
        try:
            return read_unit_vectors(path, KEY, expected=self.manifest)
        except ArtefactError as error:
            if path.is_file():
                _set_aside(path, error)
            return None

    def _write(self, vectors: dict[str, NDArray[np.float32]]) -> Path:
        keys = sorted(vectors)
        path = self.folder / f"{_key(' '.join(keys))[:16]}.parquet"
        write_unit_vectors(path, KEY, keys, np.stack([vectors[key] for key in keys]), self.manifest)
        return path

    def _merge(self, paths: Sequence[Path]) -> None:
        contents = [content for path in paths if (content := self._content(path))]
        pairs = (zip(keys, vectors_TG, strict=True) for keys, vectors_TG in contents)
        merged = self._write(dict(pair for lot in pairs for pair in lot))
        for path in set(paths) - {merged}:
            path.unlink(missing_ok=True)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _set_aside(path: Path, error: ArtefactError) -> None:
    logger.warning("%s; its texts are embedded again", error.what)
    try:
        os.replace(path, path.with_suffix(".damaged"))
    except OSError:
        logger.warning("%s cannot be renamed and stays", path)
