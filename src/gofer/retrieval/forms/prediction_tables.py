"""Predictions as tables: TSV with all columns, its best rows only, CAFA, JSON lines, parquet."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from gofer.artefacts import atomic, write_batches
from gofer.retrieval.cafa_format import write_cafa_parts
from gofer.retrieval.forms.form import Chunks, Context
from gofer.retrieval.prediction_rows import BEST
from gofer.tables import IMPOSSIBLE, NOT_PREDICTED, PREDICTIONS

NUMBERS = ("score", "information_accretion", "nearest_identity", "nearest_coverage")
SCHEMA = pa.schema([(name, pa.float64() if name in NUMBERS else pa.string()) for name in PREDICTIONS])


def write_tsv(path: Path, chunks: Chunks, context: Context) -> None:
    """Write all predictions."""
    _write_rows(path, (predicted.table for predicted in chunks()), PREDICTIONS)


def write_best(path: Path, chunks: Chunks, context: Context) -> None:
    """Write the most specific recommended terms."""
    best = (predicted.table[predicted.table["recommended"] == BEST] for predicted in chunks())
    _write_rows(path, best, PREDICTIONS)


def write_without(path: Path, chunks: Chunks) -> None:
    """Write the proteins without a recommended term, and why."""
    _write_rows(path, (predicted.not_predicted for predicted in chunks()), NOT_PREDICTED)


def write_impossible(path: Path, chunks: Chunks) -> None:
    """Write the predictions that were removed, since they cannot be true in the taxon."""
    _write_rows(path, (predicted.impossible for predicted in chunks()), IMPOSSIBLE)


def write_cafa(path: Path, chunks: Chunks, context: Context) -> None:
    """Write all predictions in CAFA form."""
    write_cafa_parts(path, (predicted.table for predicted in chunks()), context.manifest)


def write_parquet(path: Path, chunks: Chunks, context: Context) -> None:
    """Write all predictions as parquet, one row group per chunk."""
    tables = (
        pa.Table.from_pandas(predicted.table.astype(dict.fromkeys(NUMBERS, float)), SCHEMA, preserve_index=False)
        for predicted in chunks()
    )
    write_batches(path, SCHEMA, tables, lambda: context.manifest)


def write_jsonl(path: Path, chunks: Chunks, context: Context) -> None:
    """Write one line of JSON per protein, those without a prediction too."""
    warning = f', "warning": {json.dumps(context.warning)}' if context.warning else ""
    with atomic(path) as part, part.open("w", encoding="utf-8") as file:
        for predicted in chunks():
            of_protein: dict[str, list[str]] = {protein_id: [] for protein_id in predicted.proteins["protein_id"]}
            for protein_id, row in zip(predicted.table["protein_id"], _json_rows(predicted.table), strict=True):
                of_protein[protein_id].append(row)
            for protein_id, rows in of_protein.items():
                about = json.dumps({"protein_id": protein_id, "model": context.model})
                file.write(f'{about[:-1]}, "predictions": [{", ".join(rows)}]{warning}}}\n')


def _json_rows(table: pd.DataFrame) -> list[str]:
    # Each row as json.dumps writes it. Most values are repeated, so each different one of a column is written once.
    columns = []
    for name in table.columns.drop(["protein_id", "model"]):
        codes, different = pd.factorize(table[name], use_na_sentinel=False)
        texts = [f"{json.dumps(name)}: {json.dumps(_plain(value))}" for value in different.tolist()]
        columns.append([texts[code] for code in codes.tolist()])
    return [f"{{{', '.join(values)}}}" for values in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    # As the TSV has it: six significant figures; no number is null.
    if isinstance(value, float):
        return None if value != value else float(f"{value:.6g}")
    return value


def _write_rows(path: Path, tables: Iterable[pd.DataFrame], columns: list[str]) -> None:
    with atomic(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(columns) + "\n")
        for table in tables:
            table[columns].to_csv(
                file, sep="\t", index=False, header=False, float_format="%.6g", na_rep="n/a", lineterminator="\n"
            )
