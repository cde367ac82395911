"""ESM-2's forward for training: packed crops, dropout, and the language-model head at the masked places only.

The parameters are those of fair-esm's class, which has no dropout; without dropout the logits are fair-esm's
(tests/embeddings/test_pretraining.py).

Shapes: S crops, R tokens packed, M masked places, E width, H heads, C width of a head, V letters of the alphabet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from esm.model.esm2 import ESM2
from torch import Tensor

from gofer.embeddings.packing import runs_of
from gofer.embeddings.residues.packed_esm import TOKEN_DROPOUT_SCALE


@dataclass(frozen=True, eq=False)
class MaskedBatch:
    """Crops one after another, with their begin and end tokens, some residues masked.

    Attributes:
        tokens_R: What the model sees.
        lengths: Tokens of each crop; equal ones are consecutive.
        places_M: The masked places.
        truth_M: The tokens that were there.
    """

    tokens_R: Tensor
    lengths: Sequence[int]
    places_M: Tensor
    truth_M: Tensor


def masked_logits(model: ESM2, batch: MaskedBatch, *, dropout: float = 0.0) -> Tensor:
    """Scores of the letters at the masked places, (M, V), float32.

    Args:
        model: Only its parameters are used, not its forward.
        batch: Crops.
        dropout: Share of each layer's updates that is set to 0, in [0, 1).
    """
    x_RE = _embedded(model, batch)
    cos_RC, sin_RC = _rotation(batch.lengths, model.layers[0].self_attn.rot_emb.inv_freq)
    runs = runs_of(batch.lengths)
    for layer in model.layers:
        x_RE = _layer(layer, x_RE, cos_RC, sin_RC, runs, dropout)
    return model.lm_head(model.emb_layer_norm_after(x_RE[batch.places_M])).float()


def _embedded(model: ESM2, batch: MaskedBatch) -> Tensor:
    x_RE = F.embedding(batch.tokens_R, model.embed_tokens.weight)
    if not model.token_dropout:
        return x_RE
    masked_R = batch.tokens_R == model.mask_idx
    lengths_S = torch.tensor(batch.lengths)
    crop_R = torch.repeat_interleave(torch.arange(len(lengths_S)), lengths_S)
    masked_S = torch.zeros(len(lengths_S)).index_add_(0, crop_R, masked_R.float())
    scale_S = TOKEN_DROPOUT_SCALE / (1 - masked_S / lengths_S)
    return x_RE * (scale_S[crop_R] * ~masked_R)[:, None]


def _rotation(lengths: Sequence[int], inv_freq: Tensor) -> tuple[Tensor, Tensor]:
    position_R = torch.cat([torch.arange(length) for length in lengths])
    angle_RC = torch.outer(position_R.float(), inv_freq)
    cos_RC, sin_RC = angle_RC.cos(), angle_RC.sin()
    return torch.cat([cos_RC, cos_RC], -1)[:, None, None], torch.cat([-sin_RC, sin_RC], -1)[:, None, None]


def _layer(
    layer: Any, x_RE: Tensor, cos_RC: Tensor, sin_RC: Tensor, runs: Sequence[tuple[int, int]], dropout: float
) -> Tensor:
    attention = layer.self_attn
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    weight, bias = torch.cat([p.weight for p in projections]), torch.cat([p.bias for p in projections])
    qkv_R3HC = F.linear(layer.self_attn_layer_norm(x_RE), weight, bias).unflatten(1, (3, attention.num_heads, -1))
    qk_R2HC, v_RHC = qkv_R3HC[:, :2], qkv_R3HC[:, 2]
    cos_RC, sin_RC = cos_RC.to(qk_R2HC.dtype), sin_RC.to(qk_R2HC.dtype)
    q_RHC, k_RHC = (qk_R2HC * cos_RC + qk_R2HC.roll(qk_R2HC.shape[-1] // 2, -1) * sin_RC).unbind(1)
    attended_RE = attention.out_proj(_attend(q_RHC * attention.scaling, k_RHC, v_RHC, runs))
    x_RE = x_RE + F.dropout(attended_RE, dropout)
    update_RE = layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x_RE))))
    return x_RE + F.dropout(update_RE, dropout)


def _attend(q_RHC: Tensor, k_RHC: Tensor, v_RHC: Tensor, runs: Sequence[tuple[int, int]]) -> Tensor:
    # Written out: at bfloat16 torch's fused attention takes two to three times as long, for its backward pass on a CPU.
    sizes = [number * length for number, length in runs]
    attended = []
    for run, *qkv in zip(runs, *(x_RHC.split(sizes) for x_RHC in (q_RHC, k_RHC, v_RHC)), strict=True):
        q, k, v = (x_RHC.unflatten(0, run).transpose(1, 2) for x_RHC in qkv)
        weight = (q @ k.transpose(-1, -2)).softmax(-1, dtype=q.dtype)
        attended.append((weight @ v).transpose(1, 2).flatten(0, 1))
    return torch.cat(attended).flatten(1)
