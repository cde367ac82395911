"""A user's FASTA file: checked as a whole first, then read again in a stream, so that its size does not matter."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.protein_table import ProteinReader

MOST_PROTEINS = 64
MOST_RESIDUES = 32_768  # of a chunk; a longer protein is a separate chunk


@dataclass(frozen=True)
class QueryProtein:
    """A protein to predict for."""

    protein_id: str
    sequence: str
    description: str = ""


@dataclass(frozen=True)
class QueryFile:
    """A FASTA file that was read once.

    Attributes:
        path: The file.
        proteins: How many it holds.
        residues: Residues of all of them.
        digest: SHA-256 of their ids, descriptions and sequences in their order, hexadecimal.
        accounting: What was kept of its records.
    """

    path: Path
    proteins: int
    residues: int
    digest: str
    accounting: Accounting

    @classmethod
    def read(cls, path: Path | str) -> "QueryFile":
        """Read and check all of the file.

        Raises:
            InputError: A fault in the file.
            ProblemsError: Several of them.
        """
        reader, digest = ProteinReader([path]), hashlib.sha256()
        number = residues = 0
        for protein in _proteins(reader):
            number, residues = number + 1, residues + len(protein.sequence)
            digest.update(f"{protein.protein_id}\t{protein.description}\t{protein.sequence}\n".encode())
        return cls(Path(path), number, residues, digest.hexdigest(), reader.accounting)

    @classmethod
    def of_one(cls, path: Path | str, *, help: str) -> QueryProtein:
        """The only protein of a file.

        Args:
            path: The file.
            help: What to do where it holds several.

        Raises:
            GoferError: It holds several.
            InputError: As of `read`.
        """
        read = cls.read(path)
        if read.proteins != 1:
            raise GoferError(f"{path} holds {read.proteins:,} proteins, and one is wanted", help=help)
        return next(iter(read))

    def __iter__(self) -> Iterator[QueryProtein]:
        return _proteins(ProteinReader([self.path]))


def chunks(proteins: Iterable[QueryProtein]) -> Iterator[list[QueryProtein]]:
    """Neighbours, at most `MOST_PROTEINS` and `MOST_RESIDUES` together; by their order and lengths only."""
    held: list[QueryProtein] = []
    residues = 0
    for protein in proteins:
        if held and (len(held) == MOST_PROTEINS or residues + len(protein.sequence) > MOST_RESIDUES):
            yield held
            held, residues = [], 0
        held.append(protein)
        residues += len(protein.sequence)
    if held:
        yield held


def _proteins(reader: ProteinReader) -> Iterator[QueryProtein]:
    for batch in reader.batches():
        columns = (batch.column(name).to_pylist() for name in ("protein_id", "sequence", "description"))
        yield from map(QueryProtein, *columns)
