"""The forward pass of ESM models over many proteins.

ESM-2 runs packed: no padding, queries, keys and values from one product, no language-model head. On one CPU core that
takes less than half the time of fair-esm's own extraction (`benchmarks/extraction.py`), with the same numbers to 1e-5.
Other architectures run by fair-esm's own forward in batches of similar length.

Shapes: B proteins, R tokens packed, L residues, E width, H heads, C width of a head.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from esm.data import Alphabet
from esm.model.esm2 import ESM2
from esm.modules import TransformerLayer
from numpy.typing import NDArray
from torch import Tensor, nn

from gofer.embeddings.packed_linear import PackedLinear
from gofer.embeddings.packing import attend, runs_of

TOKEN_DROPOUT_SCALE = 1 - 0.15 * 0.8


class ForwardESM(Protocol):
    """From sequences to residue vectors."""

    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        """Residue vectors (L, E) of each sequence; all sequences fit the model."""


def forward_of(model: nn.Module, alphabet: Alphabet, layer: int) -> ForwardESM:
    """The fastest forward pass for `model` up to representation `layer`."""
    return PackedESM2(model, alphabet, layer) if isinstance(model, ESM2) else PlainESM(model, alphabet, layer)


class Tokens:
    """Sequences as token numbers, with the begin and end tokens that the alphabet asks for."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.before = [alphabet.cls_idx] if alphabet.prepend_bos else []
        self.after = [alphabet.eos_idx] if alphabet.append_eos else []
        self.of_byte = np.array([alphabet.get_idx(chr(byte)) for byte in range(128)])

    @property
    def extra(self) -> int:
        """Tokens beside the residues."""
        return len(self.before) + len(self.after)

    def of(self, sequence: str) -> NDArray[np.int64]:
        """Token numbers of one sequence."""
        residues = self.of_byte[np.frombuffer(sequence.encode("ascii"), np.uint8)]
        return np.concatenate([self.before, residues, self.after]).astype(np.int64)


class PlainESM:
    """fair-esm's own forward, padded to the longest sequence of the batch."""

    def __init__(self, model: nn.Module, alphabet: Alphabet, layer: int) -> None:
        self.model = model.eval()
        self.layer = layer
        self.padding = alphabet.padding_idx
        self.tokens = Tokens(alphabet)

    @torch.inference_mode()
    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        """Residue vectors (L, E) of each sequence."""
        rows = [torch.from_numpy(self.tokens.of(sequence)) for sequence in sequences]
        tokens_BL = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.padding)
        hidden_BLE = self.model(tokens_BL, repr_layers=[self.layer])["representations"][self.layer]
        begin = len(self.tokens.before)
        return [hidden_LE[begin : begin + len(s)].numpy() for hidden_LE, s in zip(hidden_BLE, sequences, strict=True)]


class PackedESM2:
    """ESM-2's forward over packed tokens."""

    def __init__(self, model: ESM2, alphabet: Alphabet, layer: int) -> None:
        self.tokens = Tokens(alphabet)
        scale = TOKEN_DROPOUT_SCALE if model.token_dropout else 1.0
        self.embedding = model.embed_tokens.weight.detach() * (model.embed_scale * scale)
        self.inv_freq = model.layers[0].self_attn.rot_emb.inv_freq
        self.layers = [_PackedLayer(part, heads=model.attention_heads) for part in model.layers[:layer]]
        self.last_norm = _weights(model.emb_layer_norm_after) if layer == model.num_layers else None

    @torch.inference_mode()
    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        """Residue vectors (L, E) of each sequence."""
        lengths = [len(sequence) + self.tokens.extra for sequence in sequences]
        tokens_R = torch.from_numpy(np.concatenate([self.tokens.of(sequence) for sequence in sequences]))
        hidden_RE = F.embedding(tokens_R, self.embedding)
        cos_RC, sin_RC = self._rotation(lengths)
        runs = runs_of(lengths)
        for layer in self.layers:
            hidden_RE = layer(hidden_RE, cos_RC, sin_RC, runs)
        if self.last_norm is not None:
            hidden_RE = F.layer_norm(hidden_RE, hidden_RE.shape[-1:], *self.last_norm)
        begin = len(self.tokens.before)
        parts = torch.split(hidden_RE, lengths)
        return [part[begin : begin + len(s)].numpy() for part, s in zip(parts, sequences, strict=True)]

    def _rotation(self, lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Cosine and signed sine of the rotary angles of each token; the sign saves one concatenation per layer."""
        angle_LC = torch.outer(torch.arange(max(lengths)).float(), self.inv_freq)
        cos_LC, sin_LC = angle_LC.cos(), angle_LC.sin()
        position_R = torch.cat([torch.arange(length) for length in lengths])
        cos = torch.cat([cos_LC, cos_LC], -1)[position_R]
        sin = torch.cat([-sin_LC, sin_LC], -1)[position_R]
        return cos[:, None, None], sin[:, None, None]


class _PackedLayer:
    """One transformer layer; the scale of the queries is in their weights."""

    def __init__(self, layer: TransformerLayer, *, heads: int) -> None:
        attention: Any = layer.self_attn
        projections = (attention.q_proj, attention.k_proj, attention.v_proj)
        scales = (attention.scaling, 1.0, 1.0)
        self.heads = heads
        self.qkv = PackedLinear(
            torch.cat([p.weight * s for p, s in zip(projections, scales, strict=True)]),
            torch.cat([p.bias * s for p, s in zip(projections, scales, strict=True)]),
        )
        self.out = PackedLinear(*_weights(attention.out_proj))
        self.up = PackedLinear(*_weights(layer.fc1), gelu=True)
        self.down = PackedLinear(*_weights(layer.fc2))
        self.norm_1, self.norm_2 = _weights(layer.self_attn_layer_norm), _weights(layer.final_layer_norm)

    def __call__(self, x_RE: Tensor, cos_RC: Tensor, sin_RC: Tensor, runs: Sequence[tuple[int, int]]) -> Tensor:
        width = x_RE.shape[-1:]
        qkv_R3HC = self.qkv(F.layer_norm(x_RE, width, *self.norm_1)).unflatten(1, (3, self.heads, -1))
        qk_R2HC = qkv_R3HC[:, :2]
        swapped_R2HC = qk_R2HC.roll(qk_R2HC.shape[-1] // 2, -1)
        q_RHC, k_RHC = (qk_R2HC * cos_RC).addcmul_(swapped_R2HC, sin_RC).unbind(1)
        x_RE = x_RE + self.out(attend(q_RHC, k_RHC, qkv_R3HC[:, 2], runs, scale=1.0))
        return x_RE.add_(self.down(self.up(F.layer_norm(x_RE, width, *self.norm_2))))


def _weights(module: Any) -> tuple[Tensor, Tensor]:
    return module.weight.detach(), module.bias.detach()
