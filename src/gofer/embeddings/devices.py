"""Where a forward pass runs, in which numbers, and how it tells that memory ran out."""

from dataclasses import dataclass

import torch

from gofer.errors import GoferError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
# What torch's CPU allocator says, on Linux and on Windows; on CUDA it raises an error of its own type.
NO_MEMORY = ("can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Compute:
    """A device and the numbers that its products are made in.

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
        """What the keys device and precision of a section of the config name.

        Args:
            device: auto (CUDA where there is a device), cpu or cuda.
            precision: float32, bfloat16 or float16.
            section: Of the config, for the error.

        Raises:
            GoferError: CUDA is asked for where there is none.
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
    """Whether an error says that the device or the machine had no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)
