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
    # As probabilities, since a score of 0 would be no prediction; in double precision, which keeps their order.
    scores_NT = expit((logits_NT + vocabulary.base_rate_T).astype(np.float64))
    found: dict[str, float] = {}
    for way, scores_QC, relevant_QC in (("go", scores_NT, labels_NT), ("protein", scores_NT.T, labels_NT.T)):
        asked_Q = relevant_QC.any(axis=1)
        recall, mrr = _retrieved(scores_QC[asked_Q], relevant_QC[asked_Q])
        found |= {f"recall_at_10_to_{way}": recall, f"mrr_to_{way}": mrr}
    return _fmax_by_aspect(logits_NT, labels_NT, vocabulary) | found


def _retrieved(scores_QC: NDArray[np.float64], relevant_QC: NDArray[np.bool_]) -> tuple[float, float]:
    # Recall at 10 and MRR, some rows at a time: pairs of scores that are all above 0 take five times their memory.
    blocks = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(scores_QC), ROWS_AT_ONCE)]
    found = [found_terms(Pairs.of_arrays(scores_QC[rows], relevant_QC[rows]), k=10) for rows in blocks]
    if not found:
        return float("nan"), float("nan")
    once_1Q = np.ones((1, len(scores_QC)))
    recall, mrr = (float((once_1Q @ np.concatenate(parts))[0] / len(scores_QC)) for parts in zip(*found, strict=True))
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
