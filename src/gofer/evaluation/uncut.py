"""Scores without a lower cutoff, as far as figures need them: a file of all of them would be too large.

Shapes: B proteins of a block, T terms of the release, C terms that one of the proteins has.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.evaluation.cafa import score_matrix
from gofer.evaluation.evaluator import has_parent
from gofer.evaluation.generalised import RANK_COLUMNS, as_table, true_ranks

Block = tuple[list[str], NDArray]  # ids of some proteins, and their scores of all terms (B, T)


@dataclass(frozen=True, eq=False)
class Uncut:
    """What is kept of them.

    Attributes:
        scores: Columns protein_id, go_id (categorical), score (float32): every protein, every term that one has.
        ranks: `generalised.RANK_COLUMNS`: where each true term stands among all terms of its aspect.
    """

    scores: pd.DataFrame
    ranks: pd.DataFrame


def keep_uncut(
    blocks: Iterable[Block], terms: pd.DataFrame, annotations: pd.DataFrame, relations: Iterable[str]
) -> Uncut:
    """Go through scores block by block.

    Args:
        blocks: Scores of all proteins; columns are the rows of `terms`.
        terms: Columns go_id, aspect, training_count and parents per relation.
        annotations: Columns protein_id, go_id of those proteins alone, propagated.
        relations: Along which annotations propagate in this run.
    """
    go_ids, below_T = terms["go_id"].tolist(), has_parent(terms, relations).to_numpy()
    columns_C = np.flatnonzero(terms["go_id"].isin(set(annotations["go_id"])))
    labels = annotations[["protein_id", "go_id"]].assign(score=1.0)
    protein_ids: list[str] = []
    scores, ranks = [np.empty((0, len(columns_C)), np.float32)], []
    for ids, scores_BT in blocks:
        labels_BT = score_matrix(labels, ids, go_ids) > 0
        protein_ids += ids
        scores.append(np.asarray(scores_BT[:, columns_C], np.float32))
        for aspect in terms["aspect"].unique():
            own = np.flatnonzero((terms["aspect"] == aspect).to_numpy() & below_T)
            unseen_C = (terms["training_count"].to_numpy()[own] == 0).astype(bool)
            found = true_ranks(scores_BT[:, own], labels_BT[:, own], unseen_C)
            ranks.append(as_table(found, ids, terms["go_id"].iloc[own].tolist()))
    scores_BC = np.concatenate(scores)
    names = pd.Categorical.from_codes(
        np.tile(np.arange(len(columns_C)), len(scores_BC)), [go_ids[column] for column in columns_C]
    )
    proteins = pd.Categorical.from_codes(np.repeat(np.arange(len(scores_BC)), len(columns_C)), protein_ids)
    table = pd.DataFrame({"protein_id": proteins, "go_id": names, "score": scores_BC.ravel()})
    return Uncut(table, pd.concat(ranks, ignore_index=True) if ranks else pd.DataFrame(columns=RANK_COLUMNS))
