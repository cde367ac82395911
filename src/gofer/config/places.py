"""Where each key of a config was written: its file and line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gofer.config.merge import load_yaml
from gofer.errors import InputError

MOST_BYTES = 1_000_000  # a config is some kilobytes; YAML aliases can make a small file explode
COMMAND_LINE = "--config"
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a key was written: a config file and its line, or the command line.

    Attributes:
        path: The file, or `COMMAND_LINE`.
        line: Counted from 1.
        value: What the file gives the key: where the run has another, the command line has changed it.
    """

    path: str
    line: int | None = None
    value: object = None


@dataclass(frozen=True)
class Places:
    """The place of every key of the user's files, and where to look for keys that are in none.

    Attributes:
        by_key: Places by key; of two files that hold a key, that of the later one.
        last: The last of the files, without a line; the command line where there is no file.
        defaults: The defaults, which are never at fault: what is wrong with one is what the user's file lacks.
    """

    by_key: Mapping[Key, Place]
    last: Place
    defaults: Mapping[str, Any]

    @classmethod
    def read(cls, files: Sequence[Path | str], defaults: Mapping[str, Any]) -> tuple["Places", list[InputError]]:
        """Places of all keys, and an error for each key that a file holds twice (YAML would take the last)."""
        by_key: dict[Key, Place] = {}
        duplicates: list[InputError] = []
        for file in files:
            found, twice = _read(Path(file))
            by_key.update(found)
            duplicates += twice
        return cls(by_key, Place(_short(Path(files[-1])) if files else COMMAND_LINE), defaults), duplicates

    def of(self, key: Key, config: Mapping[str, Any]) -> Place:
        """Where a key got its value. Of a default or a missing key: the nearest block above it, or the last file."""
        names = tuple(part for part in key if not isinstance(part, int))
        found, value = value_at(config, names)
        place = self.by_key.get(names)
        if found and place and place.value == value:
            return place
        if found and (True, value) != value_at(self.defaults, names):
            return Place(COMMAND_LINE)
        blocks = (self.by_key.get(names[:length]) for length in range(len(names) - 1, 0, -1))
        return next((block for block in blocks if block), self.last)


def value_at(config: object, key: Key) -> tuple[bool, object]:
    """Whether a config holds a key, and the key's value."""
    for name in key:
        if not isinstance(config, Mapping) or name not in config:
            return False, None
        config = config[name]
    return True, config


def dotted(key: Key) -> str:
    """A key as it is shown: `training.stages.A.epochs`."""
    return ".".join(str(part) for part in key) or "the config"


def _read(path: Path) -> tuple[dict[Key, Place], list[InputError]]:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES:,} bytes", path=path, help="this is no config; see --configfile")
    try:
        text = path.read_text(encoding="utf-8")
        content = _json(text)
        if content is not None:
            text = text.replace("\t", " ")  # between the values: inside one, JSON takes no tab
        root = yaml.compose(text, Loader=yaml.SafeLoader)  # of a fault it shows the line; libyaml gives its number only
        content = load_yaml(text) if content is None else content
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"is not YAML: {error}", path=path, help="correct the file at the place named") from error
    places: dict[Key, Place] = {}
    duplicates: list[InputError] = []
    for key, node, again in _keys_below((), root):
        line = node.start_mark.line + 1
        if again:
            what = f"the key {dotted(key)} is given twice"
            duplicates.append(InputError(what, path=path, line=line, help="keep one of the two"))
        places[key] = Place(_short(path), line, value_at(content, key)[1])
    return places, duplicates


def _json(text: str) -> object:
    # Snakemake too takes a config for JSON where it is JSON.
    try:
        return json.loads(text)
    except ValueError:
        return None


def _short(path: Path) -> str:
    # As a user sees it: from the working directory, if the file is below it.
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _keys_below(above: Key, node: yaml.Node | None) -> Iterator[tuple[Key, yaml.Node, bool]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key_node, value in node.value:
        name = key_node.value
        yield (*above, name), key_node, name in seen
        seen.add(name)
        yield from _keys_below((*above, name), value)
