"""The settings of a sentence encoder, from its folder: one of sentence-transformers, or only a transformer.

Nothing in such a folder is ever run: its code is not looked at, and weights are tensors or are refused.
"""

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gofer.artefacts import sha256_of
from gofer.errors import GoferError

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"
# What vectors depend on besides the weights: settings and vocabularies.
SETTINGS = {".json", ".txt", ".model"}
# Before version 3 sentence-transformers wrote a flag for each.
POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass(frozen=True)
class SentenceFolder:
    """A sentence encoder's folder.

    Attributes:
        path: The folder.
        folders: Folders of its modules, itself among them.
        transformer: The one with the transformer's files, often the folder itself.
        config: config.json of the transformer.
        steps: Kinds of the modules, in order; Transformer and Pooling where the folder names none.
        pooling: How tokens become one vector: mean, cls, …; "mean + max" puts two side by side. Mean where the folder
            does not say; "own" where it has no module for it.
        pools_prompt: Whether the tokens of a prompt take part in it.
        lowers_case: Whether texts become lower case before the tokenizer sees them.
        most_tokens: Tokens that the model takes.
    """

    path: Path
    folders: frozenset[Path]
    transformer: Path
    config: Mapping[str, Any]
    steps: tuple[str, ...]
    pooling: str
    pools_prompt: bool
    lowers_case: bool
    most_tokens: float

    @classmethod
    def read(cls, path: Path) -> "SentenceFolder":
        """Read the settings in a folder.

        Raises:
            GoferError: It is not the folder of a model, or a file in it is damaged.
        """
        modules = _modules(path / "modules.json")
        transformer = path / modules.get("Transformer", "")
        if "Transformer" in modules and not (transformer / "config.json").is_file():
            raise GoferError(
                f"{transformer} is not the folder of a text model: there is no config.json in it",
                help="put the model's files there (config.json, model.safetensors, tokenizer.json), or write minilm",
            )
        config, sentence_bert = _json(transformer / "config.json"), _json(transformer / "sentence_bert_config.json")
        pooling = _json(path / modules["Pooling"] / "config.json") if modules.get("Pooling") else {}
        most_tokens = sentence_bert.get("max_seq_length") or _json(transformer / "tokenizer_config.json").get(
            "model_max_length"
        )
        return cls(
            path=path,
            folders=frozenset({path, *(path / name for name in modules.values())}),
            transformer=transformer,
            config=config,
            steps=tuple(modules),
            pooling=_pooling(pooling) if "Pooling" in modules else "own",
            pools_prompt=pooling.get("include_prompt", True),
            lowers_case=bool(sentence_bert.get("do_lower_case")),
            most_tokens=min(most_tokens or float("inf"), config.get("max_position_embeddings") or float("inf")),
        )

    def digest(self) -> str:
        """First 12 hexadecimal digits of SHA-256 over weights, vocabulary and settings.

        Raises:
            GoferError: There are no weights.
        """
        files = [file for folder in self.folders for file in folder.glob("*.*") if file.suffix in SETTINGS]
        weights = [file for folder in self.folders for file in _weights(folder)]
        if not weights:
            raise GoferError(
                f"{self.transformer} has no weights: there is neither {SAFE} nor {PICKLED} in it",
                help="put the model's file there, or write minilm",
            )
        lines = sorted(f"{file.relative_to(self.path)} {sha256_of(file)}" for file in [*files, *weights])
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    def state(self) -> dict[str, Tensor] | None:
        """The transformer's weights by name, float32; None where they are in several files.

        Raises:
            GoferError: The file is damaged, or holds more than weights.
        """
        file = next((self.transformer / name for name in (SAFE, PICKLED) if (self.transformer / name).is_file()), None)
        if file is None:
            return None
        try:
            state = load_file(file) if file.name == SAFE else _unpickled(file)
            return {name: tensor.float() for name, tensor in state.items()}
        except pickle.UnpicklingError as error:
            raise GoferError(
                f"{file} is damaged, or holds more than weights, and was not loaded",
                help="get the model's model.safetensors; a file of weights is never allowed to run code",
            ) from error
        except (OSError, RuntimeError, EOFError, ValueError, AttributeError, SafetensorError) as error:
            raise GoferError(f"{file} cannot be read ({str(error)[:200]})", help="get it again") from error


def _unpickled(file: Path) -> dict[str, Tensor]:
    return torch.load(file, map_location="cpu", weights_only=True)


def _weights(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _pooling(config: Mapping[str, Any]) -> str:
    modes = config.get("pooling_mode") or [mode for flag, mode in POOLING_FLAGS.items() if config.get(flag)] or "mean"
    return modes if isinstance(modes, str) else " + ".join(modes)


def _modules(path: Path) -> dict[str, str]:
    """Kinds of the modules and their folders' names."""
    if not path.is_file():
        return {"Transformer": "", "Pooling": ""}
    try:
        return {str(module["type"]).rsplit(".", 1)[-1]: str(module["path"]) for module in json.loads(path.read_bytes())}
    except (ValueError, KeyError, TypeError) as error:
        raise _not_a_model(path, error) from error


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}
    except (ValueError, TypeError) as error:
        raise _not_a_model(path, error) from error


def _not_a_model(path: Path, error: Exception) -> GoferError:
    return GoferError(f"{path} is not as a model has it ({error})", help="get the model's file again")
