"""The known proteins that each held-out one resembles by DIAMOND, searched once in a run: inputs/known_hits.parquet.

The DIAMOND baseline and, in large sets, gofer's own transfer of labels read them. Every different sequence is searched,
and is searched for, once; it is named by the first protein that has it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from gofer.artefacts import read_table
from gofer.inputs.proteins.diamond_search import DiamondSearch
from gofer.names import HELD_OUT, LABELLED

KNOWN_HITS = pa.schema(
    [
        ("protein_id", pa.string()),
        ("known_ids", pa.list_(pa.string())),
        ("bitscores", pa.list_(pa.float64())),
        ("identities", pa.list_(pa.float64())),
    ]
)


def distinct(proteins: pd.DataFrame, splits: Sequence[str]) -> pd.DataFrame:
    """The different sequences of some splits, sorted.

    Args:
        proteins: Columns protein_id, sequence, split.
        splits: The splits.

    Returns:
        Columns sequence, protein_id: the first protein that has it.
    """
    chosen = proteins[proteins["split"].isin(splits)]
    return chosen.groupby("sequence", as_index=False)["protein_id"].min()


def search_known(proteins: pd.DataFrame, search: DiamondSearch) -> pa.Table:
    """Search the held-out proteins among those of which labels may be used.

    Args:
        proteins: Columns protein_id, sequence, split.
        search: How.

    Returns:
        Columns of `KNOWN_HITS`: a row for each different held-out sequence, with its hits, maybe none.
    """
    asked, known = distinct(proteins, HELD_OUT), distinct(proteins, LABELLED)
    hits = search.hits(asked["sequence"], known["sequence"])
    starts = np.searchsorted(hits["query"], np.arange(len(asked) + 1)).astype(np.int32)
    ids = pa.array(known["protein_id"], pa.string()).take(pa.array(hits["target"]))
    lists = [ids, pa.array(hits["bitscore"]), pa.array(hits["identity"])]
    columns = [pa.ListArray.from_arrays(pa.array(starts), values) for values in lists]
    return pa.table([pa.array(asked["protein_id"], pa.string()), *columns], schema=KNOWN_HITS)


def read_hits(path: Path | str) -> pd.DataFrame:
    """Columns protein_id, known_id, bitscore, identity (%); a protein without a hit has one row, with known_id None."""
    table = read_table(path).explode(["known_ids", "bitscores", "identities"], ignore_index=True)
    names = {"known_ids": "known_id", "bitscores": "bitscore", "identities": "identity"}
    return table.rename(columns=names).astype({"bitscore": float, "identity": float})


def hits_of_all(hits: pd.DataFrame, queries: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """The hits of every protein with every protein, those of one sequence having the same hits.

    Args:
        hits: Of `read_hits`.
        queries: Columns protein_id, sequence.
        targets: The same of the known proteins.

    Returns:
        As `DiamondSearch.hits`: columns query, target (rows of the two), bitscore, identity, sorted by both rows.
    """
    found = hits.dropna(subset=["known_id"])
    for name, column, table in (("query", "protein_id", queries), ("target", "known_id", targets)):
        sequence = found[column].map(table.set_index("protein_id")["sequence"])
        rows = pd.DataFrame({name: np.arange(len(table)), "sequence": table["sequence"].to_numpy()})
        found = found.assign(sequence=sequence).merge(rows, on="sequence").drop(columns="sequence")
    order = found.sort_values(["query", "target"], ignore_index=True)
    return order[["query", "target", "bitscore", "identity"]]
