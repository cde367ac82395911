"""The state of a pre-training as one safetensors file: weights, the best ones, the optimizers' moments, the curve."""

import json
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from esm.model.esm2 import ESM2
from safetensors.torch import load_file, save_file
from torch import Tensor

from gofer.artefacts import atomic

logger = logging.getLogger(__name__)


@dataclass
class PretrainingState:
    """Progress of a pre-training. Its random draws depend only on the seed and `step`.

    Attributes:
        mark: Digest of what the run depends on.
        step: Steps taken.
        residues: Residues seen in them.
        seconds: Time they took.
        loss: Sum of the losses since the last check.
        losses: Number of these losses.
        curve: One row per check: step, residues, seconds, loss, perplexity.
        best: Weights of the check with the lowest perplexity.
    """

    mark: str
    step: int = 0
    residues: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    losses: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    def took(self, residues: int, loss: float, *, seconds: float) -> None:
        """Count a step."""
        self.step += 1
        self.residues += residues
        self.seconds = seconds
        self.loss += loss
        self.losses += 1

    def checked(self, perplexity: float, model: ESM2) -> None:
        """Add a row to the curve, and keep the weights if they are the best so far."""
        if not self.curve or perplexity < min(row["perplexity"] for row in self.curve):
            self.best = {name: tensor.detach().clone() for name, tensor in parameters_of(model).items()}
        mean = self.loss / max(1, self.losses)
        figures = {"step": self.step, "residues": self.residues, "seconds": self.seconds}
        self.curve.append({**figures, "loss": mean, "perplexity": perplexity})
        self.loss, self.losses = 0.0, 0

    def last_check(self) -> str:
        """The last row of the curve as text."""
        return ", ".join(f"{key} {value:.6g}" for key, value in self.curve[-1].items())


def parameters_of(model: ESM2) -> OrderedDict[str, Tensor]:
    """The learned tensors by name, each once."""
    return OrderedDict((name, tensor) for name, tensor in model.named_parameters() if "contact_head." not in name)


def write_state(
    path: Path | str, state: PretrainingState, model: ESM2, optimizers: Sequence[torch.optim.Optimizer]
) -> None:
    """Write everything that a resumed run needs, atomically."""
    tensors = {f"best {name}": tensor for name, tensor in state.best.items()}
    for name, parameter in parameters_of(model).items():
        tensors[f"model {name}"] = parameter.detach()
        for moment, tensor in _optimizer_of(parameter, optimizers).state[parameter].items():
            tensors[f"{moment} {name}"] = tensor
    figures = {key: value for key, value in vars(state).items() if key != "best"}
    with atomic(path) as part:
        save_file(tensors, part, metadata={"state": json.dumps(figures)})


def read_state(
    path: Path | str, model: ESM2, optimizers: Sequence[torch.optim.Optimizer], *, mark: str
) -> PretrainingState | None:
    """The state that `write_state` wrote, its tensors put into `model` and `optimizers`; None if there is none.

    A damaged file, or one of other proteins, settings or code, is logged and ignored.
    """
    if not Path(path).is_file():
        return None
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            figures: dict[str, Any] = json.loads((file.metadata() or {})["state"])
        if figures["mark"] != mark:
            logger.warning("%s is of other proteins, settings or code: starting again", path)
            return None
        tensors = load_file(path)
        state = PretrainingState(**figures)
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        logger.warning("%s cannot be read (%s): starting again", path, str(error)[:200])
        return None
    for key, tensor in tensors.items():
        kind, name = key.split(" ")
        parameter = parameters_of(model)[name]
        if kind == "model":
            parameter.data.copy_(tensor)
        elif kind == "best":
            state.best[name] = tensor
        else:
            _optimizer_of(parameter, optimizers).state[parameter][kind] = tensor
    logger.info("resuming at step %d", state.step)
    return state


def _optimizer_of(parameter: Tensor, optimizers: Sequence[torch.optim.Optimizer]) -> torch.optim.Optimizer:
    return next(
        o for o in optimizers if any(parameter is other for group in o.param_groups for other in group["params"])
    )
