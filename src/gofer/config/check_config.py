"""The config, checked before any job: every problem at once, each with its file, line, key and help.

The schema is workflow/schemas/config.schema.yaml; what it cannot say (a multiple of another key, a finite number, a
file that must exist) is checked here.
"""

import contextlib
import datetime
import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema

from gofer.config.files import MISSING, missing_files
from gofer.config.merge import load_yaml
from gofer.config.places import Key, Places, dotted, value_at
from gofer.errors import InputError, ProblemsError

ELSEWHERE = "correct the name, or the folder with data: in the config or --config data=DIR"
OTHER_STAGES = tuple("BCD")
BENCHMARK = "; docs/benchmarks.md says where to download the files of benchmarks"


def check_config(
    config: Mapping[str, Any],
    files: Sequence[Path | str],
    schema: Path | str,
    defaults: Mapping[str, Any],
    made: Collection[str] = (),
) -> None:
    """Refuse a config that could not run.

    Args:
        config: The complete config (`gofer.config.complete`).
        files: The user's files that it was merged from, without the defaults; of two that hold a key, the later wins.
        schema: The JSON Schema.
        defaults: Every key and its default.
        made: Input files that need not be there, since the run makes them.

    Raises:
        ProblemsError: Everything that is wrong, at once.
    """
    rules = load_yaml(Path(schema).read_text(encoding="utf-8"))
    places, problems = Places.read(files, defaults)
    faults = [*_schema_faults(config, rules, defaults), *_numbers_not_finite(config)]
    for check in (_disagreements, partial(missing_files, made=made)):
        with contextlib.suppress(KeyError, TypeError, AttributeError):  # of keys at fault, which have been found above
            faults += check(config)
    for key, what in faults:
        place = places.of(key, config)
        help = _help(key, what, config, rules)
        problems.append(InputError(f"{dotted(key)} {what}", path=place.path, line=place.line, help=help))
    if problems:
        raise ProblemsError(list(problems))


def _schema_faults(
    config: Mapping[str, Any], rules: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[Key, str]]:
    validator = jsonschema.Draft202012Validator(rules)
    for error in sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path]):
        key = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            for name in sorted(set(error.instance) - set(known), key=str):
                yield (*key, name), f"is not a key of gofer{_suggestion(str(name), known, rules)}"
        elif error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance and f"'{name}'" in error.message:
                    yield (*key, name), "is missing"
        elif error.instance is None and value_at(defaults, key) == (True, None):
            yield key, "is missing"  # it has no default and is not given
        else:
            yield key, _what(error)


def _suggestion(name: str, known: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    # A key of the same block, else one of the same name, or nearly so, in another block.
    if near := difflib.get_close_matches(name, known, n=1):
        return f"; did you mean {near[0]}?"
    keys = list(_keys(rules, rules))
    near = difflib.get_close_matches(name, {key[-1] for key in keys}, n=1, cutoff=0.8)
    return f" here; did you mean {' or '.join(dotted(key) for key in keys if key[-1] == near[0])}?" if near else ""


def _keys(node: Mapping[str, Any], rules: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    # Of the four stages the first: all have the same keys.
    for name, below in node.get("properties", {}).items():
        if name not in OTHER_STAGES:
            yield (*above, name)
            yield from _keys(_resolved(below, rules), rules, (*above, name))


def _what(error: jsonschema.ValidationError) -> str:
    shown = _shown(error.instance)
    match error.validator:
        case "type":
            wanted = error.validator_value
            names = [wanted] if isinstance(wanted, str) else wanted
            return (
                f"is {shown}, not {' or '.join(_TYPES.get(name, name) for name in names)}{_hint(error.instance, names)}"
            )
        case "enum":
            return f"is {shown}, not one of {', '.join(map(str, error.validator_value))}"
        case "oneOf":
            return f"is {shown}, which is none of the forms allowed{_hint(error.instance)}"
        case "pattern":
            return f"is {shown}, which has characters that are not allowed"
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
_YAML_WORDS = {None: "null", True: "true", False: "false"}


def _shown(value: object) -> str:
    text = _YAML_WORDS[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _hint(value: object, wanted: Sequence[str] = ()) -> str:
    # YAML 1.1 reads 1e-4 as text: a number needs a dot before its exponent and a sign in it. Days it reads as such.
    if isinstance(value, datetime.date):
        return f'; YAML reads this as a day: write "{value}", in quotes'
    if "string" in wanted and isinstance(value, int | float):
        return f"""; YAML reads this as {_shown(value)}: write it in quotes, with --config in two kinds: run='"2024"'"""
    try:
        number = float(value) if isinstance(value, str) else None
    except ValueError:
        number = None
    return "" if number is None else f"; YAML reads this as text: write {number:.12g} or {number:.1e}"


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
    # Keys that are each right, but not together.
    splits, sets = config["inputs"]["splits"], config["inputs"]["term_sets"]
    training, pretraining = config["training"], config["embeddings"]["pretraining"]
    if splits["method"] == "lists":
        if splits["test_ids"] is None:
            yield ("inputs", "splits", "test_ids"), "is null, but inputs.splits.method is lists"
    elif splits["method"] == "date":
        yield from _days_out_of_order(splits)
    elif splits["method"] == "judged":
        if config["judged_annotations"] is None:
            yield ("judged_annotations",), "is null, but inputs.splits.method is judged"
        if splits["test_from"] is not None and not _is_day(splits["test_from"]):
            yield ("inputs", "splits", "test_from"), f"is {splits['test_from']!r}, which is not a day of the calendar"
    elif splits["val"] + splits["test"] >= 1:
        yield ("inputs", "splits", "test"), "leaves nothing to train on: val and test together must stay below 1"
    if config["judged_annotations"] is not None and splits["method"] != "judged":
        yield ("judged_annotations",), f"is given, but inputs.splits.method is {splits['method']}, not judged"
    if config["retrieval"]["own_annotations"] and config["judged_annotations"] is None:
        yield ("retrieval", "own_annotations"), "is true, but judged_annotations is null"
    if config["query_annotations"] is not None and config["query"] is None:
        yield ("query_annotations",), "is given, but query is null"
    yield from _zero_shot_disagreements(sets, config["previous_ontology"])
    if (training["win_size"] or 0) % training["win_stride"]:
        yield ("training", "win_size"), f"is {training['win_size']}, no multiple of win_stride {training['win_stride']}"
    if training["hidden_width"] % training["heads"]:
        yield ("training", "heads"), f"is {training['heads']}, no divisor of hidden_width {training['hidden_width']}"
    if training["temperature"][0] >= training["temperature"][1]:
        yield ("training", "temperature"), "has a lowest value that is not below its highest"
    if "go_to_protein" in config["ablation"]["parts"] and "infonce" not in config["ablation"]["parts"]:
        yield ("ablation", "parts"), "has go_to_protein without infonce, with which it is compared"
    if pretraining["width"] % (2 * pretraining["heads"]):
        yield ("embeddings", "pretraining", "width"), f"is {pretraining['width']}, no multiple of twice the heads"


def _zero_shot_disagreements(sets: Mapping[str, Any], previous_ontology: str | None) -> Iterator[tuple[Key, str]]:
    section, method = ("inputs", "term_sets"), sets["zero_method"]
    if method == "list" and sets["zero_list"] is None:
        yield (*section, "zero_list"), "is null, but inputs.term_sets.zero_method is list"
    if method == "time" and sets["zero_from"] is None:
        yield (*section, "zero_from"), "is null, but inputs.term_sets.zero_method is time"
    elif method == "time" and not _is_day(sets["zero_from"]):
        yield (*section, "zero_from"), f"is {sets['zero_from']}, which is not a day of the calendar"
    if method == "release" and previous_ontology is None:
        yield ("previous_ontology",), "is null, but inputs.term_sets.zero_method is release"
    if sets["zero_min_proteins"] > sets["zero_max_proteins"]:
        yield (*section, "zero_min_proteins"), "is above zero_max_proteins"


def _days_out_of_order(splits: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    days = {name: splits[name] for name in ("val_from", "test_from")}
    for name, day in days.items():
        if day is None:
            yield ("inputs", "splits", name), "is null, but inputs.splits.method is date"
        elif not _is_day(day):
            yield ("inputs", "splits", name), f"is {day!r}, which is not a day of the calendar"
    if all(map(_is_day, days.values())) and days["val_from"] >= days["test_from"]:
        yield ("inputs", "splits", "test_from"), f"is {days['test_from']}, not after val_from {days['val_from']}"


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and text == datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return False


def _help(key: Key, what: str, config: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    if what.endswith(MISSING) and key != ("query",):
        return ELSEWHERE + (BENCHMARK if config["evaluation"]["terms"] or config["evaluation"]["protein_sets"] else "")
    return _description(key, rules)


def _description(key: Key, rules: Mapping[str, Any]) -> str:
    # The description of the key, or of the nearest block above it that the schema knows.
    node, text = rules, ""
    for part in key:
        if part not in node.get("properties", {}):
            break
        node = node["properties"][part]
        text = node.get("description", text)
        node = _resolved(node, rules)
    return text


def _resolved(node: Mapping[str, Any], rules: Mapping[str, Any]) -> Mapping[str, Any]:
    return rules["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
