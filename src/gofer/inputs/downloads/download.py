"""Downloads one file: resumed after any stop, checked, and moved to its name when it is whole.

What is there of a file is in `<name>.part`, and `<name>.part.json` says of which version of the server's file it is: a
rest is only asked for (`Range` with `If-Range`) if the server still has that version. One process at a time
downloads a file. A web page is never taken for data, whatever status it comes with.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from filelock import FileLock

from gofer.artefacts import Manifest, read_json, sha256_of, write_json
from gofer.errors import ArtefactError, GoferError

PIECE = 1 << 18
PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
PAGE_BYTES = 1 << 10  # of a file's start, where a web page shows
BUSY = (408, 425, 429, 500, 502, 503, 504)  # states of a server that may pass
Progress = Callable[[int, int | None], None]  # bytes that are there, and bytes of the file where known

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A file to download.

    Attributes:
        name: Its name here.
        addresses: Where it is; the next is tried where one fails.
        sha256: Of its bytes, where it is known, hexadecimal.
        md5: Of its bytes, where the source publishes that, hexadecimal.
        apt: Package and version of Debian that the file is, where it is one: apt's mirror is tried first.
    """

    name: str
    addresses: tuple[str, ...]
    sha256: str = ""
    md5: str = ""
    apt: str = ""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        tries: How often an address is tried.
        pause: Seconds before the second try; they double.
        connect: Seconds until it must have answered.
        read: Seconds that it may send nothing.
    """

    tries: int = 5
    pause: float = 1.0
    connect: float = 20.0
    read: float = 60.0


PATIENCE = Patience()


class _Failed(Exception):
    """A try failed; another may not. What there is of the file may be resumed."""


def download(
    wanted: Wanted,
    folder: Path,
    *,
    progress: Progress = lambda there, size: None,
    patience: Patience = PATIENCE,
) -> Path:
    """Get a file, unless it is there; the path.

    A file `<name>.json` next to it records its address, its SHA-256 and its bytes.

    Args:
        wanted: The file.
        folder: Where it goes.
        progress: Called now and then.
        patience: How long to wait for the server.

    Raises:
        GoferError: No address gave it; the bytes are not those of the checksum; or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / wanted.name
    with locked(path):
        if not is_there(path):
            address = _by_apt(wanted, path) or _by_address(wanted, path, progress, patience)
            facts = {"address": address, "sha256": sha256_of(_part(path)), "bytes": _part(path).stat().st_size}
            os.replace(_part(path), path)
            write_json(_record(path), facts, Manifest())
            _state(path).unlink(missing_ok=True)
    return path


def is_there(path: Path) -> bool:
    """Whether a file was downloaded whole, and has its size still."""
    try:
        return path.is_file() and read_json(_record(path))["bytes"] == path.stat().st_size
    except (ArtefactError, KeyError):
        return False


def checked(path: Path) -> str:
    """The SHA-256 of a downloaded file, hexadecimal.

    Raises:
        ArtefactError: It is not what was downloaded.
    """
    recorded, found = read_json(_record(path))["sha256"], sha256_of(path)
    if found != recorded:
        what = f"{path} has changed since it was downloaded: its SHA-256 is {found}, and was {recorded}"
        raise ArtefactError(what, help="delete it, and download it again")
    return found


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file that several processes may make at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _state(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.json")


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _by_address(wanted: Wanted, path: Path, progress: Progress, patience: Patience) -> str:
    reasons = []
    for address in wanted.addresses:
        try:
            _tried(address, wanted, path, progress, patience)
            return address
        except GoferError as error:
            reasons.append(f"{address}: {error.what}")
            logger.warning("%s", reasons[-1])
    raise GoferError(
        f"{wanted.name} could not be downloaded: " + "; ".join(reasons),
        help="run the same command again, and it resumes; where this computer has no network, download the file "
        f"elsewhere and copy it to {path.parent}, with the record that gofer download writes",
    )


def _tried(address: str, wanted: Wanted, path: Path, progress: Progress, patience: Patience) -> None:
    # Until it is whole. After wrong bytes it starts again once: they may come from a faulty rest.
    resumed, pause = False, patience.pause
    for last in range(patience.tries, 0, -1):
        try:
            resumed = _get(address, wanted, path, progress, patience)
            _refuse_other_bytes(wanted, path)
            return
        except (_Failed, requests.RequestException) as error:
            if last == 1:
                raise GoferError(_short(error)) from error
        except ArtefactError:
            _part(path).unlink(missing_ok=True)
            if not resumed or last == 1:
                raise
        time.sleep(pause)
        pause *= 2


def _get(address: str, wanted: Wanted, path: Path, progress: Progress, patience: Patience) -> bool:
    # One request, for what is missing; whether it was a rest that came.
    part, there = _part(path), _there(address, wanted, path)
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
        if version := _version(address, path):
            headers["If-Range"] = version
    with requests.get(address, headers=headers, stream=True, timeout=(patience.connect, patience.read)) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            if answer.headers.get("Content-Range") == f"bytes */{there}":
                return True  # it was whole: the last process was stopped before it moved the file
            part.unlink(missing_ok=True)
            raise _Failed("the server has no such rest of it")
        _refuse_status(answer)
        is_rest = answer.status_code == requests.codes.partial_content
        if is_rest and not answer.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            part.unlink(missing_ok=True)
            raise _Failed("the server sent another part of it")
        there = there if is_rest else 0
        length = answer.headers.get("Content-Length", "")
        size = there + int(length) if length.isdecimal() else None
        _remember(address, answer, path)
        _write(answer, path, "ab" if is_rest else "wb", lambda more: progress(there + more, size))
    if size is not None and part.stat().st_size != size:
        raise _Failed(f"it ended after {part.stat().st_size:,} of {size:,} bytes")
    return is_rest


def _write(answer: requests.Response, path: Path, mode: str, done: Callable[[int], None]) -> None:
    more, begun = 0, b""
    try:
        with _part(path).open(mode) as file:
            for piece in answer.iter_content(PIECE):
                begun = begun or piece[:PAGE_BYTES]
                if mode == "wb" and PAGE.match(begun):
                    raise GoferError("a web page came in place of the file", help="look at the address in a browser")
                file.write(piece)
                more += len(piece)
                done(more)
            file.flush()
            os.fsync(file.fileno())
    except requests.RequestException:
        raise
    except OSError as error:
        free = shutil.disk_usage(path.parent).free
        what = f"{path} cannot be written: {error.strerror} ({free / 1e6:,.0f} MB are free on its disk)"
        raise GoferError(what, help="make room, and run the same command again") from error
    except GoferError:
        _part(path).unlink(missing_ok=True)
        raise


def _there(address: str, wanted: Wanted, path: Path) -> int:
    # Bytes that need not be asked for: without a version or a checksum, nobody could say whether a rest fits them.
    if not _part(path).is_file() or not (_version(address, path) or wanted.sha256 or wanted.md5):
        return 0
    return _part(path).stat().st_size


def _version(address: str, path: Path) -> str:
    try:
        state = read_json(_state(path))
    except ArtefactError:
        return ""
    return state["version"] if state.get("address") == address else ""


def _remember(address: str, answer: requests.Response, path: Path) -> None:
    tag = answer.headers.get("ETag", "")
    version = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")  # a weak tag says too little
    write_json(_state(path), {"address": address, "version": version}, Manifest())


def _refuse_status(answer: requests.Response) -> None:
    if answer.status_code in BUSY:
        raise _Failed(f"the server answered {answer.status_code} {answer.reason}")
    if not answer.ok:
        raise GoferError(f"the server answered {answer.status_code} {answer.reason}")
    if answer.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
        raise GoferError("a web page came in place of the file", help="look at the address in a browser")


def _refuse_other_bytes(wanted: Wanted, path: Path) -> None:
    for kind, known in (("sha256", wanted.sha256), ("md5", wanted.md5)):
        if known and (found := _digest(_part(path), kind)) != known:
            raise ArtefactError(f"its {kind} is {found}, and should be {known}", help="try again later")


def _digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def _by_apt(wanted: Wanted, path: Path) -> str:
    # By apt, from the mirror that this computer uses; "" where it is not at hand or does not have this version.
    if not wanted.apt or shutil.which("apt-get") is None:
        return ""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".apt-") as scratch:
        command = ["apt-get", "download", "-q", wanted.apt]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        found = list(Path(scratch).glob("*.deb"))
        if done.returncode or len(found) != 1:
            logger.info("%s: %s", " ".join(command), done.stderr.strip()[-200:])
            return ""
        os.replace(found[0], _part(path))
    try:
        _refuse_other_bytes(wanted, path)
    except ArtefactError as error:
        logger.warning("%s of apt: %s", wanted.apt, error.what)
        _part(path).unlink()
        return ""
    return f"apt:{wanted.apt}"


def _short(error: Exception) -> str:
    # Without the objects that requests and urllib3 print.
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)[:200]
