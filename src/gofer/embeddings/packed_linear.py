"""A linear layer whose weights lie in memory as oneDNN wants them, which spares it a copy per call.

torch has the operation for its own compiler; where this build or processor lacks it, the plain one is used.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Rows of a typical call. The layout is chosen for it; other numbers of rows work as well.
TYPICAL_ROWS = 1024


class PackedLinear:
    """x W^T + b, followed by GELU where asked for.

    Args:
        weight: (outputs, inputs).
        bias: (outputs).
        gelu: Whether the exact GELU follows.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> None:
        self.bias = bias.detach().contiguous()
        self.gelu = gelu
        self.packed = _packed(weight.detach().contiguous())
        # One copy is enough: of a model of 3 billion weights a second one would take 12 GB.
        self.weight = weight.detach().contiguous() if self.packed is None else None

    def __call__(self, x: Tensor) -> Tensor:
        """Apply to (rows, inputs)."""
        if self.packed is not None:
            follow, algorithm = ("gelu", "none") if self.gelu else ("none", "")
            return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, follow, [], algorithm)
        assert self.weight is not None
        y = F.linear(x, self.weight, self.bias)
        return F.gelu(y) if self.gelu else y


def _packed(weight: Tensor) -> Tensor | None:
    if not torch.backends.mkldnn.is_available() or weight.device.type != "cpu":
        return None
    try:
        return torch.ops.mkldnn._reorder_linear_weight(weight, TYPICAL_ROWS)
    except (AttributeError, NotImplementedError, RuntimeError):
        return None
