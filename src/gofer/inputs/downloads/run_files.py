"""The files that a run downloads (config key download), as links in its folder `data`."""

from collections.abc import Mapping
from pathlib import Path

from gofer.inputs.downloads.download import PATIENCE, Patience
from gofer.inputs.downloads.sources import source_of
from gofer.inputs.downloads.swissprot_2014 import ANNOTATIONS, FASTA, make_swissprot_2014

SWISSPROT_2014 = "swissprot-2014"  # a package, of which FASTA and annotations are made


def names_of(wanted: object) -> list[str]:
    """Names of the files.

    Args:
        wanted: Release by name of a source; what is something else names no file.

    Raises:
        GoferError: There is no such source or release.
    """
    names: list[str] = []
    for name, release in wanted.items() if isinstance(wanted, Mapping) else ():
        if not isinstance(release, str):
            continue  # the check of the config reports it
        files = [file.name for file in source_of(name, release).files]
        names += [FASTA, ANNOTATIONS] if name == SWISSPROT_2014 else files
    return names


def link_sources(wanted: Mapping[str, str], folder: Path, patience: Patience = PATIENCE) -> dict[Path, Path]:
    """Download what is not in the user's cache folder, and link it; by link, the file.

    Args:
        wanted: Release by name of a source.
        folder: Where the links go.
        patience: How long to wait for servers.

    Raises:
        GoferError: A file could not be downloaded, or is not what its checksum says.
    """
    found = {}
    for name, release in wanted.items():
        files = list(source_of(name, release).download(patience=patience).values())
        for path in make_swissprot_2014(*files) if name == SWISSPROT_2014 else files:
            found[linked(path, folder / path.name)] = path
    return found


def linked(path: Path, link: Path) -> Path:
    """Make a link to a file, in place of one that is there; the link."""
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(path.resolve())
    return link
