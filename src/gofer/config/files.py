"""The files that a config names: where they are looked for, and which do not exist."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gofer.config.places import Key
from gofer.errors import GoferError
from gofer.tables import PREDICTION_SUMMARY

DEMO_PROTEINS = "proteins.fasta"
MISSING = "does not exist"
FASTA_ENDINGS = re.compile(r"\.(fasta|fa|faa|fas)?(\.(gz|bz2))?$")
PART_BYTES = 2_000_000  # of FASTA: some 4,000 proteins, minutes of work on two cores
FOLDED = 2  # protein sequences halve under gzip
MOST_PARTS = 200
DIGESTS = Path(".snakemake/gofer-digests.json")
SHARD_BYTES = 10_000_000  # of FASTA, about as many residues: half an hour with mini on a core, 25 GB with ESM-2 650M
FEWEST_SHARDS, MOST_SHARDS = 4, 99_999


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


def query_annotations(config: Mapping[str, Any]) -> list[str]:
    """The files of the query's annotations, each looked for as the query is; none without a query."""
    named = _named(config, "query_annotations") if config["query"] is not None else []
    return [name if Path(name).exists() else input_path(config, name) for name in named]


def taxon_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The section retrieval.taxon: id as text or None, its files as paths; constraints is a list."""
    section = config["retrieval"]["taxon"]
    lineage = section["lineage"]
    return {
        "id": None if section["id"] is None else str(section["id"]),
        "lineage": lineage and input_path(config, lineage),
        "constraints": [input_path(config, name) for name in _named(section, "constraints")],
    }


def query_name(path: Path | str) -> str:
    """What the results of a query are called: its file name without endings.

    Characters other than A-Z, a-z, 0-9, dot, hyphen and underscore become _; a digest of the name then keeps two such
    names different.
    """
    stem = FASTA_ENDINGS.sub("", Path(path).name)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-")
    if plain == stem and plain:
        return plain
    return f"{plain or 'query'}-{hashlib.sha256(stem.encode()).hexdigest()[:6]}"


def query_parts(path: Path | str) -> int:
    """Into how many jobs a query is divided, by the size of its file; what is predicted does not depend on it."""
    path = Path(path)
    if not path.is_file():
        return 1
    return min(MOST_PARTS, 1 + _fasta_bytes(path) // PART_BYTES)


def residue_shards(config: Mapping[str, Any]) -> int:
    """Into how many files the residue embeddings are divided: embeddings.residues.shards, or by the proteins' size."""
    shards = config["embeddings"]["residues"]["shards"]
    if shards != "auto":
        return shards
    paths = [Path(path) for path in protein_files(config)]
    size = sum(_fasta_bytes(path) for path in paths if path.is_file())
    return min(MOST_SHARDS, max(FEWEST_SHARDS, -(-size // SHARD_BYTES)))


def _fasta_bytes(path: Path) -> int:
    return path.stat().st_size * (FOLDED if path.suffix in (".gz", ".bz2") else 1)


def check_query(query: str | None, model: str, folder: str, *, wanted: bool, given: Sequence[str] = ()) -> None:
    """Refuse a query that could not be predicted for.

    Args:
        query: The file, or None.
        model: The model file.
        folder: Where the results go.
        wanted: Whether predictions alone were asked for.
        given: The words of the command line.

    Raises:
        GoferError: There is none, YAML took a part of its name for a comment, a path holds braces, or the folder holds
            the predictions for another file.
    """
    if query is None and wanted:
        raise GoferError("there is no query to predict for", help="write --config query=my.fasta")
    for word in given:
        name = word.removeprefix("query=").strip("'\"")
        if query is not None and word.startswith("query=") and " #" in name and not query.endswith(name):
            what = f"the query was read as {query}: in YAML ' #' begins a comment"
            raise GoferError(what, help=f"""write query='"{name}"', with both kinds of quotes""")
    for path in (query or "", model):
        if set(path) & set("{}"):
            raise GoferError(f"{path} holds braces, which Snakemake takes for a wildcard", help="rename it")
    if query is not None:
        refuse_other_query(folder, query)


def refuse_other_query(folder: Path | str, query: Path | str) -> None:
    """Refuse a folder that holds the predictions for another file of the same name.

    Raises:
        GoferError: It does.
    """
    try:
        found = json.loads((Path(folder) / PREDICTION_SUMMARY).read_text(encoding="utf-8"))
        same = Path(found["query"]).resolve() == Path(query).resolve() or found["file_sha256"] == _sha256(query)
    except (OSError, ValueError, KeyError, TypeError):
        return
    if not same:
        raise GoferError(
            f"{folder} holds the predictions for {found['query']}, another file than {query}",
            help="rename one of the two files, or remove that folder",
        )


def content(paths: str | Sequence[str]) -> str:
    """Digest of what files hold, "" where one does not exist: a parameter that reruns a rule when its input changes.

    Snakemake looks at dates: it misses a file that was replaced by an older one (mv, cp -p, rsync). A digest is
    computed once for each size and dates of a file, and kept in `DIGESTS`.
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, str) else paths)]
    if not all(file.is_file() for file in files):
        return ""
    try:
        known = json.loads(DIGESTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    found = {}
    for file in files:
        state = file.stat()
        key = f"{file.resolve()} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
        found[key] = known.get(key) or _sha256(file)
    if not found.keys() <= known.keys():
        with contextlib.suppress(OSError):  # without write access it is only slower
            DIGESTS.parent.mkdir(parents=True, exist_ok=True)
            new = DIGESTS.with_name(f"{DIGESTS.name}.{os.getpid()}")
            new.write_text(json.dumps({**known, **found}), encoding="utf-8")
            os.replace(new, DIGESTS)
    return hashlib.sha256("".join(found.values()).encode()).hexdigest()[:16]


def _sha256(path: Path | str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def protein_files(config: Mapping[str, Any]) -> list[str]:
    """The FASTA files of a run: in the folder `data`, or where that has none, relative to the working directory."""
    # The demo makes its file in `data` later: another one of that name in the working directory is not meant.
    made = {DEMO_PROTEINS} if "demo" in config else set()
    names = _named(config, "proteins")
    return [input_path(config, name) if name in made else _found_path(config, name) for name in names]


def annotation_files(config: Mapping[str, Any]) -> list[str]:
    """The annotation files of a run: tables, GAFs, GPADs."""
    return [input_path(config, name) for name in _named(config, "annotations")]


def judged_annotation_files(config: Mapping[str, Any]) -> list[str]:
    """The files of the annotations that judge the validation and test proteins; none without judged_annotations."""
    return [input_path(config, name) for name in _named(config, "judged_annotations")]


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


def missing_files(config: Mapping[str, Any], made: Collection[str] = ()) -> Iterator[tuple[Key, str]]:
    """Keys that name a file that does not exist, and what is wrong. A file that several keys name is reported once.

    Args:
        config: The config.
        made: Files that the run itself makes.
    """
    model = config["model"]  # a prediction by a model file needs no other file than the query
    named = list(_input_files(config)) if model is None and "demo" not in config else []
    if model is not None:
        named.append((("model",), model))
    elif config["previous_ontology"] is not None:
        named.append((("previous_ontology",), input_path(config, config["previous_ontology"])))
    taxon = taxon_settings(config)
    for setting, paths in (
        ("lineage", [taxon["lineage"]] if taxon["lineage"] else []),
        ("constraints", taxon["constraints"]),
    ):
        named += [(("retrieval", "taxon", setting), path) for path in paths]
    named += [(("query_annotations",), path) for path in query_annotations(config)]
    query = query_path(config)
    if query is not None and not ("demo" in config and Path(query).parent == Path(config["data"])):
        named.append((("query",), query))
    for path, key in {path: key for key, path in reversed(named)}.items():
        if set(path) & set("{}"):
            yield key, f"names {path}, which holds braces: Snakemake takes them for a wildcard, rename it"
        elif path not in made and not Path(path).is_file():
            yield key, f"names {path}, which {'is a folder' if Path(path).is_dir() else MISSING}"


def _input_files(config: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    inputs, evaluation, lists = config["inputs"], config["evaluation"], split_lists(config)
    yield from ((("proteins",), path) for path in protein_files(config))
    yield from ((("annotations",), path) for path in annotation_files(config))
    yield from ((("judged_annotations",), path) for path in judged_annotation_files(config))
    yield from ((("inputs", "splits", f"{split}_ids"), path) for split in lists for path in lists[split])
    yield from ((("evaluation", "protein_sets", str(one["name"])), str(one["path"])) for one in protein_sets(config))
    sets = inputs["term_sets"]
    optional: dict[Key, str | None] = {
        ("ontology",): config["ontology"],
        ("inputs", "keep_ids"): inputs["keep_ids"],
        ("inputs", "leave_out_ids"): inputs["leave_out_ids"],
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
