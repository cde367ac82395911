"""Weights of fair-esm's models in torch hub's folder: downloaded once, and checked to be the same file later.

fair-esm publishes no digests. So the SHA-256 of a file is noted in a second file when it is first used, and a file that
has changed since is refused. A download is written under a temporary name, its size is compared with the one that the
server gave, and it is then moved to its place.
"""

import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from gofer.artefacts import atomic, sha256_of, write_text
from gofer.embeddings.encoder_names import WEIGHTS_URL, hub_file, missing_weights, published_name
from gofer.errors import GoferError
from gofer.workflow import logger

SECONDS_OF_SILENCE = 60


def hub_weights(name: str, *, offline: bool = False, url: str = WEIGHTS_URL) -> Path:
    """The checkpoint file of a fair-esm name, downloaded to torch hub's folder where it is not there yet.

    Args:
        name: A model of fair-esm.
        offline: Never download.
        url: Folder on the network that has <name>.pt.

    Raises:
        GoferError: The file is missing and cannot be downloaded, or has changed since it was first used.
    """
    path = hub_file(name)
    if not path.is_file():
        if offline:
            raise missing_weights(name, "and embeddings.residues.offline is true")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Shards run at the same time: one of them downloads.
            with FileLock(path.with_suffix(".lock")):
                if not path.is_file():
                    _download(f"{url}/{published_name(name)}.pt", path)
        except (OSError, HTTPException, ValueError) as error:
            raise missing_weights(name, f"and could not be downloaded ({error})") from error
    _verify(path)
    return path


def refuse_web_page(path: Path) -> None:
    """Refuse a web page that was saved as a model, before anything tries to unpickle it.

    Raises:
        GoferError: The file begins as HTML or XML does.
    """
    if path.is_file() and _is_web_page(path):
        raise GoferError(
            f"{path} is a web page, not a model",
            help="delete it and download the weights again; a browser or a proxy may have saved an error page",
        )


def _download(url: str, path: Path) -> None:
    logger.info("downloading %s to %s", url, path)
    with urllib.request.urlopen(url, timeout=SECONDS_OF_SILENCE) as answer, atomic(path) as part:
        with part.open("wb") as file:
            shutil.copyfileobj(answer, file, 2**20)
        expected, came = answer.headers["Content-Length"], part.stat().st_size
        if expected is not None and int(expected) != came:
            raise ValueError(f"{came:,} of {int(expected):,} bytes came")
        if came == 0 or _is_web_page(part):
            raise ValueError(f"{url} gave a web page or nothing at all, not a model")


def _verify(path: Path) -> None:
    """Compare the file with its noted digest, or note it."""
    noted = path.with_name(f"{path.name}.sha256")
    digest = sha256_of(path)
    if noted.is_file():
        known = noted.read_text(encoding="utf-8").split()[:1]
        if known != [digest]:
            raise GoferError(
                f"{path} has changed since it was first used: its SHA-256 is {digest[:12]}…, "
                f"but {noted.name} says {''.join(known)[:12] or 'nothing'}…",
                help=f"delete both to download it again, or only {noted.name} if you replaced the file on purpose",
            )
        return
    try:
        write_text(noted, f"{digest}  {path.name}\n")
        logger.info("%s: sha256 %s, noted in %s", path, digest, noted.name)
    except OSError as error:
        logger.info("%s: sha256 %s, which could not be noted next to it (%s)", path, digest, error)


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
