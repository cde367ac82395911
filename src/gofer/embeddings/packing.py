"""Sequences of different lengths packed without padding, and linear layers that are fast on such rows.

Linear layers see one long row of tokens; attention runs over each sequence, and over sequences of equal length at once.
The weights of a `PackedLinear` are laid out in memory as oneDNN wants them, which spares a copy per call; torch has the
operation for its compiler, and where this build or processor lacks it, or does it more slowly, the plain one is used.
Shapes: R tokens packed, H heads, C width of a head.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

Given = TypeVar("Given")
Found = TypeVar("Found")


def tight_batches(lengths: Sequence[int], *, most: int) -> list[list[int]]:
    """Positions in groups, sorted by length, each at most `most` in all (a longer sequence is a group by itself)."""
    batches: list[list[int]] = []
    held = 0
    for position in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if not batches or held + lengths[position] > most:
            batches.append([])
            held = 0
        batches[-1].append(position)
        held += lengths[position]
    return batches


def runs_of(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbours of equal length as (how many, length)."""
    runs: list[tuple[int, int]] = []
    for length in lengths:
        if runs and runs[-1][1] == length:
            runs[-1] = (runs[-1][0] + 1, length)
        else:
            runs.append((1, length))
    return runs


def attend(
    q_RHC: Tensor,
    k_RHC: Tensor,
    v_RHC: Tensor,
    runs: Sequence[tuple[int, int]],
    *,
    scale: float,
    also: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Attention of each sequence to itself, (R, H * C).

    Args:
        q_RHC: Queries.
        k_RHC: Keys.
        v_RHC: Values.
        runs: `runs_of` the lengths, in the order of the tokens.
        scale: Factor of the scores.
        also: A further key and value (H, C), seen by every sequence.
    """
    out_RHC = torch.empty(v_RHC.shape, dtype=v_RHC.dtype, device=v_RHC.device)
    start = 0
    for number, length in runs:
        end = start + number * length
        q, k, v = (x[start:end].unflatten(0, (number, length)).transpose(1, 2) for x in (q_RHC, k_RHC, v_RHC))
        if also is not None:
            k_more, v_more = (one.expand(number, 1, -1, -1).transpose(1, 2) for one in also)
            k, v = torch.cat([k, k_more], 2), torch.cat([v, v_more], 2)
        attended = F.scaled_dot_product_attention(q, k, v, scale=scale)
        out_RHC[start:end].unflatten(0, (number, length)).copy_(attended.transpose(1, 2))
        start = end
    return out_RHC.flatten(1)


def each_on_one_thread(work: Callable[[Given], Found], batches: Sequence[Given]) -> Iterator[Found]:
    """Yield `work` of each batch, in order, with as many batches at a time as torch may use threads.

    Threads that share one product wait for each other after every operation. On a machine that does other things too,
    that costs several times the work; threads with a batch each never wait.
    """
    threads = torch.get_num_threads()
    if min(threads, len(batches)) < 2:
        yield from map(work, batches)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(work, batches)
    finally:
        torch.set_num_threads(threads)


# Rows of a typical call. The layout is chosen for it; other numbers of rows work as well.
TYPICAL_ROWS = 1024
# Processors on which the plain float32 product takes 6 % less time than oneDNN's, and with GELU 15 to 25 % less (torch
# 2.13); oneDNN has no products of fewer bits there.
PLAIN_IS_FASTER = "AVX2"


class PackedLinear:
    """x W^T + b, followed by GELU if `gelu`.

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
        return torch.ops.aten.gelu_(y) if self.gelu else y


def _packed(weight: Tensor) -> Tensor | None:
    if not torch.backends.mkldnn.is_available() or weight.device.type != "cpu":
        return None
    if torch.backends.cpu.get_cpu_capability() == PLAIN_IS_FASTER:
        return None
    try:
        return torch.ops.mkldnn._reorder_linear_weight(weight, TYPICAL_ROWS)
    except (AttributeError, NotImplementedError, RuntimeError):
        return None
