"""The data of a query's page: blocks of compressed JSON, which the page opens one at a time.

A block is base64 of zlib of JSON, so that no text of a user can end a script element or be read as HTML. Terms are
numbered as they come; their facts are the last block. Scores are whole numbers of ten-thousandths.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import GoGraph
from gofer.names import ASPECTS, TERM_SETS
from gofer.retrieval.forms.form import about_protein, curie
from gofer.retrieval.nearest_known import ALIGNED
from gofer.retrieval.prediction_rows import BEST, IMPLIED, NOT
from gofer.retrieval.predictor import Predicted

SCORE_PARTS = 10_000
LEVEL = 6  # of zlib: 9 saves 2 % and takes three times as long
UNIPROT = "UniProtKB:"
NEAREST = ("nearest_protein", "nearest_name", "nearest_by", "nearest_identity", "nearest_coverage")
EVIDENCE = ("evidence", "evidence_note")


def as_block(content: Any) -> str:
    """One block, in ASCII."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), LEVEL)).decode("ascii")


class PageBlocks:
    """Makes the blocks of a page, chunk by chunk.

    Args:
        terms: The terms table, with a column of parents for each relation.
        relations: Which relations are drawn.
    """

    def __init__(self, terms: pd.DataFrame, relations: Sequence[str]) -> None:
        self._terms = terms
        self._relations = relations
        self._number: dict[str, int] = {}

    def of_chunk(self, predicted: Predicted) -> tuple[str, list[str]]:
        """The blocks of a chunk: its proteins with their recommended terms, and one block per protein with all rows."""
        table = predicted.table
        term_R = self._numbered(table["go_id"])
        source_R = self._numbered(table["follows_from"])
        score_R = np.rint(table["score"].to_numpy(float) * SCORE_PARTS).astype(int)
        kind_R = pd.Categorical(table["recommended"], [BEST, IMPLIED, NOT]).codes
        reason_of = dict(zip(predicted.not_predicted["protein_id"], predicted.not_predicted["reason"], strict=True))
        columns = {name: table[name].to_numpy(object) for name in (*NEAREST, *EVIDENCE)}
        rows_of = table.groupby("protein_id", sort=False).indices
        proteins, of_each = [], []
        for protein_id, description, length in predicted.proteins.itertuples(index=False):
            rows = rows_of.get(protein_id, np.zeros(0, int))
            counts = np.bincount(kind_R[rows], minlength=3).tolist()
            likely = rows[: counts[0] + counts[1]]
            proteins.append(
                {
                    **_described(protein_id, description, length, reason_of.get(protein_id, "")),
                    "counts": counts,
                    "terms": term_R[likely].tolist(),
                    "scores": score_R[likely].tolist(),
                }
            )
            of_protein = {name: values_R[rows] for name, values_R in columns.items()}
            of_each.append(as_block(_rows(of_protein, term_R[rows], source_R[rows], score_R[rows])))
        return as_block(proteins), of_each

    def terms(self) -> str:
        """The block of all terms that were named, and of what is above them."""
        graph = GoGraph.of_terms(self._terms, list(self._relations), within_aspect=True)
        for go_id in sorted(set(graph.ancestors(list(self._number))) - set(self._number)):
            self._number[go_id] = len(self._number)
        named = self._terms[self._terms["go_id"].isin(list(self._number))]
        facts = {row["go_id"]: row for row in named.to_dict("records")}
        aspects, sets = list(ASPECTS), list(TERM_SETS)
        rows = []
        for go_id in self._number:
            row = facts[go_id]
            above = [
                [self._number[parent], relation]
                for relation in self._relations
                for parent in row[relation]
                if parent in self._number and facts[parent]["aspect"] == row["aspect"]
            ]
            bits = round(float(row["information_accretion"]), 2)
            rows.append([go_id, row["name"], aspects.index(row["aspect"]), sets.index(row["term_set"]), bits, above])
        return as_block(rows)

    def _numbered(self, go_ids: pd.Series) -> NDArray[np.int64]:
        # -1 for "".
        codes, different = pd.factorize(go_ids)
        numbers = [self._number.setdefault(go_id, len(self._number)) if go_id else -1 for go_id in different]
        return np.array(numbers, int)[codes] if len(numbers) else np.zeros(0, int)


def _described(protein_id: str, description: str, length: int, reason: str) -> dict[str, Any]:
    _, name, _ = about_protein(protein_id, description)
    organism = description.partition(" OS=")[2].partition(" OX=")[0]
    return {
        "id": protein_id,
        "name": name,
        "organism": organism if organism != description else "",
        "length": length,
        "reason": reason,
        "uniprot": _accession(protein_id),
    }


def _accession(protein_id: str) -> str:
    found = curie(protein_id)
    return found.removeprefix(UNIPROT) if found.startswith(UNIPROT) else ""


def _rows(
    columns: dict[str, NDArray], term_K: NDArray[np.int64], source_K: NDArray[np.int64], score_K: NDArray[np.int64]
) -> dict[str, Any]:
    known_K, first_known = _different(columns["nearest_protein"].tolist())
    ranges = list(zip(columns["evidence"].tolist(), columns["evidence_note"].tolist(), strict=True))
    evidence_K, first_evidence = _different(ranges)
    known = zip(*(columns[name][first_known].tolist() for name in NEAREST), strict=True)
    return {
        "terms": term_K.tolist(),
        "scores": score_K.tolist(),
        "from": source_K.tolist(),
        "known": known_K,
        "evidence": evidence_K,
        "proteins": [
            [protein, name, by == ALIGNED, _share(identity), _share(coverage), _accession(protein)]
            for protein, name, by, identity, coverage in known
        ],
        "ranges": [ranges[row] for row in first_evidence],
    }


def _different(values: list) -> tuple[list[int], list[int]]:
    # The number of each value, in the order in which they come, and where each comes first.
    first: dict[Any, int] = {}
    for row, value in enumerate(values):
        first.setdefault(value, row)
    number = {value: place for place, value in enumerate(first)}
    return [number[value] for value in values], list(first.values())


def _share(value: float) -> float | None:
    return None if value != value else round(float(value), 4)
