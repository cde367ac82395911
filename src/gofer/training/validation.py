"""How good a model is on proteins that it was not trained on: vectors of a whole data set, Fmax, retrieval.

Shapes: N proteins of a data set, T training terms, D shared width, Q queries, C columns.
"""

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.special import expit

from gofer.embeddings.packing import tight_batches
from gofer.evaluation import calibration
from gofer.evaluation.hierarchy import hierarchy_consistent
from gofer.evaluation.metrics import fmax
from gofer.evaluation.ranking import retrieved_terms
from gofer.training.dataset import ContrastiveEmbCollator, ProteinEmbDataset
from gofer.training.model import GoferModel
from gofer.training.parallel import ALONE, Team
from gofer.training.vocabulary import Vocabulary
from gofer.training.windows import WindowLayout

RESIDUES_AT_ONCE = 32_768


def protein_vectors(model: GoferModel, proteins: ProteinEmbDataset, team: Team = ALONE) -> NDArray[np.float32]:
    """Unit vectors of all proteins, in the order of the data set, (N, D); the processes divide the work."""
    vectors_ND = torch.zeros(len(proteins), model.sizes.shared_width)
    device = model.temperature_logit.device
    batches = list(tight_batches(proteins.lengths.tolist(), most=RESIDUES_AT_ONCE))
    with torch.inference_mode():
        for rows in batches[team.rank :: team.size]:
            residues_RE, layout = packed(model, proteins, rows)
            vectors_ND[rows] = model.encode_proteins(residues_RE.to(device), layout.to(device)).z_BD.cpu()
    return team.total(vectors_ND).cpu().numpy()


def packed(model: GoferModel, proteins: ProteinEmbDataset, rows: list[int]) -> tuple[torch.Tensor, WindowLayout]:
    """Some proteins of a data set as the model reads them."""
    no_labels_NT = sp.csr_array((len(proteins), 0), dtype=np.int16)
    collate = ContrastiveEmbCollator(no_labels_NT, no_labels_NT, model.sizes.win_size, model.sizes.win_stride)
    batch = collate([proteins[row] for row in rows])
    return batch.residues_RE, batch.layout


def term_vectors(model: GoferModel, go_ids: list[str], text_TG: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of terms, (T, D); a term not seen in training has its projected text alone."""
    row_of = {go_id: row for row, go_id in enumerate(model.seen_go_ids)}
    seen_T = torch.tensor([row_of.get(go_id, -1) for go_id in go_ids], dtype=torch.int64)
    with torch.inference_mode():
        device = model.temperature_logit.device
        return model.project_terms(torch.from_numpy(text_TG).to(device), seen_T.to(device)).cpu().numpy()


def evidence(model: GoferModel, z_ND: NDArray[np.float32], z_TD: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine over temperature, (N, T)."""
    return (z_ND @ z_TD.T) / np.float32(model.temperature.item())


def validation_figures(
    model: GoferModel,
    proteins: ProteinEmbDataset,
    labels_NT: NDArray[np.bool_],
    vocabulary: Vocabulary,
    team: Team = ALONE,
) -> dict[str, float]:
    """How well validation proteins and the training terms find each other; NaN where there is no label.

    `fmax_<aspect>` and their mean `fmax`: scores are calibrated on the same proteins (three numbers per aspect), as
    inference does. `recall_at_10_…` and `mrr_…`: by the logits of training (cosine over temperature, plus base rate),
    from a protein to its terms (`to_go`) and from a term to its proteins (`to_protein`). `labels_NT` is all that is
    true of them, whatever training takes as positives.
    """
    z_TD = term_vectors(model, vocabulary.go_ids, vocabulary.text_TG)
    evidence_NT = evidence(model, protein_vectors(model, proteins, team), z_TD)
    # As probabilities, since a score of 0 would be no prediction; in double precision, which keeps their order.
    scores_NT = expit((evidence_NT + vocabulary.base_rate_T).astype(np.float64))
    found: dict[str, float] = {}
    for way, scores_QC, relevant_QC in (("go", scores_NT, labels_NT), ("protein", scores_NT.T, labels_NT.T)):
        asked_Q = relevant_QC.any(axis=1)
        told = retrieved_terms(scores_QC[asked_Q], relevant_QC[asked_Q], np.ones((1, int(asked_Q.sum()))), k=10)
        found |= {f"recall_at_10_to_{way}": float(told.recall_N[0]), f"mrr_to_{way}": float(told.mrr_N[0])}
    return _fmax_by_aspect(evidence_NT, labels_NT, vocabulary) | found


def _fmax_by_aspect(
    evidence_NT: NDArray[np.float32], labels_NT: NDArray[np.bool_], vocabulary: Vocabulary
) -> dict[str, float]:
    fitted = calibration.fit(evidence_NT, vocabulary.base_rate_T, vocabulary.aspect_T, labels_NT)
    scores_NT = fitted.apply(evidence_NT, vocabulary.base_rate_T, vocabulary.aspect_T)
    scores_NT = hierarchy_consistent(scores_NT, vocabulary.hierarchy)
    by_aspect = {}
    for aspect in ("MFO", "BPO", "CCO"):
        columns_T = vocabulary.aspect_T == aspect
        by_aspect[f"fmax_{aspect}"] = fmax(scores_NT[:, columns_T], labels_NT[:, columns_T])
    known = [value for value in by_aspect.values() if not np.isnan(value)]
    return by_aspect | {"fmax": float(np.mean(known)) if known else float("nan")}
