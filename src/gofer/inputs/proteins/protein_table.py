"""The proteins of a run: those of one or more FASTA files, each id once, and only the wanted ones."""

import hashlib
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from gofer.artefacts import Manifest, read_table
from gofer.errors import InputError, Problems, collected_problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.fasta import read_fasta
from gofer.inputs.proteins.fasta_record import FastaProtein
from gofer.inputs.schemas import PROTEINS
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, read_ids

BATCH_BYTES = 4 << 20
PLACE = struct.Struct(">32sIQ")  # SHA-256 of the sequence, number of the file, line
SAME = "same id and sequence as an earlier record"


class Row(NamedTuple):
    """A row of `schemas.PROTEINS`."""

    protein_id: str
    sequence: str
    length: int
    sequence_sha256: str
    description: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """Proteins that take no part in a run, and their sequences.

    Attributes:
        ids: Of the proteins, those of the FASTA.
        digests: SHA-256 of their sequences.
    """

    ids: frozenset[str] = frozenset()
    digests: frozenset[bytes] = frozenset()

    @classmethod
    def of_files(cls, ids: Collection[str], paths: Iterable[Path], limits: Limits) -> "LeftOut":
        """The named proteins of some FASTA files; their faults are left to the second reading."""
        problems = Problems()
        records = (protein for path in paths for protein in read_fasta(path, problems, limits))
        found = {protein.protein_id: _digest(protein) for protein in records if protein.protein_id in ids}
        return cls(frozenset(found), frozenset(found.values()))

    def reason(self, protein_id: str, digest: bytes) -> str:
        """Why a protein is left out; empty where it is not."""
        if protein_id in self.ids:
            return "id in leave_out_ids"
        return "sequence of a protein of leave_out_ids" if digest in self.digests else ""


class ProteinReader:
    """The proteins of one or more FASTA files, in their order, each id once; read in batches.

    Of a protein, memory keeps the id, the digest of its sequence and its place: some 200 bytes.
    With `leave_out_ids` the files are read twice: which sequences to leave out is known only at their end.

    Args:
        paths: Files, plain, gzip or bzip2.
        keep_ids: A file with one id per line: only these are kept.
        leave_out_ids: A file with one id per line: these proteins, and all that have the sequence of one, are left out.
        limits: What a file may hold at most.

    Attributes:
        accounting: What became of the records; whole once all batches are read.
    """

    def __init__(
        self,
        paths: Iterable[Path | str],
        *,
        keep_ids: Path | str | None = None,
        leave_out_ids: Path | str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.accounting = Accounting()
        self._paths = [Path(path) for path in paths]
        self._keep_ids = keep_ids
        self._leave_out_ids = leave_out_ids
        self._left_out = LeftOut()
        self._limits = limits
        self._seen: dict[str, bytes] = {}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The kept proteins, columns as in `schemas.PROTEINS`; a batch holds about `BATCH_BYTES` of text.

        Raises:
            InputError: One fault.
            ProblemsError: Several faults.
        """
        rows: list[Row] = []
        size = 0
        for row in self._rows():
            rows.append(row)
            size += len(row.sequence) + len(row.description)
            if size >= BATCH_BYTES:
                yield _batch(rows)
                rows, size = [], 0
        if rows:
            yield _batch(rows)

    def manifest(self) -> Manifest:
        """With the release fact `proteins_sha256`: SHA-256 over the sorted ids and sequence hashes of all batches."""
        digest = hashlib.sha256()
        for protein_id in sorted(self._seen):
            digest.update(f"{protein_id}\t{self._seen[protein_id][:32].hex()}\n".encode())
        return Manifest({"proteins_sha256": digest.hexdigest()}).with_facts(sources=[str(path) for path in self._paths])

    def _rows(self) -> Iterator[Row]:
        wanted = read_ids(self._keep_ids, self._limits) if self._keep_ids else None
        if self._leave_out_ids:
            ids = read_ids(self._leave_out_ids, self._limits)
            self._left_out = LeftOut.of_files(ids, self._paths, self._limits)
            self._check_listed(ids, self._left_out.ids, self._leave_out_ids, "leave_out_ids")
        with collected_problems() as problems:
            for file, path in enumerate(self._paths):
                for protein in read_fasta(path, problems, self._limits):
                    if digest := self._kept(protein, file, wanted, problems):
                        _, protein_id, aliases, sequence, description, _ = protein
                        yield Row(protein_id, sequence, len(sequence), digest.hex(), description, aliases)
        if wanted is not None:
            self._check_listed(wanted, self._seen.keys(), self._keep_ids, "keep_ids")
        self.accounting.add("proteins kept", count=len(self._seen))

    def _kept(self, protein: FastaProtein, file: int, wanted: Mapping[str, int] | None, problems: Problems) -> bytes:
        """Digest of a new and wanted protein's sequence; of any other protein nothing, once it is accounted for."""
        self.accounting.add("records read")
        if wanted is not None and protein.protein_id not in wanted:
            self.accounting.add("records dropped", "id not in keep_ids")
            return b""
        digest = _digest(protein)
        if reason := self._left_out.reason(protein.protein_id, digest):
            self.accounting.add("records dropped", reason)
            return b""
        entry = PLACE.pack(digest, file, protein.line)
        first = self._seen.setdefault(protein.protein_id, entry)
        if first is entry:
            for item, reason in protein.notes:
                self.accounting.add(item, reason)
            return digest
        if first.startswith(digest):
            self.accounting.add("records dropped", SAME, example=protein.protein_id)
        else:
            problems.add(self._clash(protein, file, first))
        return b""

    def _clash(self, protein: FastaProtein, file: int, first: bytes) -> InputError:
        _, first_file, first_line = PLACE.unpack(first)
        where = f"line {first_line}" if first_file == file else f"{self._paths[first_file]}:{first_line}"
        return InputError(
            f"id {protein.protein_id} was used in {where} for another sequence",
            path=self._paths[file],
            line=protein.line,
            help="give each protein a unique id",
        )

    def _check_listed(
        self, listed: Mapping[str, int], found: Collection[str], path: Path | str | None, key: str
    ) -> None:
        missing = [protein_id for protein_id in listed if protein_id not in found]
        if len(missing) == len(listed):
            raise InputError(
                f"none of its {len(listed)} ids, e.g. {missing[0]}, is a protein of the FASTA",
                path=path,
                help="give ids as written in the FASTA (of a UniProt header the accession)",
            )
        for protein_id in missing:
            self.accounting.add(f"{key} without a protein", example=protein_id)


def read_proteins(
    paths: Iterable[Path | str],
    *,
    keep_ids: Path | str | None = None,
    leave_out_ids: Path | str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[pd.DataFrame, Accounting]:
    """All that a `ProteinReader` reads as one table, columns as in `schemas.PROTEINS`, and its accounting."""
    reader = ProteinReader(paths, keep_ids=keep_ids, leave_out_ids=leave_out_ids, limits=limits)
    return pa.Table.from_batches(reader.batches(), PROTEINS).to_pandas(), reader.accounting


def _digest(protein: FastaProtein) -> bytes:
    return hashlib.sha256(protein.sequence.encode()).digest()


def _batch(rows: list[Row]) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), PROTEINS.types, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(values, type) for values, type in columns], schema=PROTEINS)


def read_sequences(path: Path | str) -> dict[str, str]:
    """Sequence by protein id, of a proteins.parquet."""
    return read_table(path, ["protein_id", "sequence"]).set_index("protein_id")["sequence"].to_dict()


def read_descriptions(path: Path | str) -> dict[str, str]:
    """Description by protein id, of a proteins.parquet."""
    return read_table(path, ["protein_id", "description"]).set_index("protein_id")["description"].to_dict()
