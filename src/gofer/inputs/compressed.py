"""Lines of a plain, gzip or bzip2 text file, told apart by their first bytes and read with limits."""

import bz2
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from gofer.errors import InputError

CHUNK = 1 << 20
MAX_LINE_BYTES = 8 << 20
# Text of this kind shrinks 3–15 fold; gzip reaches 1,028 fold on a file made for harm.
BOMB_RATIO = 200
BOMB_BYTES = 64 << 20
COMMENT = re.compile(r"(?:^|\s)#")


def read_lines(path: Path | str) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its end); LF, CRLF and CR all end a line.

    Raises:
        InputError: The file is missing, cut short, damaged, or unfolds to far more than a text would.
    """
    path = Path(path)
    number, rest = 0, b""
    for chunk in _chunks(path):
        *whole, rest = (rest + chunk).splitlines(keepends=True)
        for line in whole:
            number += 1
            yield number, line.rstrip(b"\r\n")
        if len(rest) > MAX_LINE_BYTES:
            raise InputError(
                f"a line of more than {MAX_LINE_BYTES:,} bytes",
                path=path,
                line=number + 1,
                help="is this a text file? break its lines, or give another file",
            )
    if rest:
        yield number + 1, rest.rstrip(b"\r\n")


def _chunks(path: Path) -> Iterator[bytes]:
    read = 0
    try:
        packed = path.stat().st_size
        with _opened(path) as file:
            for chunk in iter(partial(file.read, CHUNK), b""):
                read += len(chunk)
                if read > max(BOMB_BYTES, BOMB_RATIO * packed):
                    raise InputError(
                        f"unfolds to more than {BOMB_RATIO} times its size on disk ({packed:,} bytes)",
                        path=path,
                        help="no text does that; if it is right all the same, give it uncompressed",
                    )
                # A CR at the end of a chunk may be half of a CRLF: take the next byte with it.
                yield chunk + file.read(1) if chunk.endswith(b"\r") else chunk
    except EOFError as error:
        raise InputError("the compressed file ends too early", path=path, help="copy or download it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"the gzip file is damaged ({error})", path=path, help="copy or download it again") from error
    except FileNotFoundError as error:
        raise InputError("no such file", path=path, help="check the path in the config") from error
    except OSError as error:
        raise InputError(f"cannot be read ({error})", path=path, help="check the file and its permissions") from error


def _opened(path: Path) -> BinaryIO:
    file = path.open("rb")
    start = file.read(3)
    file.seek(0, os.SEEK_SET)
    if start[:2] == b"\x1f\x8b":
        file.close()
        return cast(BinaryIO, gzip.open(path))
    if start == b"BZh":
        file.close()
        return cast(BinaryIO, bz2.open(path))
    return file


def refuse_other_formats(path: Path | str, line: int, text: bytes, *, wanted: str) -> None:
    """Refuse a web page, JSON, or a packed or binary format, judged by the first line that is not blank.

    Args:
        path: The file.
        line: Number of that line.
        text: That line.
        wanted: What the file should be, e.g. "FASTA".
    """
    start = text.lstrip(b"\xef\xbb\xbf \t")
    for signs, name in (
        ((b"<",), "looks like HTML or XML"),
        ((b"{", b'["', b"[{"), "looks like JSON"),
        ((b"PK\x03\x04", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"%PDF", b"PAR1"), "is packed or binary"),
    ):
        if start.startswith(signs):
            raise InputError(
                f"{name}, not {wanted}", path=path, line=line, help=f"give a {wanted} file (plain, gz, bz2)"
            )


def read_ids(path: Path | str) -> dict[str, int]:
    """Ids of a list file, one per line, with the line of each; blank lines and `#` comments are passed over.

    Raises:
        InputError: A line holds more than one word, or there is no id at all.
    """
    ids: dict[str, int] = {}
    for number, raw in read_lines(path):
        text = COMMENT.split(decoded(path, number, raw))[0].strip()
        if not text:
            continue
        if not ids:
            refuse_other_formats(path, number, raw, wanted="list of ids")
        if len(text.split()) > 1:
            raise InputError(f"more than one word: {text!r}", path=path, line=number, help="give one id per line")
        ids.setdefault(text, number)
    if not ids:
        raise InputError("no id in this list", path=path, help="give one id per line")
    return ids


def decoded(path: Path | str, line: int, raw: bytes) -> str:
    """`raw` as UTF-8 text.

    Raises:
        InputError: It is not UTF-8, starts with a byte-order mark or holds a NUL.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte 0x{raw[error.start]:02X} in column {error.start + 1} is not UTF-8",
            path=path,
            line=line,
            help="save the file as UTF-8",
        ) from error
    for sign, name in (("\ufeff", "byte-order mark"), ("\0", "NUL")):
        if sign in text:
            raise InputError(
                f"U+{ord(sign):04X} ({name}) in column {text.index(sign) + 1}",
                path=path,
                line=line,
                help="save the file as plain UTF-8 text without a byte-order mark",
            )
    return text
