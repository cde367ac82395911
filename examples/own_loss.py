"""A loss of your own, on a made-up batch of 3 proteins and 5 terms: python examples/own_loss.py.

To train with it, see docs/add_loss.md.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from gofer.training.losses import InfoNCE, Targets


@dataclass(frozen=True)
class Hinge:
    """Mean over positives and negatives of max(0, margin - (s_positive - s_negative))."""

    all_terms: ClassVar[bool] = False
    margin: float = 1.0

    def __call__(self, logits_BC, base_rate_C, targets):
        """The loss of a batch, 0 where there is nothing to compare."""
        score_BC = logits_BC + base_rate_C
        short_BCC = (self.margin - score_BC[:, :, None] + score_BC[:, None, :]).clamp(min=0)
        weight_BCC = targets.weight_BC[:, :, None] * targets.negative_BC[:, None, :]
        return (short_BCC * weight_BCC).sum() / weight_BCC.sum().clamp(min=1e-6)


torch.manual_seed(1)
logits_BC = torch.randn(3, 5, requires_grad=True)
positive_BC = torch.rand(3, 5) < 0.3
targets = Targets(weight_BC=positive_BC.float(), negative_BC=~positive_BC, allowed_BC=~positive_BC)
for objective in (InfoNCE(), Hinge()):
    loss = objective(logits_BC, torch.zeros(5), targets)
    (gradient_BC,) = torch.autograd.grad(loss, logits_BC)
    print(f"{type(objective).__name__}: loss {loss.item():.3f}, largest gradient {gradient_BC.abs().max().item():.3f}")
