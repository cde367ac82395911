"""The two towers: residues to a protein vector, and a term's text vector to the same space.

A protein is read through windows: a softmax over the residues of each window, then a softmax over the windows. The
product of the two is one attention weight per residue, α, which sums to 1. Each attention head reads a separate part of
the values. Shapes: B proteins, R residues packed over proteins, E ESM width, V value width, H heads,
N blocks, W windows, T terms, G text width, D shared width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gofer.training.windows import WindowLayout, sum_of

HIGHEST_SCORE = 10.0  # residue and window scores are within ±10: exp stays far from overflow, so no maximum is needed


@dataclass(frozen=True, kw_only=True)
class ModelSizes:
    """The sizes of a model.

    Attributes:
        residue_width: E.
        text_width: G.
        attention_width: Hidden units of both attentions.
        hidden_width: Width of the residue values V and of the hidden layers.
        shared_width: D.
        win_size: Residues of a window; None for one window per protein.
        win_stride: Residues from one window to the next.
        dropout: Share of hidden units dropped in training.
        temperature: Lower and upper bound of τ.
        free_term_vectors: Whether each term seen in training has a free vector, added to its projected text.
        pooling: "attention", or "mean": equal weights for all residues of a window, and for all windows.
        heads: Attention heads, a divisor of `hidden_width`.
    """

    residue_width: int
    text_width: int
    attention_width: int = 64
    hidden_width: int
    shared_width: int
    win_size: int | None
    win_stride: int
    dropout: float
    temperature: tuple[float, float]
    free_term_vectors: bool
    pooling: str = "attention"
    heads: int = 1

    @classmethod
    def from_config(cls, training: Mapping[str, Any], *, residue_width: int, text_width: int) -> "ModelSizes":
        """From the `training` section of a config."""
        names = (name for name in cls.__dataclass_fields__ if name in training and name != "temperature")
        low, high = training["temperature"]
        return cls(
            residue_width=residue_width,
            text_width=text_width,
            temperature=(float(low), float(high)),
            **{name: training[name] for name in names},
        )


@dataclass(frozen=True, eq=False)
class PooledProteins:
    """A batch of proteins after pooling, with what is needed to pool again without one window.

    Attributes:
        z_BD: Protein vectors, unit length. Where several processes share the batch, those of all its proteins; all
            other attributes hold this process's proteins only.
        layout: Blocks and windows.
        weight_BNH: Sum of the exponentiated residue scores of each block, by head.
        value_BNV: Sum of the residue values of each block, weighted by these scores.
        exp_RH: Exponentiated scores of each residue.
        beta_BWH: Attention over the windows; 0 where a protein has no such window.
    """

    z_BD: Tensor
    layout: WindowLayout
    weight_BNH: Tensor
    value_BNV: Tensor
    exp_RH: Tensor
    beta_BWH: Tensor

    @property
    def beta_BW(self) -> Tensor:
        """Attention over the windows, mean of the heads."""
        return self.beta_BWH.mean(-1)

    def residue_attention(self) -> Tensor:
        """α of each packed residue, mean of the heads (R); sums to 1 over a protein."""
        share_BNH = self._block_share()
        return (self.exp_RH * share_BNH[self.layout.protein_R, self.layout.block_R]).mean(-1)

    def window_attention_mass(self) -> Tensor:
        """Attention mass on the residues of each window, scaled to sum to 1 over a protein's windows, (B, W)."""
        mass_BN1 = (self._block_share() * self.weight_BNH).mean(-1, keepdim=True)
        mass_BW = self.layout.window_sums(mass_BN1)[..., 0] * self.layout.window_mask_BW
        return mass_BW / mass_BW.sum(1, keepdim=True)

    def _block_share(self) -> Tensor:
        # α of a residue over its exponentiated score, the same for all residues of a block: summed over its windows.
        window_weight_BWH = self.layout.window_sums(self.weight_BNH)
        there_BW1 = self.layout.window_mask_BW[..., None]
        share_BWH = torch.where(there_BW1, self.beta_BWH / window_weight_BWH.clamp(min=1e-30), 0.0)
        blocks = self.layout.blocks
        return sum_of([F.pad(share_BWH, (0, 0, offset, blocks - 1 - offset)) for offset in range(blocks)])


class WindowPooling(nn.Module):
    """Attention inside windows and over windows; with pooling "mean" every score is 0."""

    def __init__(self, sizes: ModelSizes) -> None:
        super().__init__()
        value_width = sizes.hidden_width
        self.norm = nn.LayerNorm(sizes.residue_width)
        self.value = nn.Linear(sizes.residue_width, value_width)
        self.residue_score = _score(sizes.residue_width, sizes)
        self.window_score = _score(value_width, sizes)

    def blocks(self, residues_RE: Tensor, layout: WindowLayout) -> tuple[Tensor, Tensor, Tensor]:
        """Score every residue once: `exp_RH`, and its sums by block without and with the values."""
        normed_RE = self.norm(residues_RE)
        exp_RH = bounded(self.residue_score(normed_RE).to(residues_RE.dtype)).exp()
        value_RV = F.gelu(self.value(normed_RE).to(residues_RE.dtype))
        return exp_RH, layout.block_sums(exp_RH), layout.block_sums(by_head(torch.mul, value_RV, exp_RH))

    def windows(self, weight_BWH: Tensor, value_BWV: Tensor) -> tuple[Tensor, Tensor]:
        """Mean value and exponentiated scores (≥ e^-10) of each window; the scores of an empty window are 0."""
        mean_BWV = by_head(torch.div, value_BWV, weight_BWH.clamp(min=1e-30))
        exp_BWH = bounded(self.window_score(mean_BWV).to(mean_BWV.dtype)).exp() * (weight_BWH > 0)
        return mean_BWV, exp_BWH


def by_head(combine: Callable[[Tensor, Tensor], Tensor], value_XV: Tensor, of_head_XH: Tensor) -> Tensor:
    """Combine the V / H neighbouring values of each head with the number of that head, (…, V)."""
    return combine(value_XV.unflatten(-1, (of_head_XH.shape[-1], -1)), of_head_XH[..., None]).flatten(-2)


def bounded(score: Tensor) -> Tensor:
    """Scores squeezed into ±`HIGHEST_SCORE`, the identity near 0."""
    return HIGHEST_SCORE * torch.tanh(score / HIGHEST_SCORE)


class EvenScore(nn.Module):
    """A score of 0 for everything: attention that is a mean."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, value_XV: Tensor) -> Tensor:
        """Zeros, (…, H)."""
        return value_XV.new_zeros(*value_XV.shape[:-1], self.heads)


def _score(width: int, sizes: ModelSizes) -> nn.Module:
    # The last layer starts at 0, so that attention starts uniform and is learnt.
    if sizes.pooling == "mean":
        return EvenScore(sizes.heads)
    last = nn.Linear(sizes.attention_width, sizes.heads, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(width, sizes.attention_width), nn.Tanh(), last)


def _tower(width: int, sizes: ModelSizes) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, sizes.hidden_width),
        nn.GELU(),
        nn.Dropout(sizes.dropout),
        nn.Linear(sizes.hidden_width, sizes.shared_width),
    )


class GoferModel(nn.Module):
    """Protein tower, term tower, and the temperature between them.

    Args:
        sizes: Shapes.
        seen_go_ids: Terms seen in training; each may have a free vector.
    """

    def __init__(self, sizes: ModelSizes, seen_go_ids: list[str]) -> None:
        super().__init__()
        self.sizes = sizes
        self.seen_go_ids = list(seen_go_ids)
        self.pooling = WindowPooling(sizes)
        self.protein_tower = _tower(sizes.hidden_width, sizes)
        self.term_tower = _tower(sizes.text_width, sizes)
        self.free_vectors_TD = (
            nn.Parameter(torch.zeros(len(seen_go_ids), sizes.shared_width)) if sizes.free_term_vectors else None
        )
        self.temperature_logit = nn.Parameter(torch.zeros(()))

    @property
    def temperature(self) -> Tensor:
        """τ, between its bounds on a log scale."""
        low, high = self.sizes.temperature
        return low * (high / low) ** torch.sigmoid(self.temperature_logit)

    def encode_proteins(
        self, residues_RE: Tensor, layout: WindowLayout, gathered: Callable[[Tensor], Tensor] = lambda pooled: pooled
    ) -> PooledProteins:
        """Protein vectors of packed residues.

        Args:
            residues_RE: Residue embeddings.
            layout: Their blocks and windows.
            gathered: From the pooled values of these proteins to those of all that share a batch with them.
        """
        exp_RH, weight_BNH, value_BNV = self.pooling.blocks(residues_RE, layout)
        mean_BWV, exp_BWH = self.pooling.windows(layout.window_sums(weight_BNH), layout.window_sums(value_BNV))
        exp_BWH = exp_BWH * layout.window_mask_BW[..., None]
        beta_BWH = exp_BWH / exp_BWH.sum(1, keepdim=True)
        z_BD = self.project_proteins(gathered(by_head(torch.mul, mean_BWV, beta_BWH).sum(1)))
        return PooledProteins(z_BD, layout, weight_BNH, value_BNV, exp_RH, beta_BWH)

    def project_proteins(self, pooled_BV: Tensor) -> Tensor:
        """P: pooled values to unit vectors, (…, D)."""
        return F.normalize(self.protein_tower(pooled_BV).to(pooled_BV.dtype), dim=-1)

    def project_terms(self, text_TG: Tensor, seen_T: Tensor) -> Tensor:
        """Q: text vectors to unit vectors, (T, D).

        Args:
            text_TG: Text vectors.
            seen_T: Row of each term among `seen_go_ids`, -1 for a term never seen in training.
        """
        projected_TD = self.term_tower(text_TG).to(text_TG.dtype)
        if self.free_vectors_TD is not None and len(self.seen_go_ids):
            projected_TD = projected_TD + self.free_vectors_TD[seen_T.clamp(min=0)] * (seen_T >= 0)[:, None]
        return F.normalize(projected_TD, dim=-1)
