"""Device, precision and memory of a forward pass, and smaller batches where memory runs out."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from gofer.embeddings.packing import tight_batches
from gofer.errors import GoferError
from gofer.workflow import logger

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
# Messages of torch's CPU allocator, on Linux and on Windows; on CUDA it raises a special error.
NO_MEMORY = ("can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Compute:
    """A device and the type of its matrix products.

    Attributes:
        device: CPU or one CUDA device.
        dtype: float32, bfloat16 or float16. Sums over the layers, layer norms and softmax are float32 in any case.
    """

    device: torch.device = torch.device("cpu")
    dtype: torch.dtype = torch.float32

    @classmethod
    def chosen(
        cls, device: str = "auto", precision: str = "float32", *, section: str = "embeddings.residues"
    ) -> "Compute":
        """The values of the keys device and precision of a section of the config.

        Args:
            device: auto (CUDA where there is a device), cpu or cuda.
            precision: float32, bfloat16 or float16.
            section: Of the config, for the error.

        Raises:
            GoferError: The config says cuda, but there is no CUDA device.
        """
        found = torch.cuda.is_available()
        if device == "cuda" and not found:
            raise GoferError(
                f"{section}.device is cuda, but torch {torch.__version__} finds no CUDA device here",
                help="write auto or cpu, or run where nvidia-smi lists a device and torch is built for CUDA",
            )
        use_cuda = found and device != "cpu"
        return cls(torch.device("cuda" if use_cuda else "cpu"), PRECISIONS[precision])

    @property
    def precision(self) -> str:
        """The numbers as the config names them."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def is_slow(self) -> bool:
        """Whether float32 would be faster: float16 on a CPU took 4 to 7 times as long (Zen 4, torch 2.13)."""
        return self.device.type == "cpu" and self.dtype == torch.float16


CPU_FLOAT32 = Compute()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the machine ran out of memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)


GIB = 2**30
# At its peak a layer holds, for each token, the float32 sum over the layers and, while queries and keys turn, 4 float32
# vectors as wide as the model and 2 in the type of its products (torch's count, tests/embeddings/test_compute.py).
# ESM-1 holds up to 6 more of these, and the process of any model may, for the products and gaps between allocations
# (`benchmarks/extraction.py` measures both).
FLOAT32_VECTORS_AT_PEAK = 5
VECTORS_AT_PEAK = 8
# Cosines and sines of the rotary angles, once by position and once by token, are as wide as one head.
ANGLES_AT_PEAK = 8

Found = TypeVar("Found")


@dataclass(frozen=True)
class Footprint:
    """Memory of a forward pass; while a model is loaded, twice its float32 weights are needed for a moment.

    Attributes:
        weights: Bytes that the model takes.
        per_token: Further bytes for each token of the batch.
    """

    weights: int
    per_token: int

    @classmethod
    def of_sizes(cls, *, weights: int, width: int, heads: int, compute: Compute) -> "Footprint":
        """The footprint of a packed ESM.

        Args:
            weights: How many the layers have.
            width: E.
            heads: H.
            compute: In which numbers it runs.
        """
        number = compute.dtype.itemsize
        vectors = width * (FLOAT32_VECTORS_AT_PEAK * torch.float32.itemsize + VECTORS_AT_PEAK * number)
        return cls(weights * number, vectors + ANGLES_AT_PEAK * number * width // heads)

    def tokens_that_fit(self, memory_gib: float | None, *, batch_tokens: int, longest: int) -> int:
        """Tokens of a forward pass: `batch_tokens`, or fewer if memory_gib allows only fewer.

        Args:
            memory_gib: Config key embeddings.residues.memory_gib; None for no limit.
            batch_tokens: Config key embeddings.residues.batch_residues.
            longest: Tokens of the longest sequence, which must fit by itself.

        Raises:
            GoferError: It does not.
        """
        if memory_gib is None:
            return batch_tokens
        fit = int((memory_gib * GIB - self.weights) // self.per_token)
        if fit < longest:
            weights, longest_gib = self.weights / GIB, longest * self.per_token / GIB
            raise GoferError(
                f"embeddings.residues.memory_gib {memory_gib:g} is too little: the model's weights take "
                f"{weights:.3f} GiB, and the longest sequence ({longest:,} tokens) {longest_gib:.3f} GiB",
                help=f"set it to {weights + longest_gib + 0.001:.3f} or more, or choose bfloat16 or a smaller model",
            )
        if fit < batch_tokens:
            logger.info("memory_gib %g: batches of %d tokens, not %d", memory_gib, fit, batch_tokens)
        return min(fit, batch_tokens)


def in_batches(
    work: Callable[[list[int]], Found], tokens: Sequence[int], *, most: int, names: Sequence[str]
) -> Iterator[tuple[list[int], Found]]:
    """Yield (positions, `work` of them), short sequences first; after running out of memory, batches are half as large.

    Args:
        work: Takes positions; may run out of memory.
        tokens: How many each sequence has.
        most: Most tokens of a batch (a longer sequence is a batch by itself).
        names: What each sequence is called in an error.

    Raises:
        GoferError: There is not enough memory for a single sequence.
    """
    waiting = deque(tight_batches(tokens, most=most))
    while waiting:
        batch = waiting.popleft()
        found = _unless_out_of_memory(work, batch)
        if found is not None:
            yield batch, found
            continue
        held = sum(tokens[i] for i in batch)
        if len(batch) == 1:
            raise GoferError(
                f"there is not enough memory for a forward pass over {names[batch[0]]} ({held:,} tokens)",
                help="give the job more memory, set embeddings.residues.device to cpu or .precision to bfloat16, "
                "or choose a smaller model",
            )
        most = held // 2
        logger.info("out of memory with a batch of %d tokens: continuing with at most %d", held, most)
        rest = [i for group in (batch, *waiting) for i in group]
        smaller = tight_batches([tokens[i] for i in rest], most=most)
        waiting = deque([rest[i] for i in group] for group in smaller)


def _unless_out_of_memory(work: Callable[[list[int]], Found], batch: list[int]) -> Found | None:
    try:
        return work(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Only here has the error released the tensors of the failed pass.
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return None
