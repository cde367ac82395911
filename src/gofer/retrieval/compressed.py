"""Arrays in fewer bytes, without loss: bytes of the same significance next to each other, then DEFLATE."""

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)  # the second is smaller where nothing is repeated


def compressed(array: NDArray) -> NDArray[np.uint8]:
    """The bytes of an array, in fewer bytes."""
    bytes_N = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    content = np.ascontiguousarray(bytes_N.reshape(-1, max(array.itemsize, 1)).T).tobytes()
    return np.frombuffer(min((_deflated(content, strategy) for strategy in STRATEGIES), key=len), np.uint8)


def restored(content: NDArray[np.uint8], dtype: DTypeLike, shape: Sequence[int]) -> NDArray:
    """The inverse of `compressed`, read-only.

    Raises:
        ValueError: The content is not that of such an array. Not more than its bytes are written to memory.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(content.tobytes(), size + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed ({error})") from error
    if len(found) != size or not reader.eof:
        raise ValueError(f"it is not {size:,} bytes")
    planes = np.frombuffer(found, np.uint8).reshape(dtype.itemsize, -1)
    array = np.ascontiguousarray(planes.T).reshape(-1).view(dtype).reshape(tuple(shape))
    array.flags.writeable = False
    return array


def _deflated(content: bytes, strategy: int) -> bytes:
    writer = zlib.compressobj(9, strategy=strategy)
    return writer.compress(content) + writer.flush()
