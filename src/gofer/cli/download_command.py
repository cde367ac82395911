"""`gofer download`: files of a source into the cache folder, with a bar on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gofer.inputs.downloads.run_files import linked
from gofer.inputs.downloads.sources import Source, source_of, sources


def downloaded(name: str, release: str | None = None) -> tuple[Source, dict[str, Path]]:
    """A source, and the path of each of its files, which are downloaded where they are not there.

    Raises:
        GoferError: A file could not be downloaded, or is not what its checksum says.
    """
    source = source_of(name, release)
    with _bar(name) as progress:
        return source, source.download(progress)


def download_all(names: list[str], release: str | None, to: Path | None) -> str:
    """Download sources, and link their files in a folder, if one is named; a line for each file.

    Raises:
        GoferError: A source is unknown, or could not be downloaded.
    """
    lines = []
    for name in names:
        for file, path in downloaded(name, release)[1].items():
            lines.append(str(path if to is None else linked(path, to / file)))
    return "\n".join(lines)


def described() -> str:
    """A line for each source."""
    return "\n".join(f"{name}: {entry['about']}" for name, entry in sorted(sources().items()))


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    if not sys.stderr.isatty():
        yield lambda there, size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn(f"downloading {name}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda there, size: progress.update(task, completed=there, total=size)
