"""The update of the weights: AdamW with warm-up and cosine schedule, and gradient clipping."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gofer.training.model import GoferModel
from gofer.training.parallel import ALONE, Team
from gofer.training.settings import StageConfig, TrainingConfig

LEAST_RATE = 0.1  # of the learning rate, reached at the last step
RATE_WARMUP = 0.05  # share of the steps in which the learning rate rises


class NotFiniteError(ArithmeticError):
    """Training has diverged."""


def finite(value: Tensor, name: str) -> Tensor:
    """`value`, which is one number.

    Raises:
        NotFiniteError: It is NaN or infinite.
    """
    if not torch.isfinite(value):
        raise NotFiniteError(f"the {name} is {float(value.detach())}")
    return value


@dataclass(frozen=True, eq=False)
class Optimiser:
    """AdamW with a learning rate that rises, then falls along a cosine; gradients are clipped to `clip_norm`."""

    adamw: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LambdaLR
    clip_norm: float
    steps: int

    @classmethod
    def of(cls, model: GoferModel, stage: StageConfig, config: TrainingConfig, steps: int) -> "Optimiser":
        """For all weights of a model; only matrices decay."""
        matrices = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        adamw = torch.optim.AdamW(groups, lr=stage.learning_rate)
        warmup = max(1, round(RATE_WARMUP * steps))

        def rate(step: int) -> float:
            if step < warmup:
                return (step + 1) / warmup
            way = (step - warmup) / max(1, steps - warmup)
            return LEAST_RATE + (1 - LEAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * min(way, 1.0)))

        return cls(adamw, torch.optim.lr_scheduler.LambdaLR(adamw, rate), config.clip_norm, steps)

    def step(self, model: GoferModel, team: Team = ALONE) -> None:
        """Update the weights by the gradients that they have, and clear these.

        Args:
            model: Changed in place.
            team: The processes that share each batch.

        Raises:
            NotFiniteError: The gradient is not finite; the weights are as they were.
        """
        team.average_gradients(model)
        finite(torch.nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm), "gradient")
        self.adamw.step()
        self.schedule.step()
        self.adamw.zero_grad(set_to_none=True)

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """Moments as tensors by name, and the schedule and rates as plain values."""
        moments = {
            f"{number}.{name}": value
            for number, moments_of_weight in self.adamw.state_dict()["state"].items()
            for name, value in moments_of_weight.items()
        }
        rates = [group["lr"] for group in self.adamw.param_groups]
        return moments, {"schedule": self.schedule.state_dict(), "rates": rates}

    def restore(self, moments: dict[str, Tensor], plain: dict) -> None:
        """The inverse of `state`."""
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in moments.items():
            number, name = key.split(".", 1)
            state.setdefault(int(number), {})[name] = value
        self.adamw.load_state_dict({"state": state, "param_groups": self.adamw.state_dict()["param_groups"]})
        self.schedule.load_state_dict(plain["schedule"])
        for group, rate in zip(self.adamw.param_groups, plain["rates"], strict=True):
            group["lr"] = rate
