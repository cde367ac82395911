"""The forward pass of ESM models over many proteins, packed.

No padding, queries, keys and values from one product, no language-model head; any layer. ESM-2, ESM-1b, ESM-1v and
ESM-1 give fair-esm's numbers to 1e-5. On one CPU core it takes less than half the time of fair-esm's
extraction, and a protein's numbers do not depend on the others in its batch (`benchmarks/extraction.py` measures both).

Shapes: R tokens packed, L residues or tokens of a sequence, E width, H heads, C width of a head.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from esm.data import Alphabet
from esm.modules import TransformerLayer
from numpy.typing import NDArray
from torch import Tensor, nn

from gofer.embeddings.compute import CPU_FLOAT32, Compute, Footprint
from gofer.embeddings.even_shares import even_shares
from gofer.embeddings.packing import PackedLinear, attend, each_on_one_thread, runs_of

TOKEN_DROPOUT_SCALE = 1 - 0.15 * 0.8
# Positions that ESM-1's table of sines is made for; a learned table has its size in the file.
MOST_TOKENS = 1024


class ForwardESM(Protocol):
    """From sequences to residue vectors."""

    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        """Residue vectors (L, E) of each sequence; all sequences fit the model."""


class Tokens:
    """Sequences as token numbers, with the begin and end tokens that the alphabet needs."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.before = [alphabet.cls_idx] if alphabet.prepend_bos else []
        self.after = [alphabet.eos_idx] if alphabet.append_eos else []
        self.of_byte = np.array([alphabet.get_idx(chr(byte)) for byte in range(128)])

    @property
    def extra(self) -> int:
        """Tokens that are not residues."""
        return len(self.before) + len(self.after)

    def of(self, sequence: str) -> NDArray[np.int64]:
        """Token numbers of one sequence."""
        residues = self.of_byte[np.frombuffer(sequence.encode("ascii"), np.uint8)]
        return np.concatenate([self.before, residues, self.after]).astype(np.int64)


class PackedESM:
    """ESM's forward over packed tokens, in evaluation mode.

    Args:
        model: fair-esm's ESM2 or ProteinBertModel (ESM-1, ESM-1b, ESM-1v), float32, on the CPU; it is not changed.
        alphabet: The model's.
        layer: Representation wanted, 0 (token vectors) to the number of layers.
        compute: Where to run, in which numbers.
    """

    def __init__(self, model: Any, alphabet: Alphabet, layer: int, compute: Compute = CPU_FLOAT32) -> None:
        self.compute = compute
        self.tokens = Tokens(alphabet)
        scale = model.embed_scale * (TOKEN_DROPOUT_SCALE if _drops_tokens(model) else 1.0)
        self.embedding = (model.embed_tokens.weight.detach() * scale).to(compute.device)
        self.positions_LE = _positions(model, alphabet, compute)
        rotary = model.layers[0].self_attn.rot_emb
        self.inv_freq = None if rotary is None else rotary.inv_freq.to(compute.device)
        self.first_norm = _norm_of(model, "emb_layer_norm_before", compute)
        self.layers = [_PackedLayer(part, compute) for part in model.layers[:layer]]
        self.last_norm = _norm_of(model, "emb_layer_norm_after", compute) if layer == len(model.layers) else None
        self.footprint = Footprint.of_sizes(
            weights=sum(weights.numel() for part in model.layers[:layer] for weights in part.parameters()),
            width=model.embed_tokens.embedding_dim,
            heads=model.layers[0].self_attn.num_heads,
            compute=compute,
        )

    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        """Residue vectors (L, E) of each sequence; on a CPU, torch's threads share the sequences."""
        threads = torch.get_num_threads() if self.compute.device.type == "cpu" else 1
        shares = even_shares([len(sequence) for sequence in sequences], threads)
        given = [[sequences[i] for i in share] for share in shares]
        found: dict[int, NDArray[np.float32]] = {}
        for share, vectors in zip(shares, each_on_one_thread(self._vectors, given), strict=True):
            found.update(zip(share, vectors, strict=True))
        return [found[i] for i in range(len(sequences))]

    @torch.inference_mode()
    def _vectors(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        lengths = [len(sequence) + self.tokens.extra for sequence in sequences]
        tokens_R = torch.from_numpy(np.concatenate([self.tokens.of(sequence) for sequence in sequences]))
        hidden_RE = self.hidden(tokens_R.to(self.compute.device, non_blocking=True), lengths).cpu()
        begin = len(self.tokens.before)
        parts = torch.split(hidden_RE, lengths)
        return [part[begin : begin + len(s)].numpy() for part, s in zip(parts, sequences, strict=True)]

    def hidden(self, tokens_R: Tensor, lengths: Sequence[int]) -> Tensor:
        """Vectors (R, E) of all tokens, float32, on the device.

        Args:
            tokens_R: Token numbers of the sequences, one after another.
            lengths: Tokens of each.
        """
        hidden_RE = F.embedding(tokens_R, self.embedding)
        if self.positions_LE is not None:
            hidden_RE += torch.cat([self.positions_LE[:length] for length in lengths])
        if self.first_norm is not None:
            hidden_RE = self.first_norm(hidden_RE)
        rotation = None if self.inv_freq is None else self._rotation(lengths, self.inv_freq)
        runs = runs_of(lengths)
        for layer in self.layers:
            hidden_RE = layer(hidden_RE, rotation, runs)
        return hidden_RE if self.last_norm is None else self.last_norm(hidden_RE)

    def _rotation(self, lengths: Sequence[int], inv_freq: Tensor) -> Tensor:
        """The rotary angles of each token as complex numbers of length 1, (R, 1, C / 2)."""
        device = self.compute.device
        angle_LC = torch.outer(torch.arange(max(lengths), device=device).float(), inv_freq)
        position_R = torch.cat([torch.arange(length, device=device) for length in lengths])
        return torch.complex(angle_LC.cos(), angle_LC.sin())[position_R, None]


class _Norm:
    """Layer norm of float32 vectors, returned in another type if asked."""

    def __init__(self, module: Any, compute: Compute, dtype: torch.dtype = torch.float32) -> None:
        self.weight, self.bias = (x.detach().to(compute.device) for x in (module.weight, module.bias))
        self.eps: float = module.eps
        self.dtype = dtype

    def __call__(self, x_RE: Tensor) -> Tensor:
        return F.layer_norm(x_RE, x_RE.shape[-1:], self.weight, self.bias, self.eps).to(self.dtype)


class _PackedLayer:
    """One transformer layer; the scale of the queries is in their weights."""

    def __init__(self, layer: TransformerLayer, compute: Compute) -> None:
        attention: Any = layer.self_attn
        self.heads: int = attention.num_heads
        parts = [
            torch.cat([p.weight, p.bias[:, None]], 1) * scale
            for p, scale in (
                (attention.q_proj, attention.scaling),
                (attention.k_proj, 1.0),
                (attention.v_proj, 1.0),
            )
        ]
        if attention.rot_emb is not None:
            parts[:2] = [_in_pairs(part, self.heads) for part in parts[:2]]
        qkv = torch.cat(parts)
        self.qkv = _linear(qkv[:, :-1], qkv[:, -1], compute)
        self.out = _linear(attention.out_proj.weight, attention.out_proj.bias, compute)
        self.up = _linear(layer.fc1.weight, layer.fc1.bias, compute, gelu=True)
        self.down = _linear(layer.fc2.weight, layer.fc2.bias, compute)
        self.norm_1 = _Norm(layer.self_attn_layer_norm, compute, compute.dtype)
        self.norm_2 = _Norm(layer.final_layer_norm, compute, compute.dtype)
        self.also = self._key_and_value(attention, compute) if attention.bias_k is not None else None

    def _key_and_value(self, attention: Any, compute: Compute) -> tuple[Tensor, Tensor]:
        # ESM-1 lets every residue attend to one further, learned key.
        key, value = (
            x.detach().to(compute.device, compute.dtype).view(self.heads, -1)
            for x in (attention.bias_k, attention.bias_v)
        )
        return key, value

    def __call__(self, x_RE: Tensor, rotation: Tensor | None, runs: Sequence[tuple[int, int]]) -> Tensor:
        """The layer's result, in the memory of `x_RE`."""
        x_RE.add_(self._attended(self.norm_1(x_RE), rotation, runs))
        return x_RE.add_(self.down(self.up(self.norm_2(x_RE))))

    def _attended(self, x_RE: Tensor, rotation: Tensor | None, runs: Sequence[tuple[int, int]]) -> Tensor:
        qk_RX, v_RE = self.qkv(x_RE).tensor_split([2 * x_RE.shape[1]], 1)
        if rotation is not None:
            qk_RX = _rotated(qk_RX, rotation)
        q_RHC, k_RHC = qk_RX.unflatten(1, (2, self.heads, -1)).unbind(1)
        v_RHC = v_RE.unflatten(1, (self.heads, -1))
        return self.out(attend(q_RHC, k_RHC, v_RHC, runs, scale=1.0, also=self.also))


def _in_pairs(rows_EX: Tensor, heads: int) -> Tensor:
    """Rows of each head so that those which a rotary angle turns together are neighbours, as of a complex number.

    In fair-esm half a head lies between them. Products of queries and keys stay the same.
    """
    return rows_EX.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2)


def _rotated(qk_RX: Tensor, rotation: Tensor) -> Tensor:
    """Queries and keys turned: of float32 in place, at a fifth of the time of sines and cosines by themselves."""
    pairs = qk_RX.float().unflatten(1, (-1, rotation.shape[-1], 2))
    return torch.view_as_real(torch.view_as_complex(pairs).mul_(rotation)).flatten(1).to(qk_RX.dtype)


def _linear(weight: Tensor, bias: Tensor, compute: Compute, *, gelu: bool = False) -> PackedLinear:
    at = (compute.device, compute.dtype)
    return PackedLinear(weight.detach().to(*at), bias.detach().to(*at), gelu=gelu)


def _drops_tokens(model: Any) -> bool:
    # ESM-2 has the setting itself, the older models among their arguments, ESM-1 not at all.
    holder = model.args if hasattr(model, "args") else model
    return bool(getattr(holder, "token_dropout", False))


def _norm_of(model: Any, name: str, compute: Compute) -> _Norm | None:
    module = getattr(model, name, None)
    return _Norm(module, compute) if isinstance(module, nn.Module) else None


def _positions(model: Any, alphabet: Alphabet, compute: Compute) -> Tensor | None:
    if not hasattr(model, "embed_positions"):
        return None
    tokens = min(MOST_TOKENS, getattr(model.embed_positions, "max_positions", MOST_TOKENS))
    with torch.no_grad():
        return model.embed_positions(torch.full((1, tokens), alphabet.cls_idx))[0].to(compute.device)
