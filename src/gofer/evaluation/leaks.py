"""Leakage checks: whether training has seen what is evaluated, checked on the tables that both have read.

A leak stops the evaluation. What the run's settings allow, but a reader must know, is counted.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.names import HELD_OUT, LABELLED, SPLITS
from gofer.tables import LEAKS

SAME_SEQUENCE = "{split} proteins with the sequence of a training protein"
SIMILAR = "{split} proteins with a training protein at {percent:g} % identity or more"
IN_LABELS = "labels of training proteins that are zero-shot terms"
COUNTED = "zero-shot terms with a training protein"
ANCESTORS = "training positives that follow from held-out terms alone"
REPORTED_FROM = 0.3  # identity, where the split promises none
REFUSED, REPORTED = "refused", "reported"

PROTEINS_AT_ONCE = 1024

Row = tuple[str, int, int, str]


def leak_checks(
    *,
    proteins: pd.DataFrame,
    splits: pd.DataFrame,
    terms: pd.DataFrame,
    term_sets: pd.DataFrame,
    pid2pos: pd.DataFrame,
    annotations: pd.DataFrame,
    relations: Iterable[str],
    promised: float | None,
    zero_ancestors: str,
) -> pd.DataFrame:
    """Every check, with what it found.

    Args:
        proteins: Columns protein_id, sequence_sha256.
        splits: Columns protein_id, split, nearest_train, nearest_identity.
        terms: The ontology table with training_count.
        term_sets: Columns go_id, term_set, held_out.
        pid2pos: Columns protein_id, split, go_ids, true_ids: what training reads.
        annotations: Columns protein_id, go_id, hops; propagated.
        relations: Along which annotations propagate in this run.
        promised: Identity that no held-out protein reaches to a training protein, where the split promises one.
        zero_ancestors: keep or drop, of inputs.term_sets.

    Returns:
        `tables.LEAKS`: the check, how many were found among how many, and handling: `REFUSED` (any would have stopped
        the evaluation, so there is none) or `REPORTED`.

    Raises:
        GoferError: A held-out protein has the sequence of a training protein, or one more similar than the split
            promises; training knows a zero-shot term; or an ancestor that should be dropped is a positive.
    """
    rows = [
        *(_same_sequence(proteins, splits, split) for split in HELD_OUT),
        *(_similar(splits, split, promised) for split in HELD_OUT),
        *_zero_shot(terms, term_sets, pid2pos),
        _ancestors(terms, term_sets, pid2pos, annotations, list(relations), zero_ancestors),
    ]
    return pd.DataFrame(rows, columns=LEAKS)


def _same_sequence(proteins: pd.DataFrame, splits: pd.DataFrame, split: str) -> Row:
    both = splits[["protein_id", "split"]].merge(proteins[["protein_id", "sequence_sha256"]], on="protein_id")
    evaluated, train = both[both["split"] == split], both[both["split"].isin(LABELLED)]
    same = evaluated[evaluated["sequence_sha256"].isin(train["sequence_sha256"])]
    if len(same):
        twin = train.loc[train["sequence_sha256"] == same["sequence_sha256"].iloc[0], "protein_id"].iloc[0]
        raise GoferError(
            f"{same['protein_id'].iloc[0]} ({split}) has the sequence of the training protein {twin}",
            help="put proteins of one sequence into one split (inputs.splits) and run snakemake again",
        )
    return SAME_SEQUENCE.format(split=SPLITS[split]), 0, len(evaluated), REFUSED


def _similar(splits: pd.DataFrame, split: str, promised: float | None) -> Row:
    evaluated = splits[splits["split"] == split]
    identity = REPORTED_FROM if promised is None else promised
    similar = evaluated[evaluated["nearest_identity"] >= identity]
    if promised is not None and len(similar):
        first = similar.iloc[0]
        raise GoferError(
            f"{first['protein_id']} ({split}) is {first['nearest_identity']:.0%} identical to the training protein "
            f"{first['nearest_train']}, but the split promises less than {promised:.0%}",
            help="delete inputs/splits.parquet and run snakemake again; if it stays, please report it",
        )
    check = SIMILAR.format(split=SPLITS[split], percent=100 * identity)
    return check, len(similar), len(evaluated), REPORTED if promised is None else REFUSED


def _zero_shot(terms: pd.DataFrame, term_sets: pd.DataFrame, pid2pos: pd.DataFrame) -> list[Row]:
    zero = set(term_sets.loc[term_sets["term_set"] == "zero", "go_id"])
    counted = terms.loc[terms["go_id"].isin(zero) & (terms["training_count"] > 0), "go_id"]
    train = pid2pos[pid2pos["split"] == "train"]
    of_train = pd.concat([train["go_ids"], train["true_ids"]]).explode().dropna()
    for where, known in (("a label of a training protein", of_train[of_train.isin(zero)]), ("counted", counted)):
        if len(known):
            raise GoferError(
                f"the zero-shot term {known.iloc[0]} is {where}",
                help="delete inputs/pid2pos.parquet and inputs/terms.parquet and run snakemake again; if it stays, "
                "please report it",
            )
    labels = int(train["true_ids"].map(len).sum())
    return [(IN_LABELS, 0, labels, REFUSED), (COUNTED, 0, len(zero), REFUSED)]


def _ancestors(
    terms: pd.DataFrame,
    term_sets: pd.DataFrame,
    pid2pos: pd.DataFrame,
    annotations: pd.DataFrame,
    relations: list[str],
    zero_ancestors: str,
) -> Row:
    held_out = set(term_sets.loc[term_sets["held_out"], "go_id"])
    train = pid2pos[pid2pos["split"] == "train"]
    affected = annotations[annotations["protein_id"].isin(train["protein_id"])]
    affected = affected[affected["protein_id"].isin(affected.loc[affected["go_id"].isin(held_out), "protein_id"])]
    positives = train.loc[train["protein_id"].isin(affected["protein_id"]), ["protein_id", "go_ids"]]
    positives = positives.explode("go_ids").dropna().rename(columns={"go_ids": "go_id"})
    stated = affected[(affected["hops"] == 0) & ~affected["go_id"].isin(held_out)]
    alone = positives[~_follow(positives, stated, terms, relations)]
    if zero_ancestors == "drop" and len(alone):
        raise GoferError(
            f"{alone['go_id'].iloc[0]} is a positive of {alone['protein_id'].iloc[0]} through held-out terms alone, "
            "but inputs.term_sets.zero_ancestors is drop",
            help="delete inputs/pid2pos.parquet and run snakemake again; if it stays, please report it",
        )
    return ANCESTORS, len(alone), len(positives), REFUSED if zero_ancestors == "drop" else REPORTED


def _follow(
    positives: pd.DataFrame, stated: pd.DataFrame, terms: pd.DataFrame, relations: list[str]
) -> NDArray[np.bool_]:
    # Whether each positive is stated of its protein, or is an ancestor of a term that is.
    graph, go_ids = GoGraph.of_terms(terms, relations), pd.Index(terms["go_id"])
    ids = pd.Index(positives["protein_id"].unique())
    row_P, row_S = (ids.get_indexer(table["protein_id"]) for table in (positives, stated))
    column_P, column_S = (go_ids.get_indexer(table["go_id"]) for table in (positives, stated))
    follows_P = np.zeros(len(positives), bool)
    for start in range(0, len(ids), PROTEINS_AT_ONCE):
        size = min(PROTEINS_AT_ONCE, len(ids) - start)
        in_P, in_S = ((row >= start) & (row < start + size) for row in (row_P, row_S))
        true_BT = np.zeros((size, len(terms)), bool)
        true_BT[row_S[in_S] - start, column_S[in_S]] = True
        follows_P[in_P] = hierarchy_consistent(true_BT, graph)[row_P[in_P] - start, column_P[in_P]]
    return follows_P
