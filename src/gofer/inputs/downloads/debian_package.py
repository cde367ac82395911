"""Files out of a Debian package, read in a stream, without dpkg: an ar archive with a tar archive in it (man 5 deb)."""

import io
import lzma
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from gofer.artefacts import atomic
from gofer.errors import InputError

SIGN, HEADER = b"!<arch>\n", 60  # bytes of the header of a member
LARGEST = 1 << 30  # bytes of one file that is unpacked
PIECE = 1 << 20


def unpack(package: Path, wanted: Mapping[str, Path]) -> None:
    """Write some files of a package, each atomically.

    Args:
        package: The .deb file.
        wanted: Where each file goes, by its path in the package, as `usr/share/…`.

    Raises:
        InputError: The package is damaged, or lacks one of them.
    """
    missing = dict(wanted)
    try:
        with package.open("rb") as file, tarfile.open(fileobj=_Member(file, package), mode="r|*") as archive:
            for member in archive:
                target = missing.pop(os.path.normpath(member.name), None)
                if target is not None:
                    _write(archive, member, target, package)
                if not missing:
                    return
    except (tarfile.TarError, lzma.LZMAError, EOFError, ValueError) as error:
        raise _damaged(package, str(error) or type(error).__name__) from error
    raise _damaged(package, f"it has no file {min(missing)}")


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, package: Path) -> None:
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or member.size > LARGEST:
        raise _damaged(package, f"{member.name} is no file, or takes {member.size:,} bytes")
    with atomic(target) as part, part.open("wb") as file:
        while piece := content.read(PIECE):
            file.write(piece)


class _Member(io.RawIOBase):
    """The bytes of the member data.tar of an ar archive."""

    def __init__(self, file: BinaryIO, package: Path) -> None:
        self._file = file
        if file.read(len(SIGN)) != SIGN:
            raise _damaged(package, "it is no Debian package")
        while True:
            header = file.read(HEADER)
            name, size = header[:16].decode("latin-1").strip(), header[48:58].strip()
            if len(header) < HEADER or not size.isdigit():
                raise _damaged(package, "it has no data.tar")
            if name.startswith("data.tar"):
                self._left = int(size)
                return
            file.seek(int(size) + int(size) % 2, os.SEEK_CUR)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


def _damaged(package: Path, what: str) -> InputError:
    return InputError(f"damaged: {what}", path=package, help="delete it, and download it again")
