"""Proteins of a BLAST protein database of version 4: an index (.pin), sequences (.psq) and headers (.phr)."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gofer.errors import InputError
from gofer.inputs.proteins.protein_names import UNIPROT_ACCESSION

VERSION, PROTEIN = 4, 1
NCBISTDAA = b"-ABCDEFGHIKLMNPQRSTVWXYZU*OJ"  # residue of each code
RESIDUES = bytes.maketrans(bytes(range(len(NCBISTDAA))), NCBISTDAA)
NAME = re.compile(rf"({UNIPROT_ACCESSION})\|".encode())


def blast_proteins(base: Path) -> Iterator[tuple[str, str]]:
    """(accession, sequence) of each protein, in the order of the database.

    Args:
        base: Path of its three files without their endings.

    Raises:
        InputError: A file is missing or damaged, or a header has no UniProt accession.
    """
    try:
        yield from _proteins(base)
    except (OSError, struct.error, ValueError) as error:
        raise InputError(
            f"no BLAST database that can be read ({error})", path=base, help="download it again"
        ) from error


def _proteins(base: Path) -> Iterator[tuple[str, str]]:
    index = Path(f"{base}.pin").read_bytes()
    sequences, headers = (np.memmap(f"{base}.{kind}", np.uint8, mode="r") for kind in ("psq", "phr"))
    version, kind = struct.unpack_from(">2i", index)
    if (version, kind) != (VERSION, PROTEIN):
        raise ValueError(f"version {version}, kind {kind}")
    at = 8
    for _ in range(2):  # title, date
        at += 4 + struct.unpack_from(">i", index, at)[0]
    (count,) = struct.unpack_from(">i", index, at)
    header_N, start_N = np.frombuffer(index, ">i4", 2 * (count + 1), at + 16).reshape(2, -1)  # after count and lengths
    if header_N[-1] > len(headers) or start_N[-1] > len(sequences):
        raise ValueError("its files are cut short")
    for row in range(count):
        found = NAME.search(headers[header_N[row] : header_N[row + 1]].tobytes())
        if found is None:
            raise ValueError(f"protein {row} has no accession")
        residues = sequences[start_N[row] : start_N[row + 1] - 1].tobytes()  # each ends in a 0
        yield found.group(1).decode(), residues.translate(RESIDUES).decode()
