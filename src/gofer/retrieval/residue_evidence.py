"""Which residues support a prediction: the windows without which the score would drop most.

Shapes: L residues, W windows, T terms, D shared width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gofer.training.attribution import impact
from gofer.training.dataset import ProteinEmbDataset
from gofer.training.encode import packed
from gofer.training.model import GoferModel
from gofer.training.windows import WindowLayout


@dataclass(frozen=True, eq=False)
class ProteinEvidence:
    """One protein, with what each of its windows contributes to its vector.

    Attributes:
        z_D: Its vector.
        moved_WD: Its vector minus that without the window; all 0 where it has a single window.
        attention_L: Attention of each residue; sums to 1.
        layout: Its windows.
    """

    z_D: NDArray[np.float32]
    moved_WD: NDArray[np.float32]
    attention_L: NDArray[np.float32]
    layout: WindowLayout

    def drops(self, z_TD: NDArray[np.float32]) -> NDArray[np.float32]:
        """Drop in cosine with each term when each window is masked, (W, T)."""
        return self.moved_WD @ z_TD.T

    def residue_impact(self, drop_W: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean drop over the windows that cover each residue, (L)."""
        length = self.layout.lengths[0]
        total_L, windows_L = np.zeros(length, np.float32), np.zeros(length, np.float32)
        for window, drop in enumerate(drop_W):
            first, last = self.layout.residue_range(0, window)
            total_L[first - 1 : last] += drop
            windows_L[first - 1 : last] += 1
        return np.divide(total_L, np.maximum(windows_L, 1), dtype=np.float32)

    def ranges(self, drop_W: NDArray[np.float32], *, windows: int) -> list[tuple[int, int]]:
        """Residue ranges (from 1, inclusive) of the `windows` windows with the highest drop > 0, merged if they touch.

        A protein of a single window is supported by all of it. Empty if masking lowers the score nowhere.
        """
        if len(drop_W) == 1:
            return [(1, self.layout.lengths[0])]
        best = np.argsort(-drop_W, kind="stable")[:windows]
        return merged([self.layout.residue_range(0, int(window)) for window in best if drop_W[window] > 0])


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order; those that overlap or touch are merged."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = out[-1][0], max(out[-1][1], last)
        else:
            out.append((first, last))
    return out


def as_text(ranges: list[tuple[int, int]]) -> str:
    """`12-40,80-90`."""
    return ",".join(f"{first}-{last}" for first, last in ranges)


def explain_packed(
    model: GoferModel, residues: Sequence[NDArray[np.float16]]
) -> tuple[NDArray[np.float32], list[ProteinEvidence]]:
    """Vectors of some proteins, (B, D), and what each window contributes; proteins of similar lengths are fastest.

    Args:
        model: The trained model.
        residues: Residue embeddings (L, E) of each.
    """
    sizes, lengths = model.sizes, [len(residues_LE) for residues_LE in residues]
    packed_RE = torch.from_numpy(np.concatenate(residues)).float()
    layout = WindowLayout.of_lengths(lengths, win_size=sizes.win_size, win_stride=sizes.win_stride)
    with torch.inference_mode():
        pooled = model.encode_proteins(packed_RE, layout)
        z_BD, moved_BWD = pooled.z_BD.numpy(), impact(model, pooled).numpy()
        attention = np.split(pooled.residue_attention().numpy(), np.cumsum(lengths)[:-1])
    windows_B = layout.window_mask_BW.sum(1).tolist()
    alone = (WindowLayout.of_lengths([n], win_size=sizes.win_size, win_stride=sizes.win_stride) for n in lengths)
    parts = zip(z_BD, moved_BWD, windows_B, attention, alone, strict=True)
    return z_BD, [
        ProteinEvidence(z_D, moved_WD[:n], attention_L, layout) for z_D, moved_WD, n, attention_L, layout in parts
    ]


def explain_protein(model: GoferModel, proteins: ProteinEmbDataset, row: int) -> ProteinEvidence:
    """Read one protein again, window by window."""
    residues_RE, layout = packed(model, proteins, [row])
    with torch.inference_mode():
        pooled = model.encode_proteins(residues_RE, layout)
        return ProteinEvidence(
            z_D=pooled.z_BD[0].numpy(),
            moved_WD=impact(model, pooled)[0].numpy(),
            attention_L=pooled.residue_attention().numpy(),
            layout=layout,
        )
