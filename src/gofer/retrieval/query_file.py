"""A user's FASTA file: checked as a whole first, then read again in a stream, so that its size does not matter."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.protein_table import ProteinReader
from gofer.retrieval.predictor import QueryProtein

SUFFIXES = re.compile(r"\.(fasta|fa|faa|fas)?(\.(gz|bz2))?$")


@dataclass(frozen=True)
class QueryFile:
    """A FASTA file that was read once.

    Attributes:
        path: The file.
        proteins: How many it holds.
        residues: Residues of all of them.
        digest: SHA-256 of their ids, descriptions and sequences in their order, hexadecimal.
        accounting: What became of its records.
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

    def __iter__(self) -> Iterator[QueryProtein]:
        return _proteins(ProteinReader([self.path]))


def query_name(path: Path | str) -> str:
    """What the results of a query are called: its file name without endings.

    Characters other than A-Z, a-z, 0-9, dot, hyphen and underscore become _, and a digest of the name keeps such names
    different from each other.
    """
    stem = SUFFIXES.sub("", Path(path).name)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-")
    if plain == stem and plain:
        return plain
    return f"{plain or 'query'}-{hashlib.sha256(stem.encode()).hexdigest()[:6]}"


def _proteins(reader: ProteinReader) -> Iterator[QueryProtein]:
    for batch in reader.batches():
        columns = (batch.column(name).to_pylist() for name in ("protein_id", "sequence", "description"))
        yield from map(QueryProtein, *columns)
