"""Write the reference pages from what they are about: docs/cli.md, docs/python.md and docs/tables.md (`make docs`)."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from gofer import load, tables
from gofer.cli.main import app
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.inputs import schemas
from gofer.retrieval.loaded_model import LoadedModel
from gofer.training.losses import BCE, InfoNCE, SigmoidPairs

HERE = Path(__file__).parent
API = {
    "A model": (load, LoadedModel, ("predict", "search")),
    "The store of residue embeddings": (ESMResidueStore, ("__getitem__", "by_shard")),
    "Vectors of terms' texts": (GoLookupCache, ("read", "rows", "subset")),
    "Losses": (InfoNCE, SigmoidPairs, BCE, ()),
}
OF_A_QUERY = {
    "predictions.tsv, predictions.best.tsv, predictions.parquet": tables.PREDICTIONS,
    tables.WITHOUT_PREDICTION: tables.NOT_PREDICTED,
    tables.IMPOSSIBLE_IN_TAXON: tables.IMPOSSIBLE,
}
OF_THE_EVALUATION = {
    "evaluation/metrics.tsv": tables.METRICS,
    "evaluation/differences.tsv": tables.DIFFERENCES,
    "evaluation/leaks.tsv": tables.LEAKS,
    "evaluation/faithfulness.tsv": tables.FAITHFULNESS,
    "training/ablation/ablation.tsv": tables.ABLATION,
}
OF_THE_INPUTS = {
    "inputs/proteins.parquet": schemas.PROTEINS,
    "inputs/ontology.parquet": schemas.ONTOLOGY,
    "inputs/annotations.parquet": schemas.ANNOTATIONS,
    "inputs/splits.parquet": schemas.SPLITS,
    "inputs/terms.parquet": schemas.TERMS,
    "inputs/term_sets.parquet": schemas.TERM_SETS,
    "inputs/pid2pos.parquet": schemas.PID2POS,
    "inputs/accounting-….parquet": schemas.ACCOUNTING,
    "inputs/release_changes.parquet": schemas.RELEASE_CHANGES,
}
WRITTEN = "Written by `make docs`."


def commands() -> str:
    """docs/cli.md: each command as its own help gives it."""
    group = typer.main.get_command(app)
    parts = [f"# Commands\n\n{WRITTEN} `gofer COMMAND --help` says the same.\n\n{group.epilog or ''}\n"]
    for name, command in _commands("gofer", group):
        parts.append(f"## `{name}`\n\n{_plain(command.help)}\n")
        rows = [_row(parameter) for parameter in command.params if "--help" not in parameter.opts]
        parts.append("| argument or option | meaning |\n|---|---|\n" + "\n".join(rows) + "\n")
        if command.epilog:
            parts.append(f"{_plain(command.epilog)}\n")
    return "\n".join(parts)


def _commands(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(f"{path} {name}", command)
        else:
            yield f"{path} {name}", command


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else parameter.name.upper()
    default = parameter.default
    shown = f" Default: {default}." if is_option and isinstance(default, str | int | float) and default else ""
    return f"| `{name}` | {_plain(parameter.help)}{'' if default is True else shown} |".replace("<", "&lt;")


def _plain(text: str | None) -> str:
    return inspect.cleandoc(text or "").replace("\n", " ").replace("|", "\\|").strip()


def api() -> str:
    """docs/python.md: the docstrings of what a user calls."""
    parts = [f"# Python\n\n{WRITTEN} Scripts that use these are in [examples](../examples/README.md).\n"]
    for title, (*things, methods) in API.items():
        parts.append(f"## {title}\n")
        for thing in things:
            where = f"{thing.__module__}.{thing.__qualname__}".replace("gofer.load", "load")
            parts.append(_entry(where if where != "load" else "gofer.load", thing))
            if inspect.isclass(thing):
                found = [(name, getattr(thing, name)) for name in methods if hasattr(thing, name)]
                parts += [_entry(f"{thing.__qualname__}.{name}", method) for name, method in found]
    return "\n".join(parts)


def _entry(name: str, thing: Any) -> str:
    return f"### `{name}`\n\n```text\n{thing.__name__}{_signature(thing)}\n\n{inspect.getdoc(thing)}\n```\n"


def _signature(thing: Any) -> str:
    try:
        return str(inspect.signature(thing)).replace("'", "")
    except (TypeError, ValueError):
        return ""


def columns() -> str:
    """docs/tables.md: the columns of every table that a run leaves for its user."""
    parts = [
        f"# Tables\n\n{WRITTEN} Parquet files carry their types; a TSV has one line of headings. What the columns of "
        "predictions mean: [what comes out](predict.md#what-comes-out).\n"
    ]
    for title, found in (
        ("Of a query, in `results/<run>/retrieval/<query>/` or the folder of `gofer predict`", OF_A_QUERY),
        ("Of the evaluation, in `results/<run>/`", OF_THE_EVALUATION),
        ("Of the inputs, in `results/<run>/`", OF_THE_INPUTS),
    ):
        rows = "\n".join(f"| `{name}` | {_columns(listed)} |" for name, listed in found.items())
        parts.append(f"## {title}\n\n| file | columns |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def _columns(listed: Any) -> str:
    if isinstance(listed, list):
        return ", ".join(f"`{name}`" for name in listed)
    return ", ".join(f"`{field.name}` {str(field.type).replace('<', '&lt;')}" for field in listed)


PAGES = {"cli.md": commands, "python.md": api, "tables.md": columns}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (HERE / page).write_text(write(), encoding="utf-8")
        sys.stdout.write(f"docs/{page}\n")
