"""The two towers: residues to a protein vector, and a term's text vector to the same space.

A protein is read through windows: a softmax over the residues of each window, then a softmax over the windows. The
product of the two is one attention weight per residue, α, which sums to 1. Shapes: B proteins, R residues packed over
proteins, E ESM width, V value width, W windows, T terms, G text width, D shared width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gofer.training.windows import WindowLayout, sum_of

HIGHEST_SCORE = 10.0  # residue and window scores lie in ±10: exp stays far from overflow, so no maximum is needed


@dataclass(frozen=True)
class ModelSizes:
    """Everything that fixes the shapes of a model.

    Attributes:
        residue_width: E.
        text_width: G.
        attention_width: Hidden units of both attentions.
        hidden_width: Width of the residue values V and of the hidden layers.
        shared_width: D.
        win_size: Residues of a window.
        win_stride: Residues from one window to the next.
        dropout: Share of hidden units dropped in training.
        temperature: Lower and upper bound of τ.
        free_term_vectors: Whether terms seen in training have a vector of their own beside their projected text.
    """

    residue_width: int
    text_width: int
    attention_width: int
    hidden_width: int
    shared_width: int
    win_size: int
    win_stride: int
    dropout: float
    temperature: tuple[float, float]
    free_term_vectors: bool

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
    """A batch of proteins after pooling, with what is needed to pool again without one of the windows.

    Attributes:
        z_BD: Protein vectors, unit length. Of a batch that several processes share, those of all its proteins;
            everything below is of this process's proteins alone.
        layout: Blocks and windows.
        weight_BN1: Sum of the exponentiated residue scores of each block.
        value_BNV: Sum of the residue values of each block, so weighted.
        exp_R: Exponentiated score of each residue.
        beta_BW: Attention over the windows; 0 where a protein has no such window.
    """

    z_BD: Tensor
    layout: WindowLayout
    weight_BN1: Tensor
    value_BNV: Tensor
    exp_R: Tensor
    beta_BW: Tensor

    def residue_attention(self) -> Tensor:
        """α of each packed residue (R); sums to 1 over a protein."""
        window_weight_BW = self.layout.window_sums(self.weight_BN1)[..., 0]
        share_BW = torch.where(self.layout.window_mask_BW, self.beta_BW / window_weight_BW.clamp(min=1e-30), 0.0)
        share_BN = _spread(share_BW, self.layout.blocks)
        return self.exp_R * share_BN[self.layout.protein_R, self.layout.block_R]

    def window_attention_mass(self) -> Tensor:
        """Attention mass on the residues of each window, scaled to sum to 1 over a protein's windows, (B, W)."""
        window_weight_BW = self.layout.window_sums(self.weight_BN1)[..., 0]
        share_BW = torch.where(self.layout.window_mask_BW, self.beta_BW / window_weight_BW.clamp(min=1e-30), 0.0)
        mass_BN = _spread(share_BW, self.layout.blocks) * self.weight_BN1[..., 0]
        mass_BW = self.layout.window_sums(mass_BN[..., None])[..., 0] * self.layout.window_mask_BW
        return mass_BW / mass_BW.sum(1, keepdim=True)


def _spread(share_BW: Tensor, blocks: int) -> Tensor:
    # What each block receives from the windows that it belongs to, (B, N).
    return sum_of([F.pad(share_BW, (offset, blocks - 1 - offset)) for offset in range(blocks)])


class WindowPooling(nn.Module):
    """Attention inside windows and over windows."""

    def __init__(self, sizes: ModelSizes) -> None:
        super().__init__()
        value_width = sizes.hidden_width
        self.norm = nn.LayerNorm(sizes.residue_width)
        self.value = nn.Linear(sizes.residue_width, value_width)
        self.residue_score = _score(sizes.residue_width, sizes.attention_width)
        self.window_score = _score(value_width, sizes.attention_width)

    def blocks(self, residues_RE: Tensor, layout: WindowLayout) -> tuple[Tensor, Tensor, Tensor]:
        """Score every residue once: `exp_R`, and its sums by block without and with the values."""
        normed_RE = self.norm(residues_RE)
        exp_R1 = bounded(self.residue_score(normed_RE).to(residues_RE.dtype)).exp()
        value_RV = F.gelu(self.value(normed_RE).to(residues_RE.dtype))
        return exp_R1[:, 0], layout.block_sums(exp_R1), layout.block_sums(exp_R1 * value_RV)

    def windows(self, weight_BW1: Tensor, value_BWV: Tensor) -> tuple[Tensor, Tensor]:
        """Mean value and exponentiated score (≥ e^-10) of each window; the score of an empty window is 0."""
        mean_BWV = value_BWV / weight_BW1.clamp(min=1e-30)
        exp_BW = bounded(self.window_score(mean_BWV).to(mean_BWV.dtype)).exp()[..., 0] * (weight_BW1[..., 0] > 0)
        return mean_BWV, exp_BW


def bounded(score: Tensor) -> Tensor:
    """Scores squeezed into ±`HIGHEST_SCORE`, the identity near 0."""
    return HIGHEST_SCORE * torch.tanh(score / HIGHEST_SCORE)


def _score(width: int, hidden: int) -> nn.Sequential:
    # The last layer starts at 0, so that attention starts even and is learnt.
    last = nn.Linear(hidden, 1, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), last)


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
        self, residues_RE: Tensor, layout: WindowLayout, gathered: Callable[[Tensor], Tensor] = lambda own_BV: own_BV
    ) -> PooledProteins:
        """Protein vectors of packed residues.

        Args:
            residues_RE: Residue embeddings.
            layout: Their blocks and windows.
            gathered: From the pooled values of these proteins to those of all that share a batch with them.
        """
        exp_R, weight_BN1, value_BNV = self.pooling.blocks(residues_RE, layout)
        mean_BWV, exp_BW = self.pooling.windows(layout.window_sums(weight_BN1), layout.window_sums(value_BNV))
        exp_BW = exp_BW * layout.window_mask_BW
        beta_BW = exp_BW / exp_BW.sum(1, keepdim=True)
        z_BD = self.project_proteins(gathered((beta_BW[..., None] * mean_BWV).sum(1)))
        return PooledProteins(z_BD, layout, weight_BN1, value_BNV, exp_R, beta_BW)

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
