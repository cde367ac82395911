"""The windows of a protein: each residue is in one block of `win_stride` residues, a window is some consecutive blocks.

Residues are scored once and summed by block; everything else works on the few blocks, not on the many residues
(several times faster than padded windows: `benchmarks/training_step.py`). Shapes: B proteins, R residues packed over
proteins, N blocks, W windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class WindowLayout:
    """Blocks and windows of a batch of proteins.

    Attributes:
        lengths: Residues of each protein, >= 1.
        stride: Residues of a block.
        blocks: Blocks of a window.
        protein_R: Protein of each packed residue.
        block_R: Block of each packed residue within its protein.
        window_mask_BW: Which windows a protein has; at least one, even where it is shorter than a window.
    """

    lengths: tuple[int, ...]
    stride: int
    blocks: int
    protein_R: Tensor
    block_R: Tensor
    window_mask_BW: Tensor

    @classmethod
    def of_lengths(cls, lengths: Sequence[int], *, win_size: int | None, win_stride: int) -> "WindowLayout":
        """Lay out proteins of these lengths; `win_size` must be a multiple of `win_stride`, or None for one window."""
        length_B = torch.tensor(list(lengths))
        if win_size is None:  # one window, of one block, as long as the longest protein
            win_size = win_stride = int(length_B.max())
        blocks = win_size // win_stride
        protein_R = torch.repeat_interleave(torch.arange(len(lengths)), length_B)
        position_R = torch.cat([torch.arange(length) for length in lengths])
        windows_B = (-(-length_B // win_stride) - blocks + 1).clamp(min=1)
        mask_BW = torch.arange(int(windows_B.max()))[None, :] < windows_B[:, None]
        return cls(tuple(int(n) for n in lengths), win_stride, blocks, protein_R, position_R // win_stride, mask_BW)

    @property
    def n_blocks(self) -> int:
        """Blocks per protein after padding, N = W + blocks - 1."""
        return self.window_mask_BW.shape[1] + self.blocks - 1

    def to(self, device: torch.device) -> "WindowLayout":
        """The layout on another device."""
        moved = [tensor.to(device) for tensor in (self.protein_R, self.block_R, self.window_mask_BW)]
        return WindowLayout(self.lengths, self.stride, self.blocks, *moved)

    def block_sums(self, values_RV: Tensor) -> Tensor:
        """Sums over the residues of each block, (B, N, V)."""
        n_proteins = len(self.lengths)
        flat = values_RV.new_zeros(n_proteins * self.n_blocks, values_RV.shape[1])
        flat = flat.index_add(0, self.protein_R * self.n_blocks + self.block_R, values_RV)
        return flat.view(n_proteins, self.n_blocks, -1)

    def window_sums(self, blocks_BNV: Tensor) -> Tensor:
        """Sums over the blocks of each window, (B, W, V)."""
        n_windows = self.window_mask_BW.shape[1]
        return sum_of([blocks_BNV[:, offset : offset + n_windows] for offset in range(self.blocks)])

    def residue_range(self, protein: int, window: int) -> tuple[int, int]:
        """First and last residue of a window, counted from 1, both inclusive."""
        first = window * self.stride
        return first + 1, min(first + self.blocks * self.stride, self.lengths[protein])


def sum_of(parts: list[Tensor]) -> Tensor:
    """Sum of tensors of one shape."""
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
