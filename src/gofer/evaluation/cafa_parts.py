"""A CAFA file written part by part, so that memory does not grow with the predictions."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from gofer.artefacts import Manifest, atomic, write_json
from gofer.evaluation.cafa import write_cafa

ROWS_AT_ONCE = 500_000  # their text: 12 MB


def write_cafa_parts(path: Path | str, tables: Iterable[pd.DataFrame], manifest: Manifest) -> None:
    """Write what `write_cafa` would write of the tables one after the other.

    Args:
        path: The file; `<path>.json` is written beside it.
        tables: Columns protein_id, go_id, score; no pair stands in two of them.
        manifest: What the predictions were made from.

    Raises:
        GoferError: A score or an id that no CAFA file may hold.
    """
    predictions = 0
    with atomic(path) as whole, whole.open("wb") as file, TemporaryDirectory(dir=whole.parent) as folder:
        part = Path(folder) / "part.tsv"
        for table in _larger(tables):
            write_cafa(part, table["protein_id"], table["go_id"], table["score"])
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, file)
            predictions += len(table)
    write_json(f"{path}.json", {"status": "complete", "predictions": predictions}, manifest)


def _larger(tables: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    held: list[pd.DataFrame] = []
    for table in tables:
        if table.empty:  # as the first chunk of a column it would make pyarrow 26.0.1 write zero bytes for text
            continue
        held.append(table)
        if sum(map(len, held)) >= ROWS_AT_ONCE:
            yield pd.concat(held, ignore_index=True)
            held = []
    if held:
        yield pd.concat(held, ignore_index=True)
