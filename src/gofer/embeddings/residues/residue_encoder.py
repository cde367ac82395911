"""From protein sequences to residue embeddings with any ESM model.

Shapes: L residues, E width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gofer.embeddings.compute import CPU_FLOAT32, Compute, Footprint, in_batches
from gofer.embeddings.encoder_names import short_name
from gofer.embeddings.residues.esm import LoadedESM, layer_number, load_esm, weights_digest
from gofer.embeddings.residues.long_proteins import Window, stitched, windows_of
from gofer.embeddings.residues.packed_esm import ForwardESM, PackedESM
from gofer.embeddings.residues.residue_form import FLOAT16, ResidueForm
from gofer.workflow import logger

END_TOKENS = 2


@dataclass(frozen=True, eq=False)
class ResidueEncoder:
    """A model, one of its layers, and the way it is run.

    Attributes:
        name: `<model>, layer <N>, sha256:<12 hex of the weights>`, the precision where it is not float32, and the
            form where it is not float16: embeddings of two encoders are never mixed.
        width: E.
        most_residues: Longest sequence of one forward pass.
        forward: Runs sequences that fit.
        footprint: Memory that it takes.
        store: Form in which its vectors are stored.
    """

    name: str
    width: int
    most_residues: int
    forward: ForwardESM
    footprint: Footprint
    store: str = FLOAT16

    @property
    def form(self) -> ResidueForm:
        """How a store holds its vectors."""
        return ResidueForm(self.width, self.store)

    @classmethod
    def load(
        cls,
        model: str,
        layer: int | str,
        *,
        device: str = "auto",
        precision: str = "float32",
        store: str = FLOAT16,
        offline: bool = False,
    ) -> "ResidueEncoder":
        """The encoder that the config keys of the same names below embeddings.residues describe.

        Raises:
            GoferError: There is no such model, layer or device, or the model's file is missing, damaged or unsafe.
        """
        compute = Compute.chosen(device, precision)
        slow = ", which a CPU does more slowly than float32" if compute.is_slow else ""
        logger.info("on %s in %s%s", compute.device, compute.precision, slow)
        loaded = load_esm(model, offline=offline)
        return cls.of_model(loaded, layer, name=short_name(model), compute=compute, store=store)

    @classmethod
    def of_model(
        cls,
        loaded: LoadedESM,
        layer: int | str,
        *,
        name: str,
        compute: Compute = CPU_FLOAT32,
        store: str = FLOAT16,
    ) -> "ResidueEncoder":
        """An encoder around a loaded model."""
        number = layer_number(layer, loaded.layers)
        facts = [name, f"layer {number}", f"sha256:{weights_digest(loaded.model)[:12]}"]
        if compute.precision != "float32":
            facts.append(compute.precision)
        if store != FLOAT16:
            facts.append(store)
        forward = PackedESM(loaded.model, loaded.alphabet, number, compute)
        return cls(", ".join(facts), loaded.width, loaded.most_residues, forward, forward.footprint, store)

    def batch_that_fits(self, batch_residues: int, *, memory_gib: float | None, longest: int) -> int:
        """Residues of a forward pass: `batch_residues`, or fewer where memory_gib allows only fewer.

        Args:
            batch_residues: Config key embeddings.residues.batch_residues.
            memory_gib: Config key embeddings.residues.memory_gib; None for no limit.
            longest: Residues of the longest protein.

        Raises:
            GoferError: The longest sequence does not fit.
        """
        tokens = min(longest, self.most_residues) + END_TOKENS
        return self.footprint.tokens_that_fit(memory_gib, batch_tokens=batch_residues, longest=tokens)

    def embed(
        self, sequences: Sequence[str], *, batch_residues: int, window_overlap: int, names: Sequence[str] = ()
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield (position in `sequences`, residue vectors (L, E) float32), in the order of `order_of`.

        Args:
            sequences: Upper-case amino-acid codes, each at least one.
            batch_residues: Most residues of a forward pass, the tokens at both ends of a sequence counted; fewer after
                memory ran out.
            window_overlap: Residues that neighbouring windows of a long protein share.
            names: What each sequence is called in an error.

        Raises:
            GoferError: There is not enough memory for a single sequence.
        """
        pieces = [
            (position, window)
            for position, sequence in enumerate(sequences)
            for window in windows_of(len(sequence), most=self.most_residues, overlap=window_overlap)
        ]

        def forward(batch: list[int]) -> list[NDArray[np.float32]]:
            chosen = [pieces[i] for i in batch]
            return self.forward([sequences[position][window.start : window.end] for position, window in chosen])

        waiting: dict[int, dict[Window, NDArray[np.float32]]] = {}
        missing = np.bincount([position for position, _ in pieces], minlength=len(sequences))
        tokens = [window.end - window.start + END_TOKENS for _, window in pieces]
        called = [names[position] if names else f"sequence {position + 1}" for position, _ in pieces]
        for batch, vectors in in_batches(forward, tokens, most=batch_residues, names=called):
            for piece, vectors_LE in zip(batch, vectors, strict=True):
                position, window = pieces[piece]
                parts = waiting.setdefault(position, {})
                parts[window] = vectors_LE
                if len(parts) == missing[position]:
                    yield position, _whole(waiting.pop(position))

    def order_of(self, lengths: Sequence[int]) -> list[int]:
        """Positions in the order in which `embed` yields them: short sequences first, equal ones as they stand."""
        return sorted(range(len(lengths)), key=lambda i: (min(lengths[i], self.most_residues), i))


def _whole(parts: dict[Window, NDArray[np.float32]]) -> NDArray[np.float32]:
    windows = sorted(parts, key=lambda window: window.start)
    return stitched(windows, [parts[window] for window in windows])
