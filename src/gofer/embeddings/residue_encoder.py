"""From protein sequences to residue embeddings with any ESM model.

Shapes: L residues, E width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.embeddings.esm import LoadedESM, layer_number, load_esm, weights_digest
from gofer.embeddings.long_proteins import Window, stitched, windows_of
from gofer.embeddings.names import short_name
from gofer.embeddings.packed_esm import ForwardESM, forward_of
from gofer.embeddings.packing import tight_batches


@dataclass(frozen=True, eq=False)
class ResidueEncoder:
    """A model, one of its layers, and the way it is run.

    Attributes:
        name: `<model>, layer <N>, sha256:<12 hex of the weights>`: embeddings of two encoders are never mixed.
        width: E.
        most_residues: Longest sequence of one forward pass.
        forward: Runs sequences that fit.
    """

    name: str
    width: int
    most_residues: int
    forward: ForwardESM

    @classmethod
    def load(cls, model: str, layer: int | str) -> "ResidueEncoder":
        """The encoder that the config keys embeddings.residues.model and .layer name.

        Raises:
            GoferError: There is no such model or layer, or its file is missing or unsafe.
        """
        return cls.of_model(load_esm(model), layer, name=short_name(model))

    @classmethod
    def of_model(cls, loaded: LoadedESM, layer: int | str, *, name: str) -> "ResidueEncoder":
        """An encoder around a loaded model."""
        number = layer_number(layer, loaded.layers)
        return cls(
            name=f"{name}, layer {number}, sha256:{weights_digest(loaded.model)[:12]}",
            width=loaded.width,
            most_residues=loaded.most_residues,
            forward=forward_of(loaded.model, loaded.alphabet, number),
        )

    def embed(
        self, sequences: Sequence[str], *, batch_residues: int, window_overlap: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield (position in `sequences`, residue vectors (L, E) float32), short sequences first.

        Args:
            sequences: Upper-case amino-acid codes, each at least one.
            batch_residues: Most residues of a forward pass.
            window_overlap: Residues that neighbouring windows of a long protein share.
        """
        pieces = [
            (position, window)
            for position, sequence in enumerate(sequences)
            for window in windows_of(len(sequence), most=self.most_residues, overlap=window_overlap)
        ]
        waiting: dict[int, dict[Window, NDArray[np.float32]]] = {}
        missing = np.bincount([position for position, _ in pieces], minlength=len(sequences))
        for batch in tight_batches([window.end - window.start for _, window in pieces], most=batch_residues):
            chosen = [pieces[i] for i in batch]
            vectors = self.forward([sequences[position][window.start : window.end] for position, window in chosen])
            for (position, window), vectors_LE in zip(chosen, vectors, strict=True):
                parts = waiting.setdefault(position, {})
                parts[window] = vectors_LE
                if len(parts) == missing[position]:
                    yield position, _whole(waiting.pop(position))


def _whole(parts: dict[Window, NDArray[np.float32]]) -> NDArray[np.float32]:
    windows = sorted(parts, key=lambda window: window.start)
    return stitched(windows, [parts[window] for window in windows])
