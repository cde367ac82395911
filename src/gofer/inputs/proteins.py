"""The proteins of a run: those of one or more FASTA files, each id once, and only the wanted ones."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from gofer.errors import InputError, Problems, collected_problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.compressed import read_ids
from gofer.inputs.fasta import FastaProtein, read_fasta

COLUMNS = ["protein_id", "sequence", "length", "sequence_sha256", "description"]


def read_proteins(
    paths: Iterable[Path | str], *, keep_ids: Path | str | None = None
) -> tuple[pd.DataFrame, Accounting]:
    """The proteins of one or more FASTA files, in their order, each id once.

    Args:
        paths: Files, plain, gzip or bzip2.
        keep_ids: A file with one id per line: only these are kept.

    Returns:
        Columns protein_id, sequence, length, sequence_sha256, description; and what became of the records.

    Raises:
        InputError: One fault.
        ProblemsError: Several faults.
    """
    accounting = Accounting()
    wanted = read_ids(keep_ids) if keep_ids else None
    kept: dict[str, FastaProtein] = {}
    with collected_problems() as problems:
        for path in paths:
            for protein in read_fasta(path, problems, accounting):
                _keep(protein, kept, wanted, problems, accounting)
    if wanted is not None:
        _check_wanted(wanted, kept, Path(str(keep_ids)), accounting)
    accounting.add("proteins kept", count=len(kept))
    return _table(kept.values()), accounting


def proteins_digest(proteins: pd.DataFrame) -> str:
    """SHA-256 over the sorted ids and sequence hashes: the release fact `proteins_sha256`."""
    digest = hashlib.sha256()
    for protein_id, sequence_sha256 in sorted(zip(proteins["protein_id"], proteins["sequence_sha256"], strict=True)):
        digest.update(f"{protein_id}\t{sequence_sha256}\n".encode())
    return digest.hexdigest()


def _keep(
    protein: FastaProtein,
    kept: dict[str, FastaProtein],
    wanted: dict[str, int] | None,
    problems: Problems,
    accounting: Accounting,
) -> None:
    if wanted is not None and protein.protein_id not in wanted:
        accounting.add("records dropped", "id not in keep_ids")
        return
    first = kept.setdefault(protein.protein_id, protein)
    if first is protein:
        return
    if first.sequence == protein.sequence:
        accounting.add("records dropped", "same id and sequence as an earlier record")
        return
    where = f"line {first.line}" if first.path == protein.path else f"{first.path}:{first.line}"
    problems.add(
        InputError(
            f"id {protein.protein_id} was used in {where} for another sequence",
            path=protein.path,
            line=protein.line,
            help="give each protein its own id",
        )
    )


def _check_wanted(wanted: dict[str, int], kept: dict[str, FastaProtein], path: Path, accounting: Accounting) -> None:
    missing = [protein_id for protein_id in wanted if protein_id not in kept]
    if len(missing) == len(wanted):
        raise InputError(
            f"none of its {len(wanted)} ids, e.g. {missing[0]}, is a protein of the FASTA",
            path=path,
            help="give ids as they stand in the FASTA (of a UniProt header the accession)",
        )
    if missing:
        examples = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        accounting.add("keep_ids without a protein", examples, len(missing))


def _table(proteins: Iterable[FastaProtein]) -> pd.DataFrame:
    rows = [
        (p.protein_id, p.sequence, len(p.sequence), hashlib.sha256(p.sequence.encode()).hexdigest(), p.description)
        for p in proteins
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"length": "int64", **dict.fromkeys(set(COLUMNS) - {"length"}, "str")})
