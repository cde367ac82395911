"""Residue evidence of correct test predictions, with the truth where it is known: examples for the report."""

import pandas as pd

from gofer.retrieval.residue_evidence import as_text, explain_protein, merged
from gofer.retrieval.term_space import TermSpace
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import progress


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
        explained = explain_protein(space.model, proteins, row_of[protein_id])
        drop_W = explained.drops(space.z_TD[[column]])[:, 0]
        truth = [] if planted is None else planted_ranges(space, planted, protein_id, column)
        rows.append(
            {
                **example,
                "name": names[column],
                "length": explained.layout.lengths[0],
                "evidence": as_text(explained.ranges(drop_W, windows=windows)),
                "attention": explained.attention_L,
                "impact": explained.residue_impact(drop_W),
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
    below = space.graph.descendants([space.go_ids[column]])
    motifs = planted[(planted["protein_id"] == protein_id) & planted["go_id"].isin(below)]
    return merged(list(zip(motifs["start"].tolist(), motifs["end"].tolist(), strict=True)))
