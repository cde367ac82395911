"""Configs merged: defaults, then the user's files, then the command line; of two values of a key the later wins."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

BETWEEN_KEYS = re.compile(r"__|\.")  # a__b=1, or {a.b: 1} in braces: Snakemake takes no dot in the name itself
# These keys are names: a text in quotes stays one, whatever number it looks like (`--config run='"2024"'`).
FILES = {"proteins", "annotations", "judged_annotations", "ontology", "previous_ontology", "query", "model"}
NAMES = {"run", "data", *FILES}
WORDS = {"null": None, "~": None, "true": True, "false": False}


def read_config(*paths: Path | str) -> dict[str, Any]:
    """Config files merged, later ones over earlier ones, as `--configfile` does it."""
    config: dict[str, Any] = {}
    for path in paths:
        config = merged(config, load_yaml(Path(path).read_text(encoding="utf-8")) or {})
    return config


def load_yaml(text: str) -> Any:
    """What YAML holds, as `yaml.safe_load` reads it; by libyaml, where it is there, ten times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """A new config with the keys of both; `above` wins, blocks of keys are merged, an empty block changes nothing."""
    both: dict[str, Any] = {}
    for key in [*below, *(key for key in above if key not in below)]:
        one, other = below.get(key), above.get(key)
        if isinstance(other, Mapping):
            both[key] = merged(one if isinstance(one, Mapping) else {}, other)
        elif key not in above or (other is None and isinstance(one, Mapping)):
            both[key] = merged({}, one) if isinstance(one, Mapping) else one
        else:
            both[key] = other
    return both


def complete(
    config: dict[str, Any], defaults: Mapping[str, Any], command_line: Mapping[str, Any] | None = None
) -> None:
    """Put the defaults below a config and the command line's keys above it, in place.

    Args:
        config: The config as Snakemake has merged it.
        defaults: Every key.
        command_line: What `--config` gave. `training__stages__A__epochs=1` sets a key in blocks; in braces a dot does
            the same: `training={stages.A.epochs: 1}`. Snakemake leaves null and everything in braces as text: here
            a text that reads as null, true, false or a number becomes that.
    """
    whole = merged(defaults, config)
    _put(whole, command_line or {})
    config.clear()
    config.update(whole)


def _put(block: dict[str, Any], given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        *above, last = BETWEEN_KEYS.split(name)
        if above:
            block.pop(name, None)
        inner = block
        for part in above:
            inner = _block(inner, part)
        if isinstance(value, Mapping):
            _put(_block(inner, last), value)
        elif name in NAMES and isinstance(value, str):
            inner[last] = WORDS.get(value.lower(), value)
        else:
            inner[last] = _typed(value)


def _block(block: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(block.get(name), dict):
        block[name] = {}
    return block[name]


def _typed(value: object) -> object:
    if isinstance(value, str):
        return WORDS[value.lower()] if value.lower() in WORDS else _number(value)
    if isinstance(value, Iterable):
        return [_typed(item) for item in value]
    return value


def _number(text: str) -> int | float | str:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text
