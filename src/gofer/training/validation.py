"""How good a model is on proteins that it was not trained on: Fmax, retrieval.

Shapes: N proteins of a data set, T training terms, Q queries, C columns.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gofer.inputs.ontology.go_graph import hierarchy_consistent
from gofer.metrics import logistic_calibration as calibration
from gofer.metrics.fmax import fmax
from gofer.metrics.ranking import found_terms
from gofer.metrics.sparse_pairs import Pairs
from gofer.mining.vocabulary import Vocabulary
from gofer.names import ASPECTS
from gofer.training.dataset import ProteinEmbDataset
from gofer.training.encode import protein_vectors, term_vectors, text_logits
from gofer.training.model import GoferModel
from gofer.training.parallel import ALONE, Team

ROWS_AT_ONCE = 256


def validation_figures(
    model: GoferModel,
    proteins: ProteinEmbDataset,
    labels_NT: NDArray[np.bool_],
    vocabulary: Vocabulary,
    team: Team = ALONE,
) -> dict[str, float]:
    """How well validation proteins and the training terms find each other; NaN where there is no label.

    `fmax_<aspect>` and their mean `fmax`: scores are calibrated on the same proteins (three numbers per aspect), as for
    predictions. `recall_at_10_…` and `mrr_…`: by the logits of training (cosine over temperature, plus base rate),
    from a protein to its terms (`to_go`) and from a term to its proteins (`to_protein`). `labels_NT` is all that is
    true of them, positives of training or not.
    """
    z_TD = term_vectors(model, vocabulary.go_ids, vocabulary.text_TG)
    logits_NT = text_logits(model, protein_vectors(model, proteins, team), z_TD)
    by_aspect = _fmax_by_aspect(logits_NT, labels_NT, vocabulary)
    logits_NT += vocabulary.base_rate_T
    found: dict[str, float] = {}
    for way, logits_QC, relevant_QC in (("go", logits_NT, labels_NT), ("protein", logits_NT.T, labels_NT.T)):
        recall, mrr = _retrieved(logits_QC, relevant_QC)
        found |= {f"recall_at_10_to_{way}": recall, f"mrr_to_{way}": mrr}
    return by_aspect | found


def _retrieved(logits_QC: NDArray[np.float32], relevant_QC: NDArray[np.bool_]) -> tuple[float, float]:
    # Recall at 10 and MRR of the rows with a label, some at a time: their pairs take ten times the logits' memory. As
    # probabilities, since a score of 0 would be no prediction; in double precision, which keeps their order.
    asked = np.flatnonzero(relevant_QC.any(axis=1))
    blocks = [asked[start : start + ROWS_AT_ONCE] for start in range(0, len(asked), ROWS_AT_ONCE)]
    found = [
        found_terms(Pairs.of_arrays(expit(logits_QC[rows].astype(np.float64)), relevant_QC[rows]), k=10)
        for rows in blocks
    ]
    if not found:
        return float("nan"), float("nan")
    once_1Q = np.ones((1, len(asked)))
    recall, mrr = (float((once_1Q @ np.concatenate(parts))[0] / len(asked)) for parts in zip(*found, strict=True))
    return recall, mrr


def _fmax_by_aspect(
    logits_NT: NDArray[np.float32], labels_NT: NDArray[np.bool_], vocabulary: Vocabulary
) -> dict[str, float]:
    fitted = calibration.fit(logits_NT, vocabulary.base_rate_T, vocabulary.aspect_T, labels_NT)
    scores_NT = fitted.apply(logits_NT, vocabulary.base_rate_T, vocabulary.aspect_T)
    scores_NT = hierarchy_consistent(scores_NT, vocabulary.graph)
    by_aspect = {}
    for aspect in ASPECTS:
        columns_T = vocabulary.aspect_T == aspect
        by_aspect[f"fmax_{aspect}"] = fmax(scores_NT[:, columns_T], labels_NT[:, columns_T])
    known = [value for value in by_aspect.values() if not np.isnan(value)]
    return by_aspect | {"fmax": float(np.mean(known)) if known else float("nan")}
