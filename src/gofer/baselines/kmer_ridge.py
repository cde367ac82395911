"""The baseline that needs no model: kernel ridge regression on k-mers of residues and composition."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.retrieval.cafa_format import predicted_pairs
from gofer.retrieval.features.sequence_features import SequenceReader
from gofer.retrieval.kernel_ridge import KernelRidge, KernelWeights, ProteinFeatures


def ridge(
    train: tuple[Sequence[str], Sequence[Sequence[str]]],
    held_out: tuple[list[str], Sequence[str]],
    terms: pd.DataFrame,
    weights: KernelWeights,
    *,
    relations: list[str],
    min_score: float,
    seed: int,
) -> pd.DataFrame:
    """Kernel ridge regression on words of residues and composition: what needs no model at all.

    Args:
        train: Sequences of the training proteins, and the ids of their terms, propagated.
        held_out: Ids of the proteins to predict for, and their sequences.
        terms: Rows of the terms table to predict, roots left out.
        weights: The kernel; what is not read from the sequence alone does not count.
        relations: Along which a score holds upwards.
        min_score: Lower scores are left out.
        seed: Of the choice of landmarks.

    Returns:
        Columns protein_id, go_id, score in (0, 1].
    """
    (sequences, true_ids), (protein_ids, new_sequences) = train, held_out
    columns, labels_NT = pd.Index(terms["go_id"]), np.zeros((len(sequences), len(terms)), bool)
    for labels_T, own_ids in zip(labels_NT, true_ids, strict=True):
        places = columns.get_indexer(pd.Index(own_ids, dtype=columns.dtype))
        labels_T[places[places >= 0]] = True
    reader = SequenceReader.of_training(sequences)
    own, new = (ProteinFeatures(None, None, reader.read(texts)) for texts in (sequences, new_sequences))
    fitted = KernelRidge.fit(own, labels_NT, terms["aspect"].to_numpy(str), weights, seed=seed)
    graph = GoGraph.of_terms(terms, relations, within_aspect=True)
    scores_BT = hierarchy_consistent(fitted.predict(new), graph)
    return predicted_pairs(scores_BT, protein_ids, terms["go_id"].tolist(), scores_BT >= min_score)
