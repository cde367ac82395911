"""What can be downloaded, by name and release: the addresses of `sources.yaml`."""

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
import yaml

from gofer.artefacts import cache_folder
from gofer.errors import GoferError, InputError
from gofer.inputs.downloads.download import PAGE, PATIENCE, Patience, Progress, Wanted, download, is_there

ADDRESSES = Path(__file__).with_name("sources.yaml")
CURRENT = "current"
RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LARGEST_PAGE = 1 << 24  # bytes of a page of checksums
LINE = re.compile(r"([0-9a-f]{32}) [ *](\S+)")  # of md5sum


@dataclass(frozen=True)
class Source:
    """One source of files.

    Attributes:
        name: As in `sources.yaml`.
        about: What it is.
        release: The release that is asked for.
        files: What it consists of.
        checksums: By file, the address of a page with its checksum.
    """

    name: str
    about: str
    release: str
    files: tuple[Wanted, ...]
    checksums: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where its files go."""
        return cache_folder() / "downloads" / self.name / self.release

    def download(
        self,
        progress: Progress = lambda there, size: None,
        patience: Patience = PATIENCE,
    ) -> dict[str, Path]:
        """Path of each of its files, by name; what is there already is not downloaded again.

        Args:
            progress: Called now and then, from 0 for each file.
            patience: How long to wait for the server.

        Raises:
            GoferError: A file could not be downloaded, or is not what its checksum says.
        """
        found = {}
        for wanted in self.files:
            page = self.checksums.get(wanted.name)
            if page and not is_there(self.folder / wanted.name):
                wanted = replace(wanted, md5=published(page, patience)[wanted.name])
            found[wanted.name] = download(wanted, self.folder, progress=progress, patience=patience)
        return found


def source_of(name: str, release: str | None = None) -> Source:
    """A source by name, of one release; without a release, of the one that `sources.yaml` says.

    Raises:
        GoferError: There is no such source, or it is not there by release.
    """
    known = sources()
    if name not in known:
        raise GoferError(f"there is no source {name}", help=f"name one of {', '.join(sorted(known))}")
    entry = known[name]
    asked = release or entry["release"]
    if not RELEASE.fullmatch(asked):
        raise GoferError(f"{asked!r} is no release", help="write it as the source does, for instance 2022-07-01")
    addresses = entry["addresses"]
    if asked == CURRENT:
        addresses = entry.get(CURRENT, addresses)
    elif asked != entry["release"] and "{release}" not in str(addresses):
        help = f"add its addresses to a copy of {ADDRESSES}, and name that in the variable GOFER_SOURCES"
        raise GoferError(f"{name} has no address for the release {asked}, only for {entry['release']}", help=help)
    files = tuple(
        Wanted(
            file,
            tuple(address.replace("{release}", asked) for address in places),
            sha256=entry.get("sha256", {}).get(file, ""),
            md5=entry.get("md5", {}).get(file, ""),
            apt=entry.get("apt", {}).get(file, ""),
        )
        for file, places in addresses.items()
    )
    return Source(name, entry["about"], asked, files, entry.get("checksums", {}))


def sources() -> dict[str, dict[str, Any]]:
    """All sources, as `sources.yaml`, or the file that GOFER_SOURCES names, describes them.

    Raises:
        InputError: The file is missing or something else.
    """
    path = Path(os.environ.get("GOFER_SOURCES") or ADDRESSES)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not all({"about", "release", "addresses"} <= entry.keys() for entry in content.values()):
            raise ValueError("each source needs about, release and addresses")
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise InputError(f"no list of sources ({error})", path=path, help=f"write it as {ADDRESSES}") from error
    return content


def published(page: str, patience: Patience = PATIENCE) -> dict[str, str]:
    """MD5 by file name, of a metalink or of lines as `md5sum` writes them.

    Raises:
        GoferError: The page cannot be read, or holds none.
    """
    try:
        with requests.get(page, stream=True, timeout=(patience.connect, patience.read)) as answer:
            answer.raise_for_status()
            text = answer.raw.read(LARGEST_PAGE, decode_content=True)
    except requests.RequestException as error:
        raise GoferError(
            f"the checksums {page} could not be read ({type(error).__name__})", help="try again"
        ) from error
    found = {} if PAGE.match(text) else _metalink(text) or dict(_md5sum(text.decode("utf-8", "replace")))
    if not found:
        raise GoferError(f"{page} holds no checksums", help="look at the address in a browser")
    return found


def _metalink(text: bytes) -> dict[str, str]:
    # Of the elements <file name="…"> … <hash type="md5">…</hash>; entities are not defined there, and are refused.
    if not text.lstrip().startswith(b"<") or b"<!ENTITY" in text:
        return {}
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        return {}
    found = {}
    for file in root.iterfind(".//{*}file"):
        for digest in file.iterfind(".//{*}hash[@type='md5']"):
            found[file.attrib["name"]] = (digest.text or "").strip().lower()
    return found


def _md5sum(text: str) -> list[tuple[str, str]]:
    return [
        (found.group(2).removeprefix("./"), found.group(1)) for found in map(LINE.match, text.splitlines()) if found
    ]
