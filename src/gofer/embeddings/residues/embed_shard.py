"""The rows of one shard: from the cache where it has them, otherwise embedded; the same rows in the same order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.residues.residue_cache import ResidueCache
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.embeddings.residues.shards import EmbeddedSequence
from gofer.inputs.accounting import Accounting
from gofer.workflow import logger, progress


@dataclass(frozen=True, eq=False)
class Extraction:
    """The work of one shard.

    Attributes:
        sequences: Its sequences, from `sequences_of_shard`.
        encoder: Embeds what the cache lacks.
        cache: Of the same encoder and overlap.
        batch_residues: Most residues of a forward pass.
        window_overlap: Residues that neighbouring windows of a long protein share.
    """

    sequences: pd.DataFrame
    encoder: ResidueEncoder
    cache: ResidueCache
    batch_residues: int
    window_overlap: int

    @cached_property
    def known(self) -> set[str]:
        """Hashes of the sequences that the cache has."""
        found = self.cache.known(self.sequences["sequence_sha256"].tolist())
        logger.info("%d of %d sequences were in the cache", len(found), len(self.sequences))
        return found

    def rows(self) -> Iterator[EmbeddedSequence]:
        """Every sequence once, short ones first."""
        shas, ids, lengths, sequences = (
            self.sequences[column].tolist() for column in ("sequence_sha256", "protein_id", "length", "sequence")
        )
        order = self.encoder.order_of(lengths)
        missing = sorted(position for position in order if shas[position] not in self.known)
        embedded = self._embedded([sequences[i] for i in missing], [ids[i] for i in missing])
        for position in progress(order, "embedding residues"):
            residues_LE: NDArray[np.floating] | bytes | None
            if shas[position] in self.known:
                residues_LE = self.cache.get(shas[position])
                if residues_LE is None:  # removed by another job since
                    residues_LE = next(self._embedded([sequences[position]], [ids[position]]))
            else:
                residues_LE = next(embedded)
            yield EmbeddedSequence(shas[position], ids[position], lengths[position], residues_LE)

    def accounting(self) -> Accounting:
        """How many sequences came from where."""
        found = Accounting()
        found.add("sequences", "in the cache", len(self.known))
        found.add("sequences", "embedded", len(self.sequences) - len(self.known))
        most = self.encoder.most_residues
        in_windows = (self.sequences["length"] > most) & ~self.sequences["sequence_sha256"].isin(self.known)
        found.add("sequences embedded", f"in windows, longer than {most:,} residues", int(in_windows.sum()))
        return found

    def _embedded(self, sequences: list[str], names: list[str]) -> Iterator[NDArray[np.float32]]:
        vectors = self.encoder.embed(
            sequences, batch_residues=self.batch_residues, window_overlap=self.window_overlap, names=names
        )
        return (residues_LE for _, residues_LE in vectors)
