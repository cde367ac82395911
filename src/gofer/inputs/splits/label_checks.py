"""Checks every invariant of the sets of terms and of the labels before training reads them."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import GoGraph, is_root, root_ids


def check_term_sets(
    table: pd.DataFrame,
    terms: pd.DataFrame,
    seen_T: NDArray[np.int64],
    relations: list[str],
    *,
    few_max: int,
    few: Collection[str] | None = None,
) -> None:
    """Every invariant of the sets.

    Args:
        table: Columns go_id, term_set, held_out.
        terms: The ontology table.
        seen_T: Training proteins of each term that training may see.
        relations: Relations to parents that labels follow.
        few_max: Few-shot terms have 1..few_max training proteins,
        few: or are those named here that have one.

    Raises:
        GoferError: A root is held out, a held-out term has a child that is not, a set disagrees with the counts, or
            training would see no term at all.
    """
    held_out = set(table.loc[table["held_out"], "go_id"])
    roots = root_ids(terms)
    if held_out & roots:
        raise GoferError(
            f"the zero-shot terms would mask the root {min(held_out & roots)}",
            help="choose terms whose descendants (inputs.relations) do not include a root",
        )
    if escaped := GoGraph.of_terms(terms, relations).descendants(held_out).keys() - held_out:
        raise GoferError(f"{min(escaped)} is below a held-out term but is not held out")
    rare_T = (seen_T <= few_max) if few is None else table["go_id"].isin(set(few)).to_numpy(bool)
    wrong_T = ((table["term_set"] == "zero") != (seen_T == 0)) | (
        (table["term_set"] == "few") != ((seen_T > 0) & rare_T)
    )
    if wrong_T.any():
        raise GoferError(f"{table.loc[wrong_T, 'go_id'].iloc[0]} is in the wrong set for its training proteins")
    if held_out & set(table.loc[seen_T > 0, "go_id"]):
        raise GoferError(f"{min(held_out & set(table.loc[seen_T > 0, 'go_id']))} is held out but has training proteins")
    if not ((seen_T > 0) & ~is_root(terms)).any():
        raise GoferError("no term is left for training", help="mask fewer terms (inputs.term_sets)")


def check_labels(pid2pos: pd.DataFrame, term_sets: pd.DataFrame, terms: pd.DataFrame) -> None:
    """Every invariant of the labels.

    Args:
        pid2pos: Columns protein_id, split, go_ids, hops, true_ids.
        term_sets: Columns go_id, held_out; a held-out term's descendants are held out too.
        terms: Columns go_id, depth.

    Raises:
        GoferError: A protein occurs twice; a root or a held-out term is a label; a positive is not true; or a list
            repeats a term or lacks its hops.
    """
    if pid2pos["protein_id"].duplicated().any():
        raise GoferError(f"{pid2pos.loc[pid2pos['protein_id'].duplicated(), 'protein_id'].iloc[0]} occurs twice")
    hidden = root_ids(terms) | set(term_sets.loc[term_sets["held_out"], "go_id"])
    for row in pid2pos.itertuples():
        positive, true = set(row.go_ids), set(row.true_ids)
        if hidden & true:
            raise GoferError(f"{min(hidden & true)} is a label of {row.protein_id}, but training may not see it")
        if positive - true:
            raise GoferError(f"{min(positive - true)} is a positive of {row.protein_id}, but not true of it")
        if not len(row.hops) == len(row.go_ids) == len(positive) or len(row.true_ids) != len(true):
            raise GoferError(f"the labels of {row.protein_id} repeat a term or lack their hops")


def check_counts(true_counts: Mapping[str, int], terms: pd.DataFrame) -> None:
    """The true labels of the training proteins are the training counts.

    Args:
        true_counts: Training proteins by true label.
        terms: Columns go_id, depth, training_count.

    Raises:
        GoferError: They are not.
    """
    counted = terms[~is_root(terms)]
    for go_id, count in zip(counted["go_id"], counted["training_count"], strict=True):
        if true_counts.get(go_id, 0) != count:
            raise GoferError(
                f"{go_id} is true of {true_counts.get(go_id, 0)} training proteins, but counted {count} times"
            )
