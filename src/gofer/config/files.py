"""The files that a config names: where they are looked for, and which do not exist."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gofer.config.places import Key

DEMO_PROTEINS = "proteins.fasta"
MISSING = "does not exist"


def input_path(config: Mapping[str, Any], name: str) -> str:
    """A file of the config, looked for in the folder `data` unless its path is absolute."""
    folder = config["data"]
    return name if folder == "." else os.path.join(folder, name)


def query_path(config: Mapping[str, Any]) -> str | None:
    """The file to predict for, relative to the working directory, else in the folder `data`; None without a query."""
    query = config["query"]
    if query is None or Path(query).exists() or not Path(input_path(config, query)).exists():
        return query
    return input_path(config, query)


def protein_files(config: Mapping[str, Any]) -> list[str]:
    """The FASTA files of a run: in the folder `data`, or where that has none, relative to the working directory."""
    # The demo makes its own file in `data` later: another one of that name in the working directory is not meant.
    made = {DEMO_PROTEINS} if "demo" in config else set()
    names = _named(config, "proteins")
    return [input_path(config, name) if name in made else _found_path(config, name) for name in names]


def annotation_files(config: Mapping[str, Any]) -> list[str]:
    """The annotation files of a run: tables, GAFs, GPADs."""
    return [input_path(config, name) for name in _named(config, "annotations")]


def split_lists(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files of ids by split, val and test; none where the method is not lists."""
    splits = config["inputs"]["splits"]
    return {
        split: [input_path(config, name) for name in _named(splits, f"{split}_ids") if splits["method"] == "lists"]
        for split in ("val", "test")
    }


def protein_sets(config: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """The sources of evaluation.protein_sets: name of the set, aspect (None: all of them), path, column (or None)."""
    sources: list[dict[str, str | None]] = []
    for name, named in config["evaluation"]["protein_sets"].items():
        by_aspect = named if isinstance(named, Mapping) and "file" not in named else {"": named}
        for aspect in by_aspect:
            source = by_aspect[aspect]
            column = source["column"] if isinstance(source, Mapping) else None
            files = source["file"] if isinstance(source, Mapping) else source
            sources += [
                {"name": name, "aspect": aspect or None, "path": input_path(config, file), "column": column}
                for file in ([files] if isinstance(files, str) else files)
            ]
    return sources


def missing_files(config: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """Keys that name a file that does not exist, and what is wrong. A file that several keys name is reported once."""
    named = [] if "demo" in config else list(_input_files(config))
    if config["previous_ontology"] is not None:
        named.append((("previous_ontology",), input_path(config, config["previous_ontology"])))
    query = query_path(config)
    if query is not None and not ("demo" in config and Path(query).parent == Path(config["data"])):
        named.append((("query",), query))
    for path, key in {path: key for key, path in reversed(named)}.items():
        if not Path(path).is_file():
            yield key, f"names {path}, which {'is a folder' if Path(path).is_dir() else MISSING}"


def _input_files(config: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    inputs, evaluation, lists = config["inputs"], config["evaluation"], split_lists(config)
    yield from ((("proteins",), path) for path in protein_files(config))
    yield from ((("annotations",), path) for path in annotation_files(config))
    yield from ((("inputs", "splits", f"{split}_ids"), path) for split in lists for path in lists[split])
    yield from ((("evaluation", "protein_sets", str(one["name"])), str(one["path"])) for one in protein_sets(config))
    sets = inputs["term_sets"]
    optional: dict[Key, str | None] = {
        ("ontology",): config["ontology"],
        ("inputs", "keep_ids"): inputs["keep_ids"],
        ("inputs", "term_sets", "zero_list"): sets["zero_list"] if sets["zero_method"] == "list" else None,
        ("inputs", "term_sets", "few_list"): sets["few_list"],
        ("inputs", "labels", "stoplist"): inputs["labels"]["stoplist"],
        ("evaluation", "terms"): evaluation["terms"],
    }
    yield from ((key, input_path(config, name)) for key, name in optional.items() if name is not None)


def _named(block: Mapping[str, Any], key: str) -> list[str]:
    named = block[key]
    return [] if named is None else [named] if isinstance(named, str) else named


def _found_path(config: Mapping[str, Any], name: str) -> str:
    # Relative to the working directory, where the folder `data` has no such file.
    path = input_path(config, name)
    return name if Path(name).exists() and not Path(path).exists() else path
