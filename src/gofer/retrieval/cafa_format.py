"""Predictions in exactly the form of the CAFA challenge: `protein<TAB>term<TAB>score`, no header, scores in (0, 1].

What evaluators silently drop or change (NaN, 7.5, a line of two columns, an id with a space) is refused here, both when
writing and when reading. Large files are written part by part, so that memory does not grow with the predictions.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from gofer.artefacts import Manifest, atomic, read_json, write_json
from gofer.errors import GoferError, InputError, Problems, collected_problems
from gofer.metrics.rounding import SIGNIFICANT_FIGURES, rounded

COLUMNS = ["protein_id", "go_id", "score"]
HELP = "a line is protein, term and a score in (0, 1], separated by tabs, without header or blank lines"


def write_cafa(
    path: Path | str,
    protein_ids: Sequence[str] | NDArray,
    go_ids: Sequence[str] | NDArray,
    scores: Sequence[float] | NDArray,
    *,
    manifest: Manifest | None = None,
    status: str = "complete",
) -> None:
    """Write predictions atomically, one per element of three sequences of equal length.

    Args:
        path: The file; with a manifest, `<path>.json` is written too.
        protein_ids: Protein of each prediction.
        go_ids: Its term.
        scores: Its score in (0, 1]; written with three significant figures.
        manifest: What the predictions were made from.
        status: "complete", or a sentence saying why the method could not run; `prediction_status` reads it.

    Raises:
        GoferError: A score or an id that no CAFA file may hold.
    """
    table = pd.DataFrame({"protein_id": protein_ids, "go_id": go_ids, "score": np.asarray(scores, np.float64)})
    _refuse_unwritable(table)
    distinct, which = np.unique(rounded(table["score"].to_numpy()), return_inverse=True)
    table["score"] = np.array([_as_text(score) for score in distinct], object)[which]
    with atomic(path) as part:
        pa.csv.write_csv(
            pa.Table.from_pandas(table.astype(str), preserve_index=False),
            part,
            pa.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none"),
        )
    if manifest is not None:
        write_json(f"{path}.json", {"status": status, "predictions": len(table)}, manifest)


def _as_text(score: float) -> str:
    return np.format_float_positional(score, precision=SIGNIFICANT_FIGURES, fractional=False, trim="-")


def prediction_status(path: Path | str) -> str:
    """The status from `<path>.json`: "complete", or why the method could not run."""
    return str(read_json(f"{path}.json").get("status", "complete"))


def _refuse_unwritable(table: pd.DataFrame) -> None:
    bad = ~((table["score"] > 0) & (table["score"] <= 1))
    if bad.any():
        first = table[bad].iloc[0]
        raise GoferError(
            f"score {first['score']} of {first['protein_id']} and {first['go_id']} is not in (0, 1]; {bad.sum()} such",
            help="calibrate scores to (0, 1] and leave out pairs without a prediction",
        )
    for column in ("protein_id", "go_id"):
        for value in pd.unique(table[column]):
            if fault := _fault_of_id(str(value)):
                raise GoferError(f"{column} {value!r} {fault}", help="use ids without spaces")


def _fault_of_id(value: str) -> str:
    if not value:
        return "is empty"
    if any(character.isspace() or character in '"\0' for character in value):
        return "holds a space, a tab or a quote"
    return ""


def read_cafa(path: Path | str, *, terms: Sequence[str] | pd.Index | None = None) -> pd.DataFrame:
    """Read predictions strictly: columns protein_id, go_id (both categorical) and score (float64), in file order.

    Args:
        path: The file; an empty one has no predictions.
        terms: Where given, the ids that may occur.

    Raises:
        InputError: Lines that are no prediction, each with its number, up to 20 of them.
    """
    table = _read_columns(Path(path))
    texts = pd.Series(table["score"].cat.categories, dtype=str)
    number_by_text = pd.to_numeric(texts.where(texts == texts.str.strip()), errors="coerce").to_numpy(float)
    scores = number_by_text[table["score"].cat.codes] if len(table) else np.empty(0)
    known = None if terms is None else pd.Index(terms)
    with collected_problems() as problems:
        bad = ~((scores > 0) & (scores <= 1))
        _report(problems, path, table, bad, "score", "is not a number in (0, 1]")
        for column in ("protein_id", "go_id"):
            ids = table[column].cat.categories
            faulty = np.array([bool(_fault_of_id(value)) for value in ids], bool)
            _report(problems, path, table, _at(faulty, table[column]), column, "is empty or holds a space or a quote")
            if column == "go_id" and known is not None:
                unknown = ~faulty & ~ids.isin(known)
                _report(problems, path, table, _at(unknown, table[column]), column, "is not a term of this ontology")
        twice = table.duplicated(["protein_id", "go_id"]).to_numpy()
        _report(problems, path, table, twice, "go_id", "occurs twice for the same protein")
    return table.assign(score=scores)


def _read_columns(path: Path) -> pd.DataFrame:
    odd_lines: list[pa.csv.InvalidRow] = []

    def skipped(row: pa.csv.InvalidRow) -> str:
        odd_lines.append(row)
        return "skip"

    text = pa.dictionary(pa.int32(), pa.string())
    if path.exists() and path.stat().st_size == 0:
        return pd.DataFrame({column: pd.Categorical([], categories=pd.Index([], dtype=str)) for column in COLUMNS})
    try:
        table = pa.csv.read_csv(
            path,
            pa.csv.ReadOptions(column_names=COLUMNS, use_threads=False),  # threads would lose the line numbers
            pa.csv.ParseOptions(
                delimiter="\t",
                quote_char=False,
                ignore_empty_lines=False,
                invalid_row_handler=skipped,
            ),
            pa.csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, text), strings_can_be_null=False),
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"cannot be read as predictions ({error})", path=path, help=HELP) from error
    with collected_problems() as problems:
        for row in odd_lines:
            what = f"{row.actual_columns} columns instead of {row.expected_columns}: {row.text[:60]!r}"
            problems.add(InputError(what, path=path, line=row.number, help=HELP))
    return table.unify_dictionaries().to_pandas()


def _at(faulty: NDArray[np.bool_], column: pd.Series) -> NDArray[np.bool_]:
    return faulty[column.cat.codes] if len(column) else np.empty(0, bool)


def _report(
    problems: Problems, path: Path | str, table: pd.DataFrame, bad: NDArray[np.bool_], column: str, what: str
) -> None:
    for position in np.flatnonzero(bad):
        value = table[column].iloc[position]
        problems.add(InputError(f"{column} {value!r} {what}", path=path, line=int(position) + 1, help=HELP))


def predicted_pairs(
    scores_BT: NDArray, protein_ids: Sequence[str], go_ids: Sequence[str], keep_BT: NDArray[np.bool_]
) -> pd.DataFrame:
    """The kept cells of a score matrix as a table protein_id, go_id, score, each protein's best first.

    Args:
        scores_BT: Scores.
        protein_ids: Ids of the rows.
        go_ids: Ids of the columns.
        keep_BT: Which cells to keep.
    """
    protein_P, term_P = np.nonzero(keep_BT)
    score_P = scores_BT[protein_P, term_P]
    order_P = np.lexsort((term_P, -score_P, protein_P))
    protein_P, term_P, score_P = protein_P[order_P], term_P[order_P], score_P[order_P]
    return pd.DataFrame(
        {
            "protein_id": np.asarray(protein_ids, object)[protein_P],
            "go_id": np.asarray(go_ids, object)[term_P],
            "score": score_P,
        }
    )


ROWS_AT_ONCE = 500_000  # their text: 12 MB


def write_cafa_parts(path: Path | str, tables: Iterable[pd.DataFrame], manifest: Manifest) -> None:
    """Write what `write_cafa` would write of the tables one after the other.

    Args:
        path: The file; `<path>.json` is written too.
        tables: Columns protein_id, go_id, score; no pair is in two of them.
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
