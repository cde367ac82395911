"""Between the library and Snakemake: logs, progress, and the fingerprint of the code behind a rule."""

import hashlib
import logging
import os
import re
import shlex
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from gofer.errors import GoferError

SOURCE = Path(__file__).parent
SECONDS_BETWEEN_LINES = 20.0
# oneDNN keeps what it has compiled for 1,024 shapes, and every length of protein or batch is a new one: 0.3 GB.
SHAPES_KEPT = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
# An import of gofer's modules. To parse the modules took as long as all else that `snakemake -n` does.
IMPORT = re.compile(r"^[ \t]*(?:from (gofer[\w.]*) import (\([^)]*\)|[^\n#]*)|import (gofer[^\n#]*))", re.MULTILINE)
COMMENT = re.compile(r"#[^\n]*")
NOT_IN = "GOFER_SNAKEMAKE_PREFIX"  # in the environment: the prefix in which no rule should run

logger = logging.getLogger("gofer")

Item = TypeVar("Item")


@contextmanager
def logged_to(
    path: Path | str, *, threads: int | None = None, append: bool = False, quiet: bool = False
) -> Iterator[None]:
    """Run a job's body with its log in `path`.

    A `GoferError` ends the job with its message only; any other error leaves its traceback in the log.

    Args:
        path: Log file; an old one is overwritten.
        threads: CPU threads that torch and faiss may use in this job, where they are loaded.
        append: Append to a log that another process of the job has begun.
        quiet: Log errors only: another process logs the rest.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not append:
        path.write_bytes(b"")
    file = logging.FileHandler(path, mode="a", encoding="utf-8")  # so that several processes can write
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.setLevel(logging.ERROR if quiet else logging.INFO)
    logger.addHandler(file)
    logger.info("python %s", sys.executable)
    if threads:
        _use_threads(threads)
    try:
        _refuse_snakemakes_own()
        yield
    except GoferError as error:
        logger.error("%s", error)
        sys.exit(f"gofer: {error}")
    except Exception:  # noqa: BLE001 - whatever it is, the log has it
        logger.error("%s", traceback.format_exc())
        sys.exit(f"gofer: an unexpected error; its traceback is in {path}")
    finally:
        logger.removeHandler(file)
        file.close()


def _use_threads(threads: int) -> None:
    os.environ.setdefault(*SHAPES_KEPT)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
    if faiss := sys.modules.get("faiss"):
        faiss.omp_set_num_threads(threads)


def progress(items: Iterable[Item], description: str, *, total: int | None = None) -> Iterator[Item]:
    """Yield `items`, with a bar on a terminal and a log line now and then.

    Args:
        items: What is worked through.
        description: What is being done, e.g. `"embedding residues"`.
        total: How many there are, where `items` cannot tell.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    began = last = time.monotonic()
    done = 0
    for done, item in enumerate(_with_bar(items, description, total), start=1):
        yield item
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            logger.info("%s: %d of %s, %.0f s", description, done, total or "?", last - began)
    logger.info("%s: done, %d in %.1f s", description, done, time.monotonic() - began)


def _with_bar(items: Iterable[Item], description: str, total: int | None) -> Iterable[Item]:
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description, total=total, console=Console(stderr=True), transient=True)


def share_library() -> None:
    """Let scripts find this library, in any environment: puts it first on their PYTHONPATH."""
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(SOURCE.parent), *inherited]))


def share_interpreter(*, environments: bool = False) -> None:
    """Let Snakemake start scripts from a folder with a space in its name.

    Snakemake 9.27 does not quote its interpreter: where that would matter, it is found by its name on the PATH.

    Args:
        environments: Whether rules shall run in environments of their own; then one that does not is refused. Snakemake
            does not quote the path of conda's `activate` either: with a space in it, every rule would run in
            Snakemake's own interpreter without a word.
    """
    if environments:
        os.environ[NOT_IN] = sys.prefix
    interpreter = Path(sys.executable)
    if shlex.quote(str(interpreter)) != str(interpreter):
        os.environ["PATH"] = os.pathsep.join([str(interpreter.parent), os.environ.get("PATH", os.defpath)])
        sys.executable = interpreter.name


def _refuse_snakemakes_own() -> None:
    if os.environ.get(NOT_IN) == sys.prefix:
        raise GoferError(
            f"environments were asked for (--use-conda), but this rule runs in Snakemake's own, {sys.prefix}",
            help="conda's activation failed: put conda and --conda-prefix into folders without a space in their names, "
            "or leave --use-conda out",
        )


def fingerprint(*modules: str) -> str:
    """Digest of the source of `modules` and of every gofer module that they import, directly or not.

    Given to a rule as a parameter, it makes Snakemake rerun the rule when its library code changes.

    Args:
        modules: Dotted names, e.g. `"gofer.training.stage"`.
    """
    digest = hashlib.sha256()
    for name in sorted(_closure(modules)):
        digest.update(content(name))
    return digest.hexdigest()[:16]


@cache
def content(name: str) -> bytes:
    """Names and bytes of the file of module `name` and of the files with other endings beside it."""
    path = _source_of(name)
    beside = sorted(name for name in os.listdir(path.parent) if name.startswith(f"{path.stem}."))
    return b"".join(name.encode() + (path.parent / name).read_bytes() for name in [path.name, *beside])


def _closure(modules: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(imported_modules(name))
    return found


@cache
def imported_modules(name: str) -> frozenset[str]:
    """The gofer modules that module `name` imports, wherever in its source the import is."""
    found: set[str] = set()
    for package, names, modules in IMPORT.findall(_source_of(name).read_text(encoding="utf-8")):
        found.update(_first_words(modules))
        if package:
            found.add(package)
            if _source_of(package).stem == "__init__":  # else the names are no modules
                found.update(f"{package}.{imported}" for imported in _first_words(names.strip("()")))
    return frozenset(module for module in found if _source_of(module).exists())


def _first_words(listed: str) -> list[str]:
    """The names in `name, name as other`, without comments."""
    return [part.split()[0] for part in COMMENT.sub("", listed).split(",") if part.strip()]


def _source_of(name: str) -> Path:
    path = SOURCE.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
