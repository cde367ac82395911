"""Every key of a config in words, with its default, from the schema: `make docs` writes it to config/README.md."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HEAD = """# Config

Your config is a short file with only what differs from the defaults. Copy `template.yaml`, fill in its six lines (run,
data, proteins, annotations, ontology, query), then:

```sh
snakemake check --cores 1 --configfile config/my.yaml     # problems with config and inputs, in seconds
snakemake --cores 8 --configfile config/my.yaml
```

| file | holds |
|---|---|
| `defaults.yaml` | every key and its default; always loaded first, so do not edit it |
| `template.yaml` | the start of your config |
| `demo.yaml` (also as `config.yaml`) | the embedded demo, which runs without `--configfile` |
| `swissprot.yaml` | a real run that compares methods: it holds 60 sampled terms out of training |
| `swissprot_2014.yaml` | all of Swiss-Prot of 2014, judged by later annotations of human proteins |
| `uniprot.yaml` | the current Swiss-Prot with experimental annotations: [it downloads them](../docs/data.md#in-a-run) |
| `esm2_650m.yaml` | ESM-2 650M as the residue encoder, to be combined with another config |
| `nrpdb.yaml`, `nrpdb_gearnet.yaml`, `cafa3.yaml`, `lafa.yaml` | [the field's benchmarks](../docs/benchmarks.md) |

**Several files** are merged; later ones win: `--configfile config/my.yaml config/esm2_650m.yaml`. List them after one
`--configfile`: Snakemake uses only the last of two such options.

**On the command line** any key can be changed with `--config`, which wins over all files. Join the keys of blocks with
two underscores; numbers, true, false, null and lists work:

```sh
--config query=my.fasta seed=2
--config training__stages__A__epochs=1 evaluation__bce_twin=true inputs__keep_ids=null
--config 'training={stages.A.epochs: 1, dropout: 0.2}'    # in braces a dot joins keys, too
```

(Snakemake itself refuses a dot before the `=`: "Config entry must start with a valid identifier".)

**Mistakes** are reported before any job, all at once, each with file, line and help: unknown keys (with the nearest key
that exists), wrong types, values out of range, keys that do not fit together, missing files.

The rest of this page lists every key with its default. It is made from `workflow/schemas/config.schema.yaml` and
`defaults.yaml` by `make docs`.
"""
STAGES = list("ABCD")


def reference(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The page, Markdown: one list per block of keys.

    Args:
        schema: The JSON Schema of a config.
        defaults: Every key and its default.
    """
    parts = [HEAD]
    for title, text, rows in _blocks(schema, schema, defaults, ""):
        lines = [f"- `{name}`{default}: {description}" for name, default, description in rows]
        parts.append(f"## {title}\n\n{text}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _blocks(
    node: Mapping[str, Any], schema: Mapping[str, Any], defaults: object, path: str
) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    below = {name: _resolved(child, schema) for name, child in node["properties"].items()}
    leaves = [
        (name, _default(defaults, name, child), child.get("description", ""))
        for name, child in below.items()
        if "properties" not in child
    ]
    if leaves:
        title = f"`{path}`" if path else "Top level"
        yield title, node.get("description", "The run's name and its files."), leaves
    blocks = {name: (child, _below(defaults, name)) for name, child in below.items() if "properties" in child}
    if list(blocks) == STAGES:
        stage = blocks["A"][0] | {"description": "One stage; A, B, C and D have the same keys."}
        blocks = {"A … D": (stage, [defaults[name] for name in STAGES] if isinstance(defaults, Mapping) else None)}
    for name, (child, default) in blocks.items():
        yield from _blocks(child, schema, default, f"{path}.{name}" if path else name)


def _below(defaults: object, name: str) -> object:
    # Of the four stages, the four values.
    if isinstance(defaults, list):
        return [_below(stage, name) for stage in defaults]
    return defaults.get(name) if isinstance(defaults, Mapping) else None


def _default(defaults: object, name: str, child: Mapping[str, Any]) -> str:
    if isinstance(defaults, list):
        shown = [_shown(_below(stage, name)) for stage in defaults]
        return f" (default {' / '.join(shown if len(set(shown)) > 1 else shown[:1])})"
    if not isinstance(defaults, Mapping) or name not in defaults:
        return ""
    if defaults[name] is None and "null" not in json.dumps(child):
        return " (no default)"
    return f" (default {_shown(defaults[name])})"


def _shown(value: object) -> str:
    return json.dumps(value) if value == "" else json.dumps(value).replace('"', "")


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return dict(node)
    return {**schema["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}


if __name__ == "__main__":
    rules = Path(sys.argv[1])  # workflow/schemas/config.schema.yaml
    default_file = rules.parents[2] / "config" / "defaults.yaml"
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (rules, default_file))
    sys.stdout.write(reference(*files))
