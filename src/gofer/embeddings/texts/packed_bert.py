"""The forward pass of BERT-type sentence encoders over many texts, packed like `packed_esm`.

Texts are sorted by their number of tokens, so that those of one length go through attention together and nothing is
padded. The files of the model's folder are read directly: importing transformers takes longer than a small job.
On an AVX512 processor the vector of a text was bit-identical in every batch.

Shapes: T texts, L tokens of a text, R tokens packed, G width.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from gofer.embeddings.packing import PackedLinear, attend, each_on_one_thread, runs_of, tight_batches
from gofer.embeddings.texts.sentence_folder import SentenceFolder
from gofer.errors import GoferError

# Activations of so many tokens stay near the processor; many times as many no longer do.
BATCH_TOKENS = 1024
TOKEN_TYPES = "embeddings.token_type_embeddings.weight"
POOLINGS = ("mean", "cls")
# Of weights that were converted from TensorFlow.
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}


class PackedBert:
    """A BERT encoder.

    Args:
        state: Weights by their name in the file.
        config: config.json of the model.
        tokenizer: Neither pads nor cuts.
        pooling: How the tokens' vectors become one: their mean, or cls, the first of them.
    """

    def __init__(
        self, state: Mapping[str, Tensor], config: Mapping[str, Any], tokenizer: Tokenizer, *, pooling: str
    ) -> None:
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.eps: float = config.get("layer_norm_eps", 1e-12)
        self.word_VG = state["embeddings.word_embeddings.weight"]
        # Every token is of the first type.
        self.position_LG = state["embeddings.position_embeddings.weight"] + state[TOKEN_TYPES][0]
        self.norm = _pair(state, "embeddings.LayerNorm")
        self.layers = [
            _PackedLayer(state, f"encoder.layer.{number}", heads=config["num_attention_heads"], eps=self.eps)
            for number in range(config["num_hidden_layers"])
        ]

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, end tokens included, however long it is."""
        return [len(encoding.ids) for encoding in self.tokenizer.encode_batch_fast([text.strip() for text in texts])]

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, their vectors (positions, G)), short texts first."""
        encodings = self.tokenizer.encode_batch_fast([text.strip() for text in texts])
        tokens = [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        batches = tight_batches([len(ids) for ids in tokens], most=BATCH_TOKENS)
        vectors = each_on_one_thread(self._vectors, [[tokens[i] for i in batch] for batch in batches])
        yield from zip(batches, vectors, strict=True)

    @torch.inference_mode()
    def _vectors(self, tokens: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        lengths = [len(ids) for ids in tokens]
        runs = runs_of(lengths)
        x_RG = F.embedding(torch.from_numpy(np.concatenate(tokens)), self.word_VG)
        x_RG += torch.cat([self.position_LG[:length] for length in lengths])
        x_RG = F.layer_norm(x_RG, x_RG.shape[-1:], *self.norm, self.eps)
        for layer in self.layers:
            x_RG = layer(x_RG, runs)
        parts = torch.split(x_RG, [number * length for number, length in runs])
        texts = [part.unflatten(0, run) for part, run in zip(parts, runs, strict=True)]
        return torch.cat([x_TLG[:, 0] if self.pooling == "cls" else x_TLG.mean(1) for x_TLG in texts]).numpy()


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


def load_packed_bert(folder: SentenceFolder, *, pooling: str) -> PackedBert | None:
    """The model of a folder; None where it is not a BERT with mean or cls pooling, its weights in one file.

    Args:
        folder: From `SentenceFolder.read`.
        pooling: mean, cls, or what else the folder says.

    Raises:
        GoferError: The file of weights is damaged or unsafe, or lacks some.
    """
    if pooling not in POOLINGS or not _is_plain_bert(folder) or (found := folder.state()) is None:
        return None
    state = {_name(name): tensor for name, tensor in found.items()}
    tokenizer = _tokenizer(folder)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    try:
        return PackedBert(state, folder.config, tokenizer, pooling=pooling)
    except KeyError as error:
        raise GoferError(
            f"{folder.transformer}: config.json and the weights do not belong together, there is no {error.args[0]}",
            help="get both files again",
        ) from error


def _is_plain_bert(folder: SentenceFolder) -> bool:
    return (
        folder.config.get("model_type") == "bert"
        and folder.config.get("hidden_act", "gelu") == "gelu"
        and folder.config.get("position_embedding_type", "absolute") == "absolute"
        and not folder.config.get("is_decoder")
        and folder.steps in (("Transformer", "Pooling"), ("Transformer", "Pooling", "Normalize"))
        and not folder.lowers_case
    )


def _name(name: str) -> str:
    name = name.removeprefix("bert.")
    for old, new in OLD_NAMES.items():
        name = name.replace(old, new)
    return name


def _tokenizer(folder: SentenceFolder) -> Tokenizer:
    path = folder.transformer / "tokenizer.json"
    try:
        if path.is_file():
            return Tokenizer.from_file(str(path))
        from transformers import AutoTokenizer

        found = AutoTokenizer.from_pretrained(str(folder.transformer), local_files_only=True, trust_remote_code=False)
        return found.backend_tokenizer
    except Exception as error:  # tokenizers raises nothing narrower
        raise GoferError(
            f"{folder.transformer} has no tokenizer that can be read ({str(error)[:200]})",
            help="put the model's tokenizer.json (or vocab.txt and tokenizer_config.json) there",
        ) from error
