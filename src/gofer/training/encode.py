"""Proteins and terms in the shared space: unit vectors of whole data sets, and the logits between them.

Shapes: N proteins of a data set, T terms, D shared width.
"""

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.embeddings.packing import tight_batches
from gofer.training.dataset import ContrastiveEmbCollator, ProteinEmbDataset
from gofer.training.model import GoferModel
from gofer.training.parallel import ALONE, Team
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
    """Unit vectors of terms, (T, D); a term not seen in training has its projected text only."""
    row_of = {go_id: row for row, go_id in enumerate(model.seen_go_ids)}
    seen_T = torch.tensor([row_of.get(go_id, -1) for go_id in go_ids], dtype=torch.int64)
    with torch.inference_mode():
        device = model.temperature_logit.device
        return model.project_terms(torch.from_numpy(text_TG).to(device), seen_T.to(device)).cpu().numpy()


def text_logits(model: GoferModel, z_ND: NDArray[np.float32], z_TD: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine over temperature, (N, T): what the two towers say, without base rates."""
    return (z_ND @ z_TD.T) / np.float32(model.temperature.item())
