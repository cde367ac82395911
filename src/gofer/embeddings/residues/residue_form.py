"""The form in which residue vectors are stored: float16, or int8 with a scale per residue.

int8 takes E + 4 bytes per residue instead of 2 E. A residue's vector is divided by its scale, the largest magnitude in
it over 127, and rounded: no value is off by more than half a scale (`benchmarks/store_loss.py` measures what that
costs). Whoever reads gets float16 of either form. Shapes: L residues, E width.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import Manifest

FLOAT16, INT8 = "float16", "int8"
LARGEST = 127
SCALE = np.dtype("<f4")

Lengths = TypeVar("Lengths", int, NDArray[np.int64])


@dataclass(frozen=True)
class ResidueForm:
    """How a store holds its vectors.

    Attributes:
        width: E.
        store: Config key embeddings.residues.store: "float16" or "int8".
    """

    width: int
    store: str = FLOAT16

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> "ResidueForm":
        """The form of a shard or a store."""
        return cls(int(manifest.made_by["width"]), manifest.made_by.get("store", FLOAT16))

    def facts(self) -> dict[str, Any]:
        """What a manifest says of it; of float16, the form of older stores, only the width."""
        return {"width": self.width} | ({} if self.store == FLOAT16 else {"store": self.store})

    def size(self, length: Lengths) -> Lengths:
        """Bytes of the vectors of sequences of `length`."""
        return length * (2 * self.width if self.store == FLOAT16 else self.width + SCALE.itemsize)

    def packed(self, residues_LE: NDArray[np.floating]) -> bytes:
        """The bytes of vectors that float16 can hold: for int8 first the scales (L,), then the numbers (L, E)."""
        if self.store == FLOAT16:
            return residues_LE.astype("<f2").tobytes()
        numbers_LE = residues_LE.astype(np.float32)
        scale_L = (np.abs(numbers_LE).max(axis=1, initial=0.0) / LARGEST).astype(SCALE)
        divided_LE = numbers_LE / np.where(scale_L > 0, scale_L, 1)[:, None]
        return scale_L.tobytes() + np.rint(divided_LE).clip(-LARGEST, LARGEST).astype(np.int8).tobytes()

    def unpacked(self, blob: bytes, length: int) -> NDArray[np.float16]:
        """The vectors (L, E), read-only, of bytes that `packed` gave."""
        if self.store == FLOAT16:
            return np.frombuffer(blob, "<f2").reshape(length, self.width)
        scale_L = np.frombuffer(blob, SCALE, count=length)
        numbers_LE = np.frombuffer(blob, np.int8, offset=scale_L.nbytes).reshape(length, self.width)
        residues_LE = (numbers_LE * scale_L[:, None]).astype(np.float16)
        residues_LE.flags.writeable = False
        return residues_LE

    def as_stored(self, residues_LE: NDArray[np.floating]) -> NDArray[np.float16]:
        """The vectors as a store of this form would give them back."""
        return self.unpacked(self.packed(residues_LE), len(residues_LE))
