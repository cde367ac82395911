"""Predictions for a user's proteins: scores against every term, names, evidence and the nearest known protein."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from gofer.retrieval.cafa_format import predicted_pairs
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.protein_vectors import Described, NearestAnnotated
from gofer.retrieval.residue_evidence import as_text, explain_protein
from gofer.retrieval.scorer import Scorer
from gofer.tables import PREDICTIONS
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import progress


@dataclass(frozen=True)
class Reported:
    """How much is reported for each protein.

    Attributes:
        min_score: Lowest score.
        max_terms: Most terms.
        evidence_windows: Evidence windows per prediction.
    """

    min_score: float
    max_terms: int
    evidence_windows: int


def predict_proteins(
    scorer: Scorer,
    proteins: ProteinEmbDataset,
    sequences: Mapping[str, str],
    annotated: NearestAnnotated,
    term_sets: pd.DataFrame,
    reported: Reported,
) -> pd.DataFrame:
    """The predictions table: `tables.PREDICTIONS`, proteins in their order, each protein's best terms first.

    Args:
        scorer: Scores them.
        proteins: The user's proteins.
        sequences: Their sequences by id.
        annotated: Known proteins and their terms, columns as the scorer's terms.
        term_sets: Columns go_id, term_set; a term that it lacks (of a newer release) is "zero".
        reported: How much is reported.
    """
    tables = [
        _of_protein(scorer, proteins, row, sequences[proteins.protein_ids[row]], annotated, reported)
        for row in progress(range(len(proteins)), "predicting proteins")
    ]
    if not tables:
        return pd.DataFrame(columns=PREDICTIONS)
    table = pd.concat(tables, ignore_index=True)
    facts = scorer.space.terms[["go_id", "name", "aspect", "information_accretion"]].merge(
        term_sets[["go_id", "term_set"]], on="go_id", how="left"
    )
    facts["term_set"] = facts["term_set"].fillna("zero")
    return table.merge(facts, on="go_id", how="left", validate="many_to_one")[PREDICTIONS]


def _of_protein(
    scorer: Scorer,
    proteins: ProteinEmbDataset,
    row: int,
    sequence: str,
    annotated: NearestAnnotated,
    reported: Reported,
) -> pd.DataFrame:
    space = scorer.space
    evidence = explain_protein(space.model, proteins, row)
    summary_S = summary(proteins[row].residues_LE)
    described = Described(evidence.z_D[None], summary_S[None], [sequence])
    expected = scorer.label_model.predict(described)
    scores_BT = scorer.scores(described, expected)
    keep_BT = space.to_keep(scores_BT, min_score=reported.min_score, max_terms=reported.max_terms)
    table = predicted_pairs(scores_BT, [proteins.protein_ids[row]], space.go_ids, keep_BT)
    columns = pd.Index(space.terms["go_id"]).get_indexer(table["go_id"])
    drop_WP = evidence.drops(space.z_TD[columns])
    table["evidence"] = [as_text(evidence.ranges(drop_W, windows=reported.evidence_windows)) for drop_W in drop_WP.T]
    similarity_N = scorer.label_model.similarity(expected, annotated.sequences)[0]
    table["nearest_protein"] = annotated.of_protein(evidence.z_D, similarity_N, columns)
    return table


def known_sequences(query: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Pairs (query id, id in the run) of proteins whose sequence the run already holds.

    Args:
        query: Columns protein_id, sequence_sha256.
        known: The same, of the run.
    """
    both = query.merge(known, on="sequence_sha256", suffixes=("", "_known"))
    yield from zip(both["protein_id"].tolist(), both["protein_id_known"].tolist(), strict=True)
