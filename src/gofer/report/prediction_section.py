"""A preview of the predictions for a query: the most informative ones of a few proteins, and links to the files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gofer.names import TERM_SETS, titled
from gofer.report import labels_and_help as words
from gofer.report.input_tables import plain, read_tsv
from gofer.tables import PREDICTIONS

PROTEINS_SHOWN = 8
TERMS_SHOWN = 5


@dataclass(frozen=True)
class Prediction:
    """One line of the preview. `percent` is the score for its bar, `no_evidence` says why there is none."""

    go_id: str
    name: str
    aspect: str
    score: str
    percent: int
    information: str
    term_set: str
    nearest: str
    how_near: str
    evidence: str
    no_evidence: str


@dataclass(frozen=True)
class QueryPreview:
    """A preview of the predictions for one query.

    Attributes:
        name: Of the query.
        n_proteins: Proteins with a prediction.
        n_predictions: Predictions.
        proteins: (protein id, its lines) of the first proteins.
        files: (label, relative address) of the files.
    """

    name: str
    n_proteins: int
    n_predictions: int
    proteins: list[tuple[str, list[Prediction]]]
    files: list[tuple[str, str]]


def query_preview(path: Path | str, root: Path | str) -> QueryPreview:
    """Preview `predictions.tsv`: of the first proteins, the first predictions, the most specific recommended ones.

    Args:
        path: The table.
        root: Folder of the page, from which files are linked.
    """
    path = Path(path)
    table = read_tsv(path, PREDICTIONS)
    first = table["protein_id"].unique()[:PROTEINS_SHOWN]
    lines = {protein_id: table[table["protein_id"] == protein_id].head(TERMS_SHOWN) for protein_id in first}
    return QueryPreview(
        name=path.parent.name,
        n_proteins=table["protein_id"].nunique(),
        n_predictions=len(table),
        proteins=[(name, [_prediction(row) for row in rows.to_dict("records")]) for name, rows in lines.items()],
        files=list(_files(path, Path(root))),
    )


def _prediction(row: Mapping) -> Prediction:
    return Prediction(
        go_id=str(row["go_id"]),
        name=_or_not_available(row["name"]),
        aspect=_or_not_available(row["aspect"]),
        score=words.number(row["score"], 2),
        percent=round(100 * float(row["score"])),
        information=words.number(row["information_accretion"], 1),
        term_set=titled(TERM_SETS.get(row["term_set"], words.NOT_AVAILABLE)),
        nearest=_or_not_available(row["nearest_protein"]),
        how_near=_how_near(row),
        evidence=plain(row["evidence"]).replace("-", "–").replace(",", ", "),
        no_evidence=plain(row["evidence_note"]),
    )


def _how_near(row: Mapping) -> str:
    match plain(row["nearest_by"]):
        case "aligned":
            shares = (f"{100 * float(row[column]):.0f} %" for column in ("nearest_identity", "nearest_coverage"))
            return " identical over ".join(shares)
        case "near":
            return "does not align"
    return ""


def _or_not_available(value: object) -> str:
    return plain(value) or words.NOT_AVAILABLE


def _files(table: Path, root: Path) -> Iterator[tuple[str, str]]:
    labels = {
        "index.html": "a page to look at: every protein, sorted and filtered, with residues and graph",
        "predictions.best.tsv": "the most specific recommended terms, as a table",
        "predictions.tsv": "all predictions, as a table",
        "predictions.cafa.tsv": "in CAFA form",
        "predictions.gaf": "recommended terms as GAF 2.2",
        "gene2term.tsv": "recommended terms by protein, for enrichment",
        "not_predicted.tsv": "proteins without a recommended term, and why",
    }
    for name, label in labels.items():
        file = table.with_name(name)
        if file.exists() and file.is_relative_to(root):
            yield f"{name} ({label})", quote(file.relative_to(root).as_posix())
