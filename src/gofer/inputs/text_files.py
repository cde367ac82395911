"""Lines of a plain, gzip or bzip2 text file, recognised by their first bytes and read within limits."""

import bz2
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gofer.errors import InputError

CHUNK = 1 << 17  # fits the second-level cache together with what is derived from it
MAX_LINE_BYTES = 8 << 20
ALWAYS_ALLOWED = 64 << 20
COMMENT = re.compile(r"(?:^|\s)#")
TAR = slice(257, 262), b"ustar"  # where a tar archive says that it is one


@dataclass(frozen=True)
class Limits:
    """Limits of an input file, so that a damaged or hostile one ends in an error, not in a full memory.

    Attributes:
        unfold_ratio: Largest ratio of unfolded to compressed size; `ALWAYS_ALLOWED` bytes are always allowed. Texts
            shrink 3 to 15 fold; gzip reaches 1,028 fold on a hostile file.
        unfolded_gib: GiB that a file may hold once unfolded, above 0.
        residues: Maximum length of a protein; titin has 35,000, the longest known protein about 46,000.
    """

    unfold_ratio: int = 200
    unfolded_gib: float = 512
    residues: int = 200_000


DEFAULT_LIMITS = Limits()


def read_lines(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its end); LF, CRLF and CR all end a line.

    Raises:
        InputError: See `read_blocks`; or a line of more than `MAX_LINE_BYTES`.
    """
    number, rest = 0, b""
    for block in read_blocks(path, limits):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
        if len(rest) > MAX_LINE_BYTES:
            raise InputError(
                f"a line of more than {MAX_LINE_BYTES:,} bytes",
                path=path,
                line=number + 1,
                help="is this a text file? break its lines, or give another file",
            )
    if rest:
        yield number + 1, rest


def read_blocks(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """Yield the unfolded text piece by piece, `CHUNK` bytes each, with LF for every CRLF and CR.

    Raises:
        InputError: The file is missing, cut short, damaged, a tar archive, or unfolds to more than the limits allow.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            # A small file is unfolded once before anything is made of it: millions of tiny records would take minutes.
            if path.stat().st_size * limits.unfold_ratio < ALWAYS_ALLOWED:
                for _ in _within(limits, path, _unfolded(file)):
                    pass
            yield from _with_lf(_no_archive(path, _within(limits, path, _unfolded(file))))
    except EOFError as error:
        raise InputError("the compressed file ends too early", path=path, help="copy or download it again") from error
    except FileNotFoundError as error:
        raise InputError("no such file", path=path, help="check the path in the config") from error
    except (OSError, zlib.error) as error:
        # Errors of the system have a number; those of bz2 and gzip have none.
        if isinstance(error, OSError) and error.errno is not None:
            what, help = f"cannot be read ({error})", "check the file and its permissions"
        else:
            what, help = f"the compressed file is damaged ({error})", "copy or download it again"
        raise InputError(what, path=path, help=help) from error


def _unfolded(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    start = file.read(3)
    file.seek(0)
    if start == b"BZh":
        return _unfolded_bz2(file)
    return _pieces(gzip.GzipFile(fileobj=file) if start[:2] == b"\x1f\x8b" else file)


def _pieces(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    return iter(partial(file.read, CHUNK), b"")


def _unfolded_bz2(file: BinaryIO) -> Iterator[bytes]:
    # bz2.open ignores data after the first stream that is no second one: a damaged half would be lost silently.
    stream = bz2.BZ2Decompressor()
    while True:
        packed = b""
        if stream.eof:
            packed = stream.unused_data or file.read(CHUNK)
            if not packed:
                return
            stream = bz2.BZ2Decompressor()
        elif stream.needs_input and not (packed := file.read(CHUNK)):
            raise EOFError
        if unfolded := stream.decompress(packed, CHUNK):
            yield unfolded


def _within(limits: Limits, path: Path, pieces: Iterable[bytes]) -> Iterator[bytes]:
    packed, unfolded = path.stat().st_size, 0
    for piece in pieces:
        unfolded += len(piece)
        if unfolded > max(ALWAYS_ALLOWED, limits.unfold_ratio * packed):
            raise InputError(
                f"unfolds to more than {limits.unfold_ratio} times its size on disk ({packed:,} bytes)",
                path=path,
                help="no text does that: the file is damaged or made for harm; if it is right, unpack it first",
            )
        if max(unfolded, packed) > limits.unfolded_gib * 2**30:
            raise InputError(
                f"holds more than {limits.unfolded_gib:g} GiB",
                path=path,
                help="split it into several files: proteins and annotations take a list of files",
            )
        yield piece


def _no_archive(path: Path, pieces: Iterable[bytes]) -> Iterator[bytes]:
    place, sign = TAR
    for number, piece in enumerate(pieces):
        if number == 0 and piece[place] == sign:
            raise InputError("a tar archive", path=path, help="unpack it, and give the file that is in it")
        yield piece


def _with_lf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        block = held + piece
        # A CR at the end may be half of a CRLF: it waits for the next piece.
        held = b"\r" if block.endswith(b"\r") else b""
        block = block.removesuffix(b"\r")
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield block
    if held:
        yield b"\n"


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
        (
            (b"PK\x03\x04", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"BZh", b"%PDF", b"PAR1"),
            "is packed or binary",
        ),
    ):
        if start.startswith(signs):
            raise InputError(
                f"{name}, not {wanted}", path=path, line=line, help=f"give a {wanted} file (plain, gz, bz2)"
            )


def read_ids(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> dict[str, int]:
    """Ids of a list file, one per line, with the line of each; blank lines and `#` comments are skipped.

    Raises:
        InputError: A line holds more than one word, or there is no id at all.
    """
    ids: dict[str, int] = {}
    for number, raw in read_lines(path, limits):
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
