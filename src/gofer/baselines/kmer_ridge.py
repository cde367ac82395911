"""Kernel ridge regression of labels on k-mers and composition: a baseline that needs no model."""

from collections.abc import Sequence

import pandas as pd

from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.retrieval.cafa_format import predicted_pairs
from gofer.retrieval.features.sequence_features import SequenceReader
from gofer.retrieval.kernel_ridge import KernelRidge, KernelWeights, ProteinFeatures


def kmer_ridge(
    train: tuple[Sequence[str], Sequence[Sequence[str]]],
    held_out: tuple[list[str], Sequence[str]],
    terms: pd.DataFrame,
    weights: KernelWeights,
    *,
    relations: list[str],
    min_score: float,
    seed: int,
) -> pd.DataFrame:
    """Predict the terms of proteins from their k-mers and composition.

    Args:
        train: Sequences of the training proteins, and the ids of their terms, propagated.
        held_out: Ids of the proteins to predict for, and their sequences.
        terms: Rows of the terms table to predict, roots left out.
        weights: Of the kernel; only the parts that are read from the sequence count.
        relations: Along which annotations propagate in this run.
        min_score: Lower scores are left out.
        seed: Of the choice of landmarks among proteins with equally many labels.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    (sequences, true_ids), (protein_ids, new_sequences) = train, held_out
    labels = pd.DataFrame({"protein_id": range(len(sequences)), "go_id": true_ids}).explode("go_id").dropna()
    labels_NT = label_matrix(labels, range(len(sequences)), terms["go_id"])
    reader = SequenceReader.of_training(sequences)
    known, new = (ProteinFeatures(None, None, reader.read(texts)) for texts in (sequences, new_sequences))
    fitted = KernelRidge.fit(known, labels_NT, terms["aspect"].to_numpy(str), weights, seed=seed)
    graph = GoGraph.of_terms(terms, relations, within_aspect=True)
    scores_BT = hierarchy_consistent(fitted.predict(new), graph)
    return predicted_pairs(scores_BT, protein_ids, terms["go_id"].tolist(), scores_BT >= min_score)
