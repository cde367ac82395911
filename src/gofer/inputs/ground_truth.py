"""The ground truth of a run, joined once: what every method's predictions are compared with.

Two tables. `LABELS` has a row per validation or test protein and aspect: its split, its labels (propagated, roots left
out), the sets of proteins that it belongs to, and what was known of it before. `TERMS` is the terms table with each
term's set, and whether it is listed in evaluation.terms.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from gofer.artefacts import read_table
from gofer.inputs import schemas
from gofer.inputs.benchmark_subsets import LIMITED, NO, PARTIAL, Judged
from gofer.inputs.held_out import HeldOut
from gofer.names import ASPECTS, HELD_OUT

KNOWLEDGE = (NO, LIMITED, PARTIAL)
KEYS = ["protein_id", "aspect"]
LISTS = ["sets", "go_ids", "known"]
LABELS = pa.schema(
    [
        *((name, pa.string()) for name in (*KEYS, "split")),
        ("nearest_identity", pa.float64()),
        *((name, pa.list_(pa.string())) for name in LISTS),
    ]
)
TERMS = pa.schema([*schemas.TERMS, ("term_set", pa.string()), ("listed", pa.bool_())])


def ground_truth(held_out: HeldOut, judged: Judged, splits: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables.

    Args:
        held_out: Terms and labels.
        judged: Vocabulary and sets of proteins of a benchmark.
        splits: Columns protein_id, split, nearest_identity.

    Returns:
        Columns of `LABELS`, and of `TERMS`.
    """
    aspect_of = held_out.terms.set_index("go_id")["aspect"]
    bins = splits.loc[splits["split"].isin(HELD_OUT), ["protein_id", "split", "nearest_identity"]]
    table = bins.merge(pd.DataFrame({"aspect": list(ASPECTS)}), how="cross").set_index(KEYS)
    truth = held_out.truth.assign(aspect=held_out.truth["go_id"].map(aspect_of)).groupby(KEYS, sort=False)
    known = judged.known.assign(aspect=judged.known["go_id"].map(aspect_of)).groupby(KEYS, sort=False)
    sets = pd.concat([judged.proteins, judged.knowledge.rename(columns={"knowledge": "protein_set"})])
    columns = {
        "sets": sets.groupby(KEYS, sort=False)["protein_set"].agg(list),
        "go_ids": truth["go_id"].agg(list),
        "known": known["go_id"].agg(list),
    }
    for name, lists in columns.items():
        found = lists.to_dict()
        table[name] = [found.get(key, []) for key in table.index]
    table["split"] = truth["split"].first().reindex(table.index).fillna(table["split"])
    terms = held_out.terms.assign(
        term_set=held_out.terms["go_id"].map(held_out.term_set),
        listed=held_out.terms["go_id"].isin(judged.terms["go_id"]),
    )
    return table.reset_index()[LABELS.names], terms


def read_ground_truth(files: Mapping[str, Path | str], relations: list[str]) -> tuple[HeldOut, Judged]:
    """From the files of rule make_ground_truth, by their names `truth_labels` and `truth_terms`.

    Args:
        files: By name.
        relations: Relations along which annotations propagate in this run.

    Returns:
        As they were joined; sets of proteins in alphabetical order. Sets that a config calls no_knowledge or
        limited_knowledge come last, as knowledge.
    """
    labels, terms = read_table(files["truth_labels"]), read_table(files["truth_terms"])
    sets, known = (_exploded(labels, name) for name in ("sets", "known"))
    of_knowledge = sets["sets"].isin(KNOWLEDGE)
    knowledge = sets[of_knowledge].rename(columns={"sets": "knowledge"})
    place = knowledge["knowledge"].map(KNOWLEDGE.index)
    judged = Judged(
        terms=terms.loc[terms["listed"], ["go_id"]].reset_index(drop=True),
        proteins=sets[~of_knowledge].rename(columns={"sets": "protein_set"}).sort_values("protein_set", kind="stable"),
        knowledge=knowledge.iloc[place.to_numpy(int).argsort(kind="stable")],
        known=known.rename(columns={"known": "go_id"})[["protein_id", "go_id"]],
    )
    truth = _exploded(labels, "go_ids", more=["split"]).rename(columns={"go_ids": "go_id"})
    identity = labels.drop_duplicates("protein_id").set_index("protein_id")["nearest_identity"]
    term_set = terms.set_index("go_id")["term_set"]
    return HeldOut(terms, term_set, truth[["protein_id", "go_id", "split"]], tuple(relations), identity), judged


def _exploded(labels: pd.DataFrame, name: str, more: list[str] | None = None) -> pd.DataFrame:
    return labels[[*KEYS, *(more or []), name]].explode(name).dropna(subset=[name]).reset_index(drop=True)
