"""Several processes that train one model, each on a part of every batch: one per GPU, or one per CPU core.

All have the same weights, labels and random state. Each pools the residues of its part, which is most of the work,
and sends the pooled vectors to the others; after that all compute the same candidates, loss and update. So each has the
whole gradient of the vectors that it pooled. With that part counted `size` times, the mean over processes is the
gradient of one process with the whole batch, except for the order of sums.

torchrun (or `gofer.training.launch`) starts the processes and gives each its rank. CPU processes use gloo, which is
tested; CUDA processes use NCCL, one device each, which was not tried on a machine with devices.

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
    def joined(cls, device: torch.device, *, started: bool = True) -> Iterator["Team"]:
        """The processes that torchrun started, until the block ends; without torchrun only this one.

        Args:
            device: CPU, or CUDA: each process takes the device of its local rank.
            started: Whether torchrun started this process. If not, WORLD_SIZE and the like in the environment are
                somebody else's.

        Raises:
            GoferError: A machine has fewer CUDA devices than processes.
        """
        given = os.environ if started else {}
        size, local = int(given.get("WORLD_SIZE", "1")), int(given.get("LOCAL_RANK", "0"))
        device = _local_device(device, local)
        if size == 1:
            yield cls(device=device)
            return
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield cls(dist.get_rank(), size, device)
        finally:
            dist.destroy_process_group()

    @property
    def leads(self) -> bool:
        """Whether this process writes and logs for all."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """The part of `count` rows that this process has: consecutive, in the order of ranks, as equal as possible."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def gathered(self, part_BW: Tensor) -> Tensor:
        """The rows of all processes, in the order of ranks; narrower ones are padded with 0 on the right.

        The gradient of a row goes back to its process. All processes must compute the same from the result.
        """
        if self.size == 1:
            return part_BW
        shape = torch.tensor(part_BW.shape, device=self.device)
        shapes = [torch.empty_like(shape) for _ in range(self.size)]
        dist.all_gather(shapes, shape)
        counts, widths = zip(*(found.tolist() for found in shapes), strict=True)
        if not any(counts):
            return part_BW
        wide_BW = F.pad(part_BW, (0, max(widths) - part_BW.shape[1], 0, max(counts) - len(part_BW)))
        rows_BW: Tensor = _Gathered.apply(wide_BW, counts, self.rank)
        return rows_BW

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, of any shape; without gradient."""
        if self.size > 1:
            values = values.to(self.device, copy=True)
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return bool(self.total(torch.tensor(int(flag))) > 0)

    def average_gradients(self, model: nn.Module) -> None:
        """Give each weight the mean of its gradients; a process without one counts as 0."""
        if self.size == 1:
            return
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        mean_R = self.total(torch.cat([gradient.flatten() for gradient in gradients])) / self.size
        for weight, mean in zip(weights, mean_R.split([weight.numel() for weight in weights]), strict=True):
            weight.grad = mean.view_as(weight)

    def random_state(self) -> dict[str, Tensor]:
        """The state of torch's generators that training draws from."""
        if self.device.type != "cuda":
            return {"torch_rng": torch.get_rng_state()}
        return {"torch_rng": torch.get_rng_state(), "cuda_rng": torch.cuda.get_rng_state(self.device)}

    def restore_random_state(self, tensors: Mapping[str, Tensor]) -> None:
        """The inverse of `random_state`."""
        torch.set_rng_state(tensors["torch_rng"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["cuda_rng"], self.device)

    def refuse_drift(self, tensors: Iterable[Tensor]) -> None:
        """Make sure that these tensors are the same in all processes.

        Raises:
            GoferError: They are not, so what the processes computed together is not the loss of any batch.
        """
        if self.size == 1:
            return
        digest = hashlib.sha256()
        for tensor in tensors:
            digest.update(tensor.detach().cpu().numpy().tobytes())
        mark = torch.tensor([[int.from_bytes(digest.digest()[:7], "little")]], device=self.device)
        if len(set(self.gathered(mark).flatten().tolist())) > 1:
            raise GoferError(
                f"the {self.size} processes no longer have the same weights or the same random state",
                help="use machines and devices of one kind, or set training.processes to 1",
            )


ALONE = Team()


def _local_device(device: torch.device, local: int) -> torch.device:
    if device.type != "cuda":
        return device
    if local >= torch.cuda.device_count():
        raise GoferError(
            f"training.processes asks for CUDA device {local}, but there are {torch.cuda.device_count()}",
            help="set training.processes to the number of devices, or training.device to cpu",
        )
    device = torch.device("cuda", local)
    torch.cuda.set_device(device)
    return device


class _Gathered(torch.autograd.Function):
    # Every process has the whole gradient of every row, so the backward pass sends nothing. The rows of this process
    # are multiplied by the number of processes, since the mean over processes is taken at the end.
    @staticmethod
    def forward(ctx: Any, part_BW: Tensor, counts: tuple[int, ...], rank: int) -> Tensor:
        ctx.counts, ctx.rank, ctx.padded = counts, rank, part_BW.shape
        parts = [torch.empty_like(part_BW) for _ in counts]
        dist.all_gather(parts, part_BW.contiguous())
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        first, count = sum(ctx.counts[: ctx.rank]), ctx.counts[ctx.rank]
        gradient_BW = gradients[0].new_zeros(ctx.padded)
        gradient_BW[:count] = gradients[0][first : first + count] * len(ctx.counts)
        return gradient_BW, None, None
