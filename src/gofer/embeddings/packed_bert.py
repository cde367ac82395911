"""The forward pass of BERT-type sentence encoders over many texts, packed like `packed_esm`.

Texts are sorted by their number of tokens, so that those of one length go through attention together and nothing is
padded. The files of a sentence-transformers folder are read directly: importing transformers takes longer than a small
job.

Shapes: T texts, R tokens packed, G width.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from gofer.embeddings.packed_linear import PackedLinear
from gofer.embeddings.packing import attend, each_on_one_thread, runs_of, tight_batches

# Activations of so many tokens stay near the processor; many times as many no longer do.
BATCH_TOKENS = 1024
TOKEN_TYPES = "embeddings.token_type_embeddings.weight"


class PackedBert:
    """A BERT encoder with mean pooling.

    Args:
        state: Weights by their name in the file.
        config: config.json of the model.
        tokenizer: With truncation, without padding.
    """

    def __init__(self, state: Mapping[str, Tensor], config: Mapping[str, Any], tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.eps: float = config["layer_norm_eps"]
        self.word_VG = state["embeddings.word_embeddings.weight"]
        # Every token is of the first type.
        self.position_LG = state["embeddings.position_embeddings.weight"] + state[TOKEN_TYPES][0]
        self.norm = _pair(state, "embeddings.LayerNorm")
        self.layers = [
            _PackedLayer(state, f"encoder.layer.{number}", heads=config["num_attention_heads"], eps=self.eps)
            for number in range(config["num_hidden_layers"])
        ]

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, mean token vectors (positions, G)), short texts first."""
        encodings = self.tokenizer.encode_batch([text.strip() for text in texts])
        tokens = [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        batches = tight_batches([len(ids) for ids in tokens], most=BATCH_TOKENS)
        means = each_on_one_thread(self._means, [[tokens[i] for i in batch] for batch in batches])
        yield from zip(batches, means, strict=True)

    @torch.inference_mode()
    def _means(self, tokens: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        lengths = [len(ids) for ids in tokens]
        runs = runs_of(lengths)
        x_RG = F.embedding(torch.from_numpy(np.concatenate(tokens)), self.word_VG)
        x_RG += torch.cat([self.position_LG[:length] for length in lengths])
        x_RG = F.layer_norm(x_RG, x_RG.shape[-1:], *self.norm, self.eps)
        for layer in self.layers:
            x_RG = layer(x_RG, runs)
        parts = torch.split(x_RG, [number * length for number, length in runs])
        return torch.cat([part.unflatten(0, run).mean(1) for part, run in zip(parts, runs, strict=True)]).numpy()


class _PackedLayer:
    """One transformer layer."""

    def __init__(self, state: Mapping[str, Tensor], name: str, *, heads: int, eps: float) -> None:
        pairs = [_pair(state, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
        weights, biases = zip(*pairs, strict=True)
        self.heads, self.eps = heads, eps
        self.qkv = PackedLinear(torch.cat(weights), torch.cat(biases))
        self.out = PackedLinear(*_pair(state, f"{name}.attention.output.dense"))
        self.up = PackedLinear(*_pair(state, f"{name}.intermediate.dense"), gelu=True)
        self.down = PackedLinear(*_pair(state, f"{name}.output.dense"))
        self.norm_1 = _pair(state, f"{name}.attention.output.LayerNorm")
        self.norm_2 = _pair(state, f"{name}.output.LayerNorm")

    def __call__(self, x_RG: Tensor, runs: Sequence[tuple[int, int]]) -> Tensor:
        width = x_RG.shape[-1:]
        q_RHC, k_RHC, v_RHC = self.qkv(x_RG).unflatten(1, (3, self.heads, -1)).unbind(1)
        attended_RG = attend(q_RHC, k_RHC, v_RHC, runs, scale=q_RHC.shape[-1] ** -0.5)
        x_RG = F.layer_norm(self.out(attended_RG).add_(x_RG), width, *self.norm_1, self.eps)
        return F.layer_norm(self.down(self.up(x_RG)).add_(x_RG), width, *self.norm_2, self.eps)


def _pair(state: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


def load_packed_bert(folder: Path, *, max_tokens: int) -> PackedBert | None:
    """The model of a sentence-transformers folder; None where it is not a BERT with mean pooling."""
    config = _read(folder / "config.json")
    weights, tokens = folder / "model.safetensors", folder / "tokenizer.json"
    if not _is_plain_bert(folder, config) or not weights.is_file() or not tokens.is_file():
        return None
    tokenizer = Tokenizer.from_file(str(tokens))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=min(max_tokens, config["max_position_embeddings"]))
    state = {name.removeprefix("bert."): tensor.float() for name, tensor in load_file(weights).items()}
    return PackedBert(state, config, tokenizer)


def _is_plain_bert(folder: Path, config: Mapping[str, Any]) -> bool:
    modules = _read(folder / "modules.json")
    steps = [str(step["type"]).rsplit(".", 1)[-1] for step in modules]
    pooling = _read(folder / "1_Pooling" / "config.json")
    modes = [key for key, value in pooling.items() if key.startswith("pooling_mode") and value]
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and steps in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and modes in (["pooling_mode_mean_tokens"], ["pooling_mode"] if pooling.get("pooling_mode") == "mean" else [])
        and not _read(folder / "sentence_bert_config.json").get("do_lower_case")
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
