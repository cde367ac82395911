"""The vector of a protein with one of its windows masked, without a second pass over its residues.

Residues are scored once; masking a window takes its blocks out of the sums of the windows that share them, and the
window out of the softmax. The sums before and after the window are running sums, so nothing is subtracted.
Shapes: B proteins, N blocks, W windows, H heads, V value width, D shared width.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from gofer.training.model import GoferModel, PooledProteins, WindowPooling, by_head
from gofer.training.windows import sum_of


def masked_vectors(model: GoferModel, pooled: PooledProteins) -> Tensor:
    """Unit vectors of each protein with each of its windows masked, (B, W, D).

    The values are undefined for a protein with a single window, and for windows that a protein does not have: see
    `can_be_masked`.
    """
    layout = pooled.layout
    mean_BWV, exp_BWH = model.pooling.windows(
        layout.window_sums(pooled.weight_BNH), layout.window_sums(pooled.value_BNV)
    )
    exp_BWH = exp_BWH * layout.window_mask_BW[..., None]
    above_BWV = _untouched(by_head(torch.mul, mean_BWV, exp_BWH), layout.blocks)
    below_BWH = _untouched(exp_BWH, layout.blocks)
    for part_BWV, part_BWH in _cut_windows(model.pooling, pooled):
        above_BWV, below_BWH = above_BWV + by_head(torch.mul, part_BWV, part_BWH), below_BWH + part_BWH
    return model.project_proteins(by_head(torch.div, above_BWV, below_BWH.clamp(min=1e-30)))


def can_be_masked(pooled: PooledProteins) -> Tensor:
    """Windows that can be masked: their protein has another one, bool (B, W)."""
    mask_BW = pooled.layout.window_mask_BW
    return mask_BW & (mask_BW.sum(1, keepdim=True) > 1)


def _untouched(of_window_BWV: Tensor, blocks: int) -> Tensor:
    # Sum over the windows that share no block with window w: those up to w - blocks, and those from w + blocks.
    before = F.pad(of_window_BWV.cumsum(1), (0, 0, blocks, 0))[:, : of_window_BWV.shape[1]]
    after = F.pad(of_window_BWV.flip(1).cumsum(1), (0, 0, blocks, 0))[:, : of_window_BWV.shape[1]].flip(1)
    return before + after


def _cut_windows(pooling: WindowPooling, pooled: PooledProteins) -> list[tuple[Tensor, Tensor]]:
    # The window `cut` to the right of w keeps the `cut` blocks that follow w; its mirror image the ones before.
    layout, parts = pooled.layout, []
    n_windows = layout.window_mask_BW.shape[1]
    for cut in range(1, layout.blocks):
        exists_right = F.pad(layout.window_mask_BW, (0, cut))[:, cut:]
        exists_left = F.pad(layout.window_mask_BW, (cut, 0))[:, :n_windows]
        for first, exists_BW in ((layout.blocks, exists_right), (-cut, exists_left)):
            weight_BWH = _blocks_from(pooled.weight_BNH, first, cut, n_windows)
            value_BWV = _blocks_from(pooled.value_BNV, first, cut, n_windows)
            mean_BWV, exp_BWH = pooling.windows(weight_BWH, value_BWV)
            parts.append((mean_BWV, exp_BWH * exists_BW[..., None]))
    return parts


def _blocks_from(blocks_BNV: Tensor, first: int, count: int, n_windows: int) -> Tensor:
    # Sum of `count` blocks, starting `first` blocks after the first block of each window.
    margin = abs(first) + count
    padded = F.pad(blocks_BNV, (0, 0, margin, margin))
    return sum_of([padded[:, margin + first + i : margin + first + i + n_windows] for i in range(count)])


def impact(model: GoferModel, pooled: PooledProteins) -> Tensor:
    """How far each window moves the protein's vector, z - z without it, (B, W, D); 0 where it cannot be masked.

    The drop in the cosine with a term is the dot product of this with the term's vector.
    """
    was_training = model.training
    model.eval()  # dropout would make the two vectors differ at random
    with torch.no_grad():
        moved_BWD = _vectors_again(model, pooled)[:, None] - masked_vectors(model, pooled)
    model.train(was_training)
    return moved_BWD * can_be_masked(pooled)[..., None]


def _vectors_again(model: GoferModel, pooled: PooledProteins) -> Tensor:
    layout = pooled.layout
    mean_BWV, _ = model.pooling.windows(layout.window_sums(pooled.weight_BNH), layout.window_sums(pooled.value_BNV))
    return model.project_proteins(by_head(torch.mul, mean_BWV, pooled.beta_BWH).sum(1))
