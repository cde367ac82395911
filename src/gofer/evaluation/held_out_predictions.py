"""Predictions for the proteins that training did not see: the input of the evaluation."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest
from gofer.retrieval.cafa_format import predicted_pairs, write_cafa_parts
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer, TextScorer
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.unthresholded_scores import UnthresholdedWriter
from gofer.workflow import progress

PROTEINS_AT_ONCE = 64


def predict_held_out(
    scorer: Scorer | TextScorer,
    proteins: ProteinVectors,
    sequences: Mapping[str, str],
    *,
    min_score: float,
    unthresholded: UnthresholdedWriter | None = None,
    test: Collection[str] = (),
    stated: StatedTerms | None = None,
) -> Iterator[pd.DataFrame]:
    """Predictions of some proteins after the others; every protein is scored once.

    Roots and scores below `min_score` are left out.

    Args:
        scorer: Scores them.
        proteins: Their vectors.
        sequences: Sequence by protein id.
        min_score: Lowest score.
        unthresholded: Takes all scores of the proteins of `test`.
        test: Their ids.
        stated: What is stated of proteins already.

    Yields:
        Columns protein_id, go_id, score, each protein's best first.
    """
    space, test = scorer.space, set(test)
    for start in progress(range(0, len(proteins.protein_ids), PROTEINS_AT_ONCE), "predicting held-out proteins"):
        block = slice(start, start + PROTEINS_AT_ONCE)
        ids, scores_BT = proteins.protein_ids[block], _scores(scorer, proteins, block, sequences, stated)
        keep_BT = space.to_keep(scores_BT, min_score=min_score, max_terms=None)
        if unthresholded and (rows := [row for row, protein_id in enumerate(ids) if protein_id in test]):
            unthresholded.add([ids[row] for row in rows], scores_BT[rows])
        yield predicted_pairs(scores_BT, ids, space.go_ids, keep_BT)


def write_held_out(
    scorer: Scorer | TextScorer,
    proteins: ProteinVectors,
    sequences: Mapping[str, str],
    annotations: pd.DataFrame,
    relations: Iterable[str],
    output: Mapping[str, Path | str],
    manifest: Manifest,
    *,
    min_score: float,
    stated: StatedTerms | None = None,
) -> None:
    """Predict for the validation and test proteins, and write all that is kept of the scores.

    Args:
        scorer: Scores them.
        proteins: Their vectors.
        sequences: Sequence by protein id.
        annotations: Columns protein_id, go_id, propagated.
        relations: Along which annotations propagate in this run.
        output: The files predictions (with its status), unthresholded and ranks.
        manifest: What the predictions are made from.
        min_score: Lowest score of the predictions.
        stated: What is stated of the proteins already; None not to use it.
    """
    test = proteins.of_splits("test").protein_ids
    labels = annotations[annotations["protein_id"].isin(test)]
    with UnthresholdedWriter(
        Path(output["unthresholded"]).parent, scorer.space.terms, labels, relations
    ) as unthresholded:
        tables = predict_held_out(
            scorer, proteins, sequences, min_score=min_score, unthresholded=unthresholded, test=test, stated=stated
        )
        write_cafa_parts(output["predictions"], tables, manifest)
        unthresholded.write(output["unthresholded"], output["ranks"], manifest)


def _scores(
    scorer: Scorer | TextScorer,
    proteins: ProteinVectors,
    block: slice,
    sequences: Mapping[str, str],
    stated: StatedTerms | None,
) -> NDArray[np.float32]:
    described = proteins.described(sequences, block)
    if stated is None or isinstance(scorer, TextScorer):
        return scorer.scores(described)
    return scorer.scores(described, stated=stated.of_proteins(proteins.protein_ids[block]))
