"""Sentence encoders that `packed_bert` does not know, run by sentence-transformers.

Shapes: T texts, G width.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gofer.embeddings.texts.sentence_folder import SentenceFolder
from gofer.errors import GoferError

TEXTS_AT_ONCE = 256


class OtherSentenceModel:
    """Any model of sentence-transformers that needs no custom code, in float32.

    Batches are padded, so other texts of a batch can change the last bits of a vector.

    Args:
        folder: From `SentenceFolder.read`.
        pooling: mean or cls; or what the folder says, which is left as it is.
        max_tokens: Most tokens of a text.

    Raises:
        GoferError: sentence-transformers does not know the model either, or it has no pooling to set.
    """

    def __init__(self, folder: SentenceFolder, *, pooling: str, max_tokens: int) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(
                str(folder.path), device="cpu", trust_remote_code=False, local_files_only=True
            ).float()
        except Exception as error:  # transformers raises many kinds of errors
            raise GoferError(
                f"{folder.path} holds no model that gofer or sentence-transformers can read "
                f"({type(error).__name__}: {str(error)[:200]})",
                help="gofer reads BERT models, and sentence-transformers those that need no custom code: "
                "choose another embeddings.texts.encoder, e.g. minilm",
            ) from error
        if pooling in ("mean", "cls"):  # also where the folder says nothing: of itself it could take another
            steps: list[Any] = [step for step in model if hasattr(step, "pooling_mode")]
            if len(steps) != 1:
                raise GoferError(
                    f"{folder.path} makes one vector of its tokens with a custom module, not by {pooling}",
                    help="write pooling: auto below embeddings.texts, or choose another encoder",
                )
            steps[0].pooling_mode = pooling
        if not callable(model.tokenizer):
            raise GoferError(
                f"{folder.path} has no tokenizer of transformers, so its tokens cannot be counted",
                help="choose another embeddings.texts.encoder, e.g. minilm",
            )
        model.max_seq_length = max_tokens
        self.model = model

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, end tokens included, however long it is."""
        found = self.model.tokenizer([text.strip() for text in texts], truncation=False, verbose=False)
        return [len(ids) for ids in found["input_ids"]]

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, vectors), short texts first."""
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        for start in range(0, len(order), TEXTS_AT_ONCE):
            chosen = order[start : start + TEXTS_AT_ONCE]
            # An empty prompt: the default would be the model's prompt.
            vectors = self.model.encode([texts[i] for i in chosen], prompt="", show_progress_bar=False)
            yield chosen, vectors.astype(np.float32)
