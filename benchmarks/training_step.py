"""Reading proteins through windows, and masking each window in turn, beside straightforward ways.

`speed.py --only training` measures them. Windows: block sums (what gofer does) against padding all proteins and
unfolding every window. Masking: sums without the window (what gofer does) against a forward pass for each masked
window, itself with block sums or padded. The results are compared before they are timed.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gofer.training.attribution import masked_vectors
from gofer.training.model import GoferModel, ModelSizes, bounded
from gofer.training.windows import WindowLayout

SIZES = ModelSizes(
    residue_width=320, text_width=384, attention_width=64, hidden_width=256, shared_width=128,
    win_size=64, win_stride=32, dropout=0.0, temperature=(0.02, 0.5), free_term_vectors=False,
)  # fmt: skip
EMPTY = -1e9
PROTEINS, LENGTH = 64, 360
Ways = tuple[str, dict[str, Callable[[], None]]]


def padded_vectors(model: GoferModel, residues: list[Tensor], kept: list[Tensor] | None = None) -> Tensor:
    """Protein vectors by padding and unfolding: every residue is scored once for every window that holds it."""
    size, stride = model.sizes.win_size, model.sizes.win_stride
    kept = [torch.ones(len(r), dtype=torch.bool) for r in residues] if kept is None else kept
    longest = max(len(r) for r in residues)
    blocks = max(-(-longest // stride), size // stride)
    pad = [blocks * stride - len(r) for r in residues]
    padded_BLE = torch.stack([F.pad(r, (0, 0, 0, p)) for r, p in zip(residues, pad, strict=True)])
    kept_BL = torch.stack([F.pad(k, (0, p)) for k, p in zip(kept, pad, strict=True)])
    windows_BWSE = padded_BLE.unfold(1, size, stride).transpose(2, 3)
    kept_BWS = kept_BL.unfold(1, size, stride)
    normed = model.pooling.norm(windows_BWSE)
    score_BWS = bounded(model.pooling.residue_score(normed))[..., 0].masked_fill(~kept_BWS, EMPTY)
    share_BWS = score_BWS.softmax(2) * kept_BWS
    mean_BWV = (share_BWS[..., None] * F.gelu(model.pooling.value(normed))).sum(2)
    score_BW = bounded(model.pooling.window_score(mean_BWV))[..., 0].masked_fill(~kept_BWS.any(2), EMPTY)
    last_B = torch.tensor([max(-(-len(r) // stride) - size // stride, 0) for r in residues])
    exists_BW = torch.arange(score_BW.shape[1]) <= last_B[:, None]
    beta_BW = score_BW.masked_fill(~exists_BW, EMPTY).softmax(1)
    return model.project_proteins((beta_BW[..., None] * mean_BWV).sum(1))


def masked_one_by_one(model: GoferModel, residues_LE: Tensor) -> Tensor:
    """Vectors of one protein with each window masked, a forward pass each, (W, D)."""
    length, size, stride = len(residues_LE), model.sizes.win_size, model.sizes.win_stride
    vectors = []
    for start in range(0, max(length - size, 0) + stride, stride):
        if start > 0 and start + size - stride >= length:
            break
        kept_L = torch.ones(length, dtype=torch.bool)
        kept_L[start : start + size] = False
        vectors.append(padded_vectors(model, [residues_LE], [kept_L])[0])
    return torch.stack(vectors)


def masked_by_block_sums(model: GoferModel, residues_LE: Tensor, layout: WindowLayout) -> Tensor:
    """The same with block sums, but every residue is scored again for each masked window, (W, D)."""
    pooling, position_L = model.pooling, torch.arange(len(residues_LE))
    vectors = []
    for window in range(int(layout.window_mask_BW.sum())):
        first, last = layout.residue_range(0, window)
        kept_L1 = ((position_L < first - 1) | (position_L >= last))[:, None]
        normed_LE = pooling.norm(residues_LE)
        exp_L1 = bounded(pooling.residue_score(normed_LE)).exp() * kept_L1
        value_LV = F.gelu(pooling.value(normed_LE))
        sums = layout.block_sums(exp_L1), layout.block_sums(exp_L1 * value_LV)
        mean_BWV, exp_BW1 = pooling.windows(*(layout.window_sums(blocks) for blocks in sums))
        beta_BW1 = exp_BW1 / exp_BW1.sum(1, keepdim=True)
        vectors.append(model.project_proteins((beta_BW1 * mean_BWV).sum(1))[0])
    return torch.stack(vectors)


def step_ways() -> Ways:
    """A title, and forward and backward over a batch by both."""
    model, residues = random_batch()
    lengths, packed_RE = [len(r) for r in residues], torch.cat(residues)
    layout = WindowLayout.of_lengths(lengths, win_size=SIZES.win_size, win_stride=SIZES.win_stride)

    def blocks() -> Tensor:
        return model.encode_proteins(packed_RE, layout).z_BD

    def padded() -> Tensor:
        return padded_vectors(model, residues)

    with torch.no_grad():
        assert (blocks() - padded()).abs().max() < 1e-4
    windows = f"windows of {SIZES.win_size} every {SIZES.win_stride}"
    title = f"{PROTEINS} proteins, {sum(lengths):,} residues of width {SIZES.residue_width}, {windows}"
    ways = {"block sums": blocks, "padded, every window unfolded": padded}
    return title, {name: lambda way=way: way().sum().backward() for name, way in ways.items()}


def mask_ways() -> Ways:
    """A title, and each window of the longest protein masked in turn."""
    model, residues = random_batch()
    longest = max(residues, key=len)
    layout = WindowLayout.of_lengths([len(longest)], win_size=SIZES.win_size, win_stride=SIZES.win_stride)
    ways = {
        "sums without the window": lambda: masked_vectors(model, model.encode_proteins(longest, layout))[0],
        "a forward pass each, block sums": lambda: masked_by_block_sums(model, longest, layout),
        "a forward pass each, padded": lambda: masked_one_by_one(model, longest),
    }

    def ten_times(way: Callable[[], Tensor]) -> Callable[[], None]:
        def work() -> None:
            with torch.no_grad():
                for _ in range(10):
                    way()

        return work

    with torch.no_grad():
        first, *others = (way() for way in ways.values())
    assert all((first - other).abs().max() < 1e-4 for other in others)
    title = f"10 × each of {int(layout.window_mask_BW.sum())} windows of one protein masked"
    return title, {name: ten_times(way) for name, way in ways.items()}


def random_batch() -> tuple[GoferModel, list[Tensor]]:
    """A model whose attention is not even, and residues of proteins."""
    torch.manual_seed(1)
    model = GoferModel(SIZES, [])
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.02)
    spread = np.random.default_rng(1).lognormal(np.log(LENGTH), 0.5, PROTEINS)
    return model, [
        torch.randn(length, SIZES.residue_width) for length in np.clip(spread, 20, 2000).astype(int).tolist()
    ]
