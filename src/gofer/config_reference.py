"""Every key of a config in words, from the schema: `make docs` writes it to config/README.md."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HEAD = """# Every key of a config

`config.yaml` is the embedded demo; `swissprot.yaml` is a real run, and a good start for your own: copy it, change the
file names, and run `snakemake --cores 8 --configfile config/my.yaml`. Any key can be given on the command line instead:
`--config data=DIR query=my.fasta`.

The other files here hold only what differs from `swissprot.yaml`, for the field's benchmarks and for ESM-2 650M; they
go behind it: `--configfile config/swissprot.yaml config/nrpdb.yaml config/esm2_650m.yaml` (docs/benchmarks.md).

A config, or several merged, holds every key below (only `demo` is left out of real runs). Everything is checked before
any job: unknown keys, wrong types, values out of range and missing files are told at once, each with file and line.

This page is made from `workflow/schemas/config.schema.yaml` by `make docs`.
"""


def reference(schema: Mapping[str, Any]) -> str:
    """The page, Markdown: one table per block of keys.

    Args:
        schema: The JSON Schema of a config.
    """
    parts = [HEAD]
    for title, text, rows in _blocks(schema, schema, ""):
        lines = [f"- `{name}`: {told}" for name, told in rows]
        parts.append(f"## {title}\n\n{text}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _blocks(node: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, list]]:
    below = {name: _resolved(child, schema) for name, child in node["properties"].items()}
    leaves = [(name, child.get("description", "")) for name, child in below.items() if "properties" not in child]
    if leaves:
        title = f"`{path}`" if path else "Top level"
        yield title, node.get("description", "Where the run's files are, and what it is called."), leaves
    blocks = {name: child for name, child in below.items() if "properties" in child}
    if list(blocks) == list("ABCD"):
        blocks = {"A … D": blocks["A"] | {"description": "One stage; A, B, C and D have the same keys."}}
    for name, child in blocks.items():
        yield from _blocks(child, schema, f"{path}.{name}" if path else name)


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return dict(node)
    return {**schema["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}


if __name__ == "__main__":
    sys.stdout.write(reference(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))))
