"""Which training proteins a protein aligns with, and how well: its similarity with each of them, as a sparse vector.

Similarity is the score of the best local alignment, divided by the geometric mean of both proteins' scores with
themselves; it is 0 where the alignment is no better than chance. Unrelated proteins of similar composition, above all
coiled coils and membrane helices, align better than chance, but so do their reversed sequences. So the score that the
reversed sequence reaches beyond chance is subtracted (as in SAM; Karplus et al. 2005,
doi:10.1093/bioinformatics/bti629).

Of more than 20,000 training sequences DIAMOND's bit scores are taken in place of these: it finds the similar ones, and
corrects for composition itself. Shapes: N proteins, P training sequences, H hits.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import parasail
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.inputs.proteins.candidates import candidates, index_of, is_large, search_of_known
from gofer.inputs.proteins.kept_database import kept_database
from gofer.inputs.proteins.kmer_search import KmerIndex
from gofer.inputs.proteins.local_alignment import GAP_EXTEND, GAP_OPEN, LAMBDA, MATRIX, K, own_bits, own_score, scores

MAX_EXPECTED = 1e-4  # by chance, for one pair; distant relatives are worth a few false ones


class DifferentSequences(NamedTuple):
    """The different sequences of some proteins.

    Attributes:
        targets: Sorted, as an aligner's columns.
        target_N: Which of them each protein has.
    """

    targets: list[str]
    target_N: NDArray[np.int64]

    @classmethod
    def of(cls, sequences: Sequence[str]) -> "DifferentSequences":
        """Of proteins with these sequences."""
        targets = sorted(set(sequences))
        number_of = {sequence: number for number, sequence in enumerate(targets)}
        return cls(targets, np.array([number_of[sequence] for sequence in sequences], dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Aligner:
    """Aligns proteins with the training proteins.

    Attributes:
        targets: The different training sequences, sorted; the columns.
        most: Maximum number of them that a protein is aligned with: those that share most k-mers with it, or in large
            sets those that DIAMOND finds (`inputs.proteins.candidates`).
        searched: Similarity (1, P) of sequences that were searched before.
        kept_in: Folder in which DIAMOND's database of the targets is kept; None keeps none.
    """

    targets: tuple[str, ...]
    most: int
    searched: Mapping[str, sp.csr_array] = field(default_factory=dict)
    kept_in: Path | None = None

    def with_hits(self, hits: pd.DataFrame, sequence_of: Mapping[str, str]) -> "Aligner":
        """The same, which need not search for some proteins again; in small sets it aligns them as ever.

        Args:
            hits: What DIAMOND found: columns protein_id, known_id (None for a protein without a hit), bitscore.
            sequence_of: Sequence by protein id.
        """
        if not is_large(len(self.targets)) or hits.empty:
            return self
        query_H, place_H = np.unique(hits["protein_id"].astype(str), return_inverse=True)
        found_H = hits["known_id"].notna().to_numpy()
        columns = [self.column_of[sequence_of[known]] for known in hits["known_id"][found_H]]
        asked = [sequence_of[protein_id] for protein_id in query_H]
        table = pd.DataFrame({"query": place_H[found_H], "target": columns, "bitscore": hits["bitscore"][found_H]})
        return replace(self, searched=self._rows_of_hits(asked, table))

    @cached_property
    def column_of(self) -> dict[str, int]:
        """Column of each target."""
        return {sequence: column for column, sequence in enumerate(self.targets)}

    @cached_property
    def _index(self) -> KmerIndex:
        return index_of(self.targets)

    @cached_property
    def _own(self) -> dict[int, int]:
        return {}

    def _own_score(self, row: int) -> int:
        # Of the targets that something aligns with, once: most of a large set are never asked for.
        if row not in self._own:
            self._own[row] = own_score(self.targets[row])
        return self._own[row]

    def read(self, sequences: Sequence[str], *, threads: int = 1) -> sp.csr_array:
        """Similarity in (0, 1] with each training sequence where it is not 0, float32 (N, P).

        Args:
            sequences: Upper-case residues.
            threads: Number of threads; they change only the time.
        """
        row_of: dict[str, sp.csr_array] = {}
        for found in (self.searched, *reversed(self._ahead)):
            row_of |= {sequence: found[sequence] for sequence in set(sequences) if sequence in found}
        row_of |= self._search(sorted(set(sequences).difference(row_of)), threads)
        none = sp.csr_array((0, len(self.targets)), dtype=np.float32)
        return sp.csr_array(sp.vstack([none, *(row_of[sequence] for sequence in sequences)], format="csr"))

    def search_ahead(self, sequences: Sequence[str], *, threads: int = 1) -> None:
        """Search for proteins that `read` will be asked for, where DIAMOND searches: its cost is mostly by search.

        What was found by this call and the one before is kept.

        Args:
            sequences: Upper-case residues.
            threads: Number of threads; they change only the time.
        """
        if is_large(len(self.targets)):
            found = self._search(sorted(set(sequences).difference(self.searched)), threads)
            self._ahead[:] = [found, *self._ahead[:1]]

    @cached_property
    def _ahead(self) -> list[dict[str, sp.csr_array]]:
        return []

    def _search(self, different: Sequence[str], threads: int) -> dict[str, sp.csr_array]:
        if is_large(len(self.targets)):
            search = replace(search_of_known(len(self.targets), threads=threads), by_query=True)
            if search.installed and different:
                database = None if self.kept_in is None else kept_database(search, self.targets, self.kept_in)
                return self._rows_of_hits(different, search.hits(different, self.targets, database=database))
        tried = [np.arange(len(self.targets))] * len(different)
        if self.most < len(self.targets):
            tried = candidates(different, self.targets, most=self.most, index=lambda: self._index, threads=threads)
        with ThreadPoolExecutor(threads) as pool:
            return dict(zip(different, pool.map(self._row, different, tried), strict=True))

    def _rows_of_hits(self, asked: Sequence[str], hits: pd.DataFrame) -> dict[str, sp.csr_array]:
        # DIAMOND's hits: columns query (row of asked), target (row of targets), bitscore.
        query_H, target_H = hits["query"].to_numpy(np.int64), hits["target"].to_numpy(np.int64)
        different, place_H = np.unique(target_H, return_inverse=True)
        own_H = np.array([own_bits(self.targets[row]) for row in different.tolist()])[place_H]
        asked_H = np.array([own_bits(sequence) for sequence in asked])[query_H]
        value_H = np.minimum(hits["bitscore"].to_numpy() / np.sqrt(own_H * asked_H), 1).astype(np.float32)
        table = sp.csr_array((value_H, (query_H, target_H)), shape=(len(asked), len(self.targets)))
        return {sequence: table[[row]] for row, sequence in enumerate(asked)}

    def _row(self, sequence: str, tried: NDArray[np.int64]) -> sp.csr_array:
        others = [self.targets[row] for row in tried]
        found = scores(sequence, others, max_expected=MAX_EXPECTED)
        kept = [(tried[place], rest) for place, score in found if (rest := _unbiased(sequence, others[place], score))]
        rows = np.array([row for row, _ in kept], dtype=np.int64)
        values = np.array([score for _, score in kept], dtype=np.float64)
        own_R = np.array([self._own_score(row) for row in rows.tolist()], dtype=np.float64)
        values = np.minimum(values / np.sqrt(own_score(sequence) * own_R), 1).astype(np.float32)
        return sp.csr_array((values, (np.zeros_like(rows), rows)), shape=(1, len(self.targets)))


def _unbiased(one: str, other: str, score: int) -> float:
    # The score minus the part due to composition, or 0 where the rest is no better than chance.
    chance = np.log(K * len(one) * len(other)) / LAMBDA  # the score that one pair has by chance once
    reverse = parasail.sw_striped_sat(one, other[::-1], GAP_OPEN, GAP_EXTEND, MATRIX).score
    rest = float(score - max(reverse - chance, 0.0))
    return rest if rest >= chance - np.log(MAX_EXPECTED) / LAMBDA else 0.0
