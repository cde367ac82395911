"""The config, checked before any job: every problem at once, each with its file, line, key and help.

The schema is workflow/schemas/config.schema.yaml; what it cannot say (a multiple of another key, a finite number, a
file that must exist) is said here. Only what Snakemake itself needs is imported: this runs in the user's Snakemake.
"""

import contextlib
import datetime
import difflib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from gofer.errors import InputError, ProblemsError

MOST_BYTES = 1_000_000  # a config is some kilobytes; YAML aliases can make a small file explode
Key = tuple[str | int, ...]
COMMAND_LINE = "--config"
DEMO_PROTEINS = "proteins.fasta"
LIKENESSES = ("learned", "residues", "words", "composition", "segments", "physicochemistry")  # of retrieval.labels
MISSING = "does not exist"
ASPECTS = ("MFO", "BPO", "CCO")
DOWNLOADS = "correct the name, or --config data=DIR; docs/benchmarks.md says where the files of benchmarks are"


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


def check_config(config: Mapping[str, Any], files: Sequence[Path | str], schema: Path | str) -> None:
    """Refuse a config that could not run.

    Args:
        config: The merged config, as Snakemake has it.
        files: The files that it was merged from; of two that hold a key, the later is in force.
        schema: The JSON Schema.

    Raises:
        ProblemsError: Everything that is wrong, at once.
    """
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    places: dict[Key, Place] = {}
    problems: list[InputError] = []
    for file in files:
        found, duplicates = _read_places(Path(file))
        places.update(found)
        problems += duplicates
    faults = [*_schema_faults(config, rules), *_numbers_not_finite(config)]
    for check in (_disagreements, _missing_files):
        with contextlib.suppress(KeyError, TypeError, AttributeError):  # of keys at fault, which have been found above
            faults += check(config)
    problems += [
        InputError(f"{_dotted(key)} {what}", path=place.path, line=place.line, help=_help(key, what, rules))
        for key, what in faults
        for place in [_place(key, config, places)]
    ]
    if problems:
        raise ProblemsError(list(problems))


def input_path(config: Mapping[str, Any], name: str) -> str:
    """A file of the config, looked for in the folder `data` unless its path is absolute."""
    return os.path.join(config["data"], name)


def query_path(config: Mapping[str, Any]) -> str | None:
    """The file to predict for: as given from where you are, else in the folder `data`; None without a query."""
    query = config["query"]
    if query is None or Path(query).exists() or not Path(input_path(config, query)).exists():
        return query
    return input_path(config, query)


def protein_files(config: Mapping[str, Any]) -> list[str]:
    """The FASTA files of a run: in the folder `data`, or where that has none, as given from where you are."""
    # The demo makes its own file in `data` later: another one of that name where you are is not meant.
    made = {DEMO_PROTEINS} if "demo" in config else set()
    names = _named(config, "proteins")
    return [input_path(config, name) if name in made else _found_path(config, name) for name in names]


def annotation_files(config: Mapping[str, Any]) -> list[str]:
    """The annotation files of a run: tables, GAFs, GPADs."""
    return [input_path(config, name) for name in _named(config, "annotations")]


def judged_annotation_files(config: Mapping[str, Any]) -> list[str]:
    """The files of the annotations by which val and test proteins are judged, where a config names some."""
    return [input_path(config, name) for name in _named(config, "judged_annotations")]


def split_lists(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files of ids by split, val and test; none where the method does not go by lists."""
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
            told = by_aspect[aspect]
            column = told["column"] if isinstance(told, Mapping) else None
            files = told["file"] if isinstance(told, Mapping) else told
            sources += [
                {"name": name, "aspect": aspect or None, "path": input_path(config, file), "column": column}
                for file in ([files] if isinstance(files, str) else files)
            ]
    return sources


def _named(block: Mapping[str, Any], key: str) -> list[str]:
    named = block[key]
    return [] if named is None else [named] if isinstance(named, str) else named


def _found_path(config: Mapping[str, Any], name: str) -> str:
    # As given from where you are, where the folder `data` has no such file.
    path = input_path(config, name)
    return name if Path(name).exists() and not Path(path).exists() else path


def _read_places(path: Path) -> tuple[dict[Key, Place], list[InputError]]:
    # The line of every key, and keys that stand twice (YAML would silently take the last).
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES:,} bytes", path=path, help="this is no config; see --configfile")
    try:
        text = path.read_text(encoding="utf-8")
        root, content = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"is not YAML: {error}", path=path, help="mend the file at the place named") from error
    places: dict[Key, Place] = {}
    duplicates: list[InputError] = []
    for key, node, again in _keys_below((), root):
        line = node.start_mark.line + 1
        if again:
            what = f"the key {_dotted(key)} stands twice"
            duplicates.append(InputError(what, path=path, line=line, help="keep one of the two"))
        places[key] = Place(_short(path), line, _value_at(content, key)[1])
    return places, duplicates


def _short(path: Path) -> str:
    # As a user sees it: from where they are, if it lies below.
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


def _schema_faults(config: Mapping[str, Any], rules: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    validator = jsonschema.Draft202012Validator(rules)
    for error in sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path]):
        key = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            for name in sorted(set(error.instance) - set(known), key=str):
                near = difflib.get_close_matches(str(name), known, n=1)
                yield (*key, name), "is not a key of gofer" + (f"; did you mean {near[0]}?" if near else "")
        elif error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance and f"'{name}'" in error.message:
                    yield (*key, name), "is missing"
        else:
            yield key, _told(error)


def _told(error: jsonschema.ValidationError) -> str:
    shown = repr(error.instance) if len(repr(error.instance)) <= 60 else f"{repr(error.instance)[:57]}..."
    match error.validator:
        case "type":
            wanted = error.validator_value
            names = [wanted] if isinstance(wanted, str) else wanted
            return f"is {shown}, not {' or '.join(_TYPES.get(name, name) for name in names)}{_hint(error.instance)}"
        case "enum":
            return f"is {shown}, not one of {', '.join(map(str, error.validator_value))}"
        case "oneOf":
            return f"is {shown}, which is none of the forms that it may have{_hint(error.instance)}"
        case "pattern":
            return f"is {shown}, which holds characters that it may not"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return f"is {shown}, which is {error.message.split(' is ', 1)[1]}"
        case _:
            return f"is {shown}: {error.message}"


_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a block of keys",
}


def _hint(value: object) -> str:
    # YAML 1.1 reads 1e-4 as text: a number needs a dot before its exponent and a sign in it. Days it reads as such.
    if isinstance(value, datetime.date):
        return f'; it is a day to YAML: write "{value}", in quotes'
    try:
        number = float(value) if isinstance(value, str) else None
    except ValueError:
        number = None
    return "" if number is None else f"; it is text to YAML: write {number:.12g} or {number:.1e}"


def _numbers_not_finite(value: object, key: Key = ()) -> Iterator[tuple[Key, str]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _numbers_not_finite(below, (*key, name))
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from _numbers_not_finite(below, (*key, place))
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"is {value}, not a finite number"


def _disagreements(config: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    # Keys that are sound each for itself, but not together.
    splits, sets = config["inputs"]["splits"], config["inputs"]["term_sets"]
    training = config["training"]
    if splits["method"] == "lists":
        if splits["test_ids"] is None:
            yield ("inputs", "splits", "test_ids"), "is null, but inputs.splits.method is lists"
    elif splits["method"] == "date":
        yield from _days_out_of_order(splits)
    elif splits["val"] + splits["test"] >= 1:
        yield ("inputs", "splits", "test"), "leaves nothing to train on: val and test together must stay below 1"
    if sets["zero_method"] == "list" and sets["zero_list"] is None:
        yield ("inputs", "term_sets", "zero_list"), "is null, but inputs.term_sets.zero_method is list"
    if sets["zero_method"] == "time" and sets["zero_from"] is None:
        yield ("inputs", "term_sets", "zero_from"), "is null, but inputs.term_sets.zero_method is time"
    elif sets["zero_method"] == "time" and not _is_day(sets["zero_from"]):
        yield ("inputs", "term_sets", "zero_from"), f"is {sets['zero_from']}, which is no day of the calendar"
    if sets["zero_method"] == "release" and config["previous_ontology"] is None:
        yield ("previous_ontology",), "is null, but inputs.term_sets.zero_method is release"
    if sets["zero_min_proteins"] > sets["zero_max_proteins"]:
        yield ("inputs", "term_sets", "zero_min_proteins"), "is above zero_max_proteins"
    if (training["win_size"] or 0) % training["win_stride"]:
        yield ("training", "win_size"), f"is {training['win_size']}, no multiple of win_stride {training['win_stride']}"
    if training["hidden_width"] % training["heads"]:
        yield ("training", "heads"), f"is {training['heads']}, no divisor of hidden_width {training['hidden_width']}"
    if "go_to_protein" in config["ablation"]["parts"] and "infonce" not in config["ablation"]["parts"]:
        yield ("ablation", "parts"), "holds go_to_protein without infonce, with which it is compared"
    if not any(config["retrieval"]["labels"][name] for name in LIKENESSES):
        first, *others = LIKENESSES
        yield ("retrieval", "labels", first), f"is 0, and so are {', '.join(others)}: no similarity is left"
    if training["temperature"][0] >= training["temperature"][1]:
        yield ("training", "temperature"), "has a lowest value that is not below its highest"
    pretraining = config["embeddings"]["pretraining"]
    if pretraining["width"] % (2 * pretraining["heads"]):
        yield ("embeddings", "pretraining", "width"), f"is {pretraining['width']}, no multiple of twice the heads"


def _days_out_of_order(splits: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    days = {name: splits[name] for name in ("val_from", "test_from")}
    for name, day in days.items():
        if day is None:
            yield ("inputs", "splits", name), "is null, but inputs.splits.method is date"
        elif not _is_day(day):
            yield ("inputs", "splits", name), f"is {day!r}, which is no day of the calendar"
    if all(map(_is_day, days.values())) and days["val_from"] >= days["test_from"]:
        yield ("inputs", "splits", "test_from"), f"is {days['test_from']}, not after val_from {days['val_from']}"


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and text == datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return False


def _missing_files(config: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    named: list[tuple[Key, str | None]] = []
    if "demo" not in config:
        sets, lists = config["inputs"]["term_sets"], split_lists(config)
        named += [(("proteins",), path) for path in protein_files(config)]
        named += [(("annotations",), path) for path in annotation_files(config)]
        named.append((("ontology",), input_path(config, config["ontology"])))
        optional: list[tuple[Key, str | None]] = [(("inputs", "keep_ids"), config["inputs"]["keep_ids"])]
        named += [(("inputs", "splits", f"{split}_ids"), path) for split in lists for path in lists[split]]
        if sets["zero_method"] == "list":
            optional.append((("inputs", "term_sets", "zero_list"), sets["zero_list"]))
        optional.append((("inputs", "term_sets", "few_list"), sets["few_list"]))
        optional.append((("inputs", "labels", "stoplist"), config["inputs"]["labels"]["stoplist"]))
        optional.append((("evaluation", "terms"), config["evaluation"]["terms"]))
        named += [
            (("evaluation", "protein_sets", str(source["name"])), source["path"]) for source in protein_sets(config)
        ]
        named += [(key, input_path(config, name)) for key, name in optional if name is not None]
    if config["previous_ontology"] is not None:
        named.append((("previous_ontology",), input_path(config, config["previous_ontology"])))
    query = query_path(config)
    if query is not None and not ("demo" in config and Path(query).parent == Path(config["data"])):
        named.append((("query",), query))
    # Several keys may name one file: it is told once.
    for path, key in {path: key for key, path in reversed(named)}.items():
        if path is not None and not Path(path).is_file():
            what = "is a folder" if Path(path).is_dir() else MISSING
            yield key, f"names {path}, which {what}"


def _place(key: Key, config: Mapping[str, Any], places: Mapping[Key, Place]) -> Place:
    # Of a key that no file holds, or holds otherwise: the command line. Of a missing key: the block that lacks it.
    names = tuple(part for part in key if not isinstance(part, int))
    found, value = _value_at(config, names)
    if found:
        place = places.get(names)
        return place if place and place.value == value else Place(COMMAND_LINE)
    whole = Place(next(iter(places.values())).path) if places else Place(COMMAND_LINE)
    return places.get(names[:-1], whole)


def _value_at(config: object, key: Key) -> tuple[bool, object]:
    for name in key:
        if not isinstance(config, Mapping) or name not in config:
            return False, None
        config = config[name]
    return True, config


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key) or "the config"


def _help(key: Key, what: str, rules: Mapping[str, Any]) -> str:
    return DOWNLOADS if what.endswith(MISSING) and key != ("query",) else _description(key, rules)


def _description(key: Key, rules: Mapping[str, Any]) -> str:
    # The description of the key, or of the nearest block above it that the schema knows.
    node, told = rules, ""
    for part in key:
        properties = node.get("properties", {})
        if part not in properties:
            break
        node = properties[part]
        told = node.get("description", told)
        if "$ref" in node:
            node = {**rules["$defs"][node["$ref"].rsplit("/", 1)[1]]}
    return told
