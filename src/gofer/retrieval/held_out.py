"""Predictions for the proteins that training did not see, and why: what the evaluation and the report are made from."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest
from gofer.evaluation.cafa import predicted_pairs
from gofer.evaluation.cafa_parts import write_cafa_parts
from gofer.evaluation.uncut import UncutWriter
from gofer.retrieval.explain import as_text, explain_protein, merged
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer, TextScorer
from gofer.retrieval.term_space import TermSpace
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import progress

PROTEINS_AT_ONCE = 64


def predict_held_out(
    scorer: Scorer | TextScorer,
    proteins: ProteinVectors,
    sequences: Mapping[str, str],
    *,
    min_score: float,
    uncut: UncutWriter | None = None,
    test: Collection[str] = (),
) -> Iterator[pd.DataFrame]:
    """Predictions of some proteins after the others; every protein is scored once.

    Roots and scores below `min_score` are left out.

    Args:
        scorer: Scores them.
        proteins: Their vectors.
        sequences: Sequence by protein id.
        min_score: Lowest score.
        uncut: Takes all scores of the proteins of `test`.
        test: Their ids.

    Yields:
        Columns protein_id, go_id, score, each protein's best first.
    """
    space, test = scorer.space, set(test)
    for start in progress(range(0, len(proteins.protein_ids), PROTEINS_AT_ONCE), "predicting held-out proteins"):
        block = slice(start, start + PROTEINS_AT_ONCE)
        ids, scores_BT = proteins.protein_ids[block], _scores(scorer, proteins, block, sequences)
        keep_BT = space.to_keep(scores_BT, min_score=min_score, max_terms=None)
        if uncut and (rows := [row for row, protein_id in enumerate(ids) if protein_id in test]):
            uncut.add([ids[row] for row in rows], scores_BT[rows])
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
) -> None:
    """Predict for the validation and test proteins, and write all that is kept of the scores.

    Args:
        scorer: Scores them.
        proteins: Their vectors.
        sequences: Sequence by protein id.
        annotations: Columns protein_id, go_id, propagated.
        relations: Along which annotations propagate in this run.
        output: The files predictions (with its status beside it), uncut and ranks.
        manifest: What the predictions are made from.
        min_score: Lowest score of the predictions.
    """
    test = proteins.of_splits("test").protein_ids
    labels = annotations[annotations["protein_id"].isin(test)]
    with UncutWriter(Path(output["uncut"]).parent, scorer.space.terms, labels, relations) as uncut:
        tables = predict_held_out(scorer, proteins, sequences, min_score=min_score, uncut=uncut, test=test)
        write_cafa_parts(output["predictions"], tables, manifest)
        uncut.write(output["uncut"], output["ranks"], manifest)


def _scores(
    scorer: Scorer | TextScorer, proteins: ProteinVectors, block: slice, sequences: Mapping[str, str]
) -> NDArray[np.float32]:
    return scorer.scores(proteins.described(sequences, block))


def explained_examples(
    space: TermSpace,
    proteins: ProteinEmbDataset,
    examples: pd.DataFrame,
    planted: pd.DataFrame | None,
    *,
    windows: int,
) -> pd.DataFrame:
    """Evidence of chosen predictions, residue by residue.

    Args:
        space: The terms.
        proteins: Residues of the proteins of `examples`.
        examples: Columns protein_id, go_id, score.
        planted: Where the truth is known: protein_id, go_id, start, end.
        windows: Windows per prediction.

    Returns:
        protein_id, go_id, name, score, length, evidence, attention, impact, planted.
    """
    row_of = {protein_id: row for row, protein_id in enumerate(proteins.protein_ids)}
    column_of = {go_id: column for column, go_id in enumerate(space.go_ids)}
    names = space.terms["name"].tolist()
    rows = []
    for example in progress(examples.to_dict("records"), "explaining predictions"):
        protein_id, column = example["protein_id"], column_of[example["go_id"]]
        told = explain_protein(space.model, proteins, row_of[protein_id])
        drop_W = told.drops(space.z_TD[[column]])[:, 0]
        truth = [] if planted is None else planted_ranges(space, planted, protein_id, column)
        rows.append(
            {
                **example,
                "name": names[column],
                "length": told.layout.lengths[0],
                "evidence": as_text(told.ranges(drop_W, windows=windows)),
                "attention": told.attention_L,
                "impact": told.residue_impact(drop_W),
                "planted": as_text(truth),
            }
        )
    columns = ["protein_id", "go_id", "name", "score", "length", "evidence", "attention", "impact", "planted"]
    return pd.DataFrame(rows, columns=columns)


def choose_examples(
    predictions: pd.DataFrame, annotations: pd.DataFrame, terms: pd.DataFrame, proteins: list[str], *, most: int
) -> pd.DataFrame:
    """For up to `most` proteins, the most informative of their correct predictions.

    Predictions with less than half of the protein's best score do not count.

    Args:
        predictions: Columns protein_id, go_id, score.
        annotations: Propagated labels, columns protein_id, go_id.
        terms: Columns go_id, information_accretion.
        proteins: Candidates.
        most: Most examples.
    """
    right = predictions[predictions["protein_id"].isin(proteins)].astype({"protein_id": str, "go_id": str})
    right = right.merge(annotations[["protein_id", "go_id"]].drop_duplicates(), on=["protein_id", "go_id"])
    right = right.merge(terms[["go_id", "information_accretion"]], on="go_id")
    right = right[right["score"] >= right.groupby("protein_id")["score"].transform("max") / 2]
    right = right.sort_values(["information_accretion", "score", "go_id"], ascending=[False, False, True])
    best = right.drop_duplicates("protein_id").sort_values(["score", "protein_id"], ascending=[False, True])
    return best.head(most)[["protein_id", "go_id", "score"]].reset_index(drop=True)


def planted_ranges(space: TermSpace, planted: pd.DataFrame, protein_id: str, column: int) -> list[tuple[int, int]]:
    """Where motifs that make the term true, themselves or through a descendant, were planted in the protein."""
    below = _descendants(space, column)
    own = planted[(planted["protein_id"] == protein_id) & planted["go_id"].isin(below)]
    return merged(list(zip(own["start"].tolist(), own["end"].tolist(), strict=True)))


def _descendants(space: TermSpace, column: int) -> set[str]:
    below_T: NDArray[np.bool_] = np.zeros(len(space.go_ids), bool)
    below_T[column] = True
    for children, parents, starts in space.hierarchy.downwards():
        below_T[children] |= np.logical_or.reduceat(below_T[parents], starts)
    return {go_id for go_id, below in zip(space.go_ids, below_T, strict=True) if below}
