"""Several processes that train one model, each on its part of every batch: one per GPU, or one per CPU core.

All have the same weights, labels and chance. Each pools the residues of its own proteins, which is nearly all of the
work, and hands the pooled vectors to the others; from there on all compute the same candidates, loss and update. So
each has the whole gradient of its own pooled vectors, and the mean over processes, with that part counted `size` times,
is the gradient of one process with the whole batch, but for the order of sums.

torchrun (or `gofer.training.launch`) starts the processes and tells each its place. CPU processes talk through gloo,
which the tests try; CUDA processes through NCCL, one device each, which was not tried on a machine with devices.

Shapes: B proteins, R weights.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from gofer.errors import GoferError

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Team:
    """The processes of one training, seen from one of them.

    Attributes:
        rank: Place of this process, from 0.
        size: How many there are.
        device: Where this one computes.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @classmethod
    @contextmanager
    def joined(cls, device: torch.device) -> Iterator["Team"]:
        """The processes that torchrun started, for as long as the block lasts; without torchrun this one alone.

        Args:
            device: CPU, or CUDA: there each process takes the device of its place on its machine.

        Raises:
            GoferError: A machine has fewer CUDA devices than processes.
        """
        size, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
        own = _own_device(device, local)
        if size == 1:
            yield cls(device=own)
            return
        dist.init_process_group("nccl" if own.type == "cuda" else "gloo")
        try:
            yield cls(dist.get_rank(), size, own)
        finally:
            dist.destroy_process_group()

    @property
    def leads(self) -> bool:
        """Whether this process writes, keeps and tells for all."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """Which of `count` rows are this process's: neighbours, in the order of ranks, as evenly as can be."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def gathered(self, own_BW: Tensor) -> Tensor:
        """The rows of all processes, in the order of ranks; the narrower are filled with 0 on the right.

        The gradient goes back to the process that a row is from: all must go on to compute the same from what they get.
        """
        if self.size == 1:
            return own_BW
        shape = torch.tensor(own_BW.shape, device=self.device)
        shapes = [torch.empty_like(shape) for _ in range(self.size)]
        dist.all_gather(shapes, shape)
        counts, widths = zip(*(found.tolist() for found in shapes), strict=True)
        if not any(counts):
            return own_BW
        wide_BW = F.pad(own_BW, (0, max(widths) - own_BW.shape[1], 0, max(counts) - len(own_BW)))
        rows_BW: Tensor = _Gathered.apply(wide_BW, counts, self.rank)
        return rows_BW

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, of any shape; no gradient."""
        if self.size > 1:
            values = values.to(self.device, copy=True)
            dist.all_reduce(values)
        return values

    def any(self, wish: bool) -> bool:
        """Whether any process wishes so."""
        return bool(self.total(torch.tensor(int(wish))) > 0)

    def average_gradients(self, model: nn.Module) -> None:
        """Give each weight the mean of its gradients, where a process without one counts as 0."""
        if self.size == 1:
            return
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        own = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        mean_R = self.total(torch.cat([gradient.flatten() for gradient in own])) / self.size
        for weight, mean in zip(weights, mean_R.split([weight.numel() for weight in weights]), strict=True):
            weight.grad = mean.view_as(weight)

    def chance(self) -> dict[str, Tensor]:
        """The state of torch's generators that training draws from."""
        if self.device.type != "cuda":
            return {"torch_rng": torch.get_rng_state()}
        return {"torch_rng": torch.get_rng_state(), "cuda_rng": torch.cuda.get_rng_state(self.device)}

    def restore_chance(self, tensors: Mapping[str, Tensor]) -> None:
        """The inverse of `chance`."""
        torch.set_rng_state(tensors["torch_rng"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["cuda_rng"], self.device)

    def refuse_drift(self, tensors: Iterable[Tensor]) -> None:
        """Make sure that all processes still have the same.

        Raises:
            GoferError: They have not; what they computed together is not the loss of any batch.
        """
        if self.size == 1:
            return
        digest = hashlib.sha256()
        for tensor in tensors:
            digest.update(tensor.detach().cpu().numpy().tobytes())
        own = torch.tensor([[int.from_bytes(digest.digest()[:7], "little")]], device=self.device)
        if len(set(self.gathered(own).flatten().tolist())) > 1:
            raise GoferError(
                f"the {self.size} processes that train together no longer have the same weights or the same chance",
                help="run them on machines and devices of one kind, or set training.processes to 1",
            )


ALONE = Team()


def _own_device(device: torch.device, local: int) -> torch.device:
    if device.type != "cuda":
        return device
    if local >= torch.cuda.device_count():
        raise GoferError(
            f"training.processes asks for CUDA device {local}, but there are {torch.cuda.device_count()}",
            help="set training.processes to the number of devices, or training.device to cpu",
        )
    own = torch.device("cuda", local)
    torch.cuda.set_device(own)
    return own


class _Gathered(torch.autograd.Function):
    # Every process has the whole gradient of every row: its own rows need no message on the way back, but are weighed
    # with the number of processes, since the mean over them is taken at the end.
    @staticmethod
    def forward(ctx: Any, own_BW: Tensor, counts: tuple[int, ...], rank: int) -> Tensor:
        ctx.counts, ctx.rank, ctx.padded = counts, rank, own_BW.shape
        parts = [torch.empty_like(own_BW) for _ in counts]
        dist.all_gather(parts, own_BW.contiguous())
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        first, own = sum(ctx.counts[: ctx.rank]), ctx.counts[ctx.rank]
        gradient_BW = gradients[0].new_zeros(ctx.padded)
        gradient_BW[:own] = gradients[0][first : first + own] * len(ctx.counts)
        return gradient_BW, None, None
