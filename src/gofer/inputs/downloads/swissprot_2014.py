"""Swiss-Prot of January 2014 as FASTA and annotations, from the package metastudent-data of Debian.

The package has a BLAST database and a list of GO terms for each aspect. The terms are as stated, with every kind of
evidence, electronic ones too, and without evidence codes. UniProt and GOA: CC BY 4.0; the package: GPL-2+.
"""

import gzip
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gofer.artefacts import Manifest, atomic, read_json, write_json
from gofer.errors import ArtefactError
from gofer.inputs.downloads.blast_database import blast_proteins
from gofer.inputs.downloads.debian_package import unpack
from gofer.inputs.downloads.download import locked

IN_PACKAGE = "usr/share/metastudent-data/dataset_201401"
ASPECTS = {"BPO": "P", "CCO": "C", "MFO": "F"}
ENDINGS = ("goasp.fasta.pin", "goasp.fasta.psq", "goasp.fasta.phr", "goasp_annot.dat")
FASTA, ANNOTATIONS, MADE = "swissprot_2014.fasta.gz", "swissprot_2014_annotations.tsv.gz", "swissprot_2014.json"


def make_swissprot_2014(package: Path) -> tuple[Path, Path]:
    """FASTA and annotations next to the package, unless they are there; their paths.

    Args:
        package: The .deb file.

    Raises:
        InputError: It is damaged.
    """
    folder = package.parent
    with locked(folder / MADE):
        if not _is_made(folder):
            with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacked-") as name:
                scratch = Path(name)
                files = [f"{aspect}/{ending}" for aspect in ASPECTS for ending in ENDINGS]
                unpack(package, {f"{IN_PACKAGE}/{file}": scratch / file for file in files})
                proteins = _write_fasta(scratch, folder / FASTA)
                annotations = _write_annotations(scratch, folder / ANNOTATIONS)
            sizes = {file: (folder / file).stat().st_size for file in (FASTA, ANNOTATIONS)}
            write_json(folder / MADE, {"proteins": proteins, "annotations": annotations, "bytes": sizes}, Manifest())
    return folder / FASTA, folder / ANNOTATIONS


def _is_made(folder: Path) -> bool:
    try:
        sizes = read_json(folder / MADE)["bytes"]
        return all(os.path.getsize(folder / file) == size for file, size in sizes.items())
    except (ArtefactError, OSError):
        return False


def _write_fasta(scratch: Path, path: Path) -> int:
    sequences: dict[str, str] = {}
    for aspect in ASPECTS:
        sequences.update(blast_proteins(scratch / aspect / "goasp.fasta"))
    with atomic(path) as part, _packed(part) as file:
        file.writelines(f">{protein}\n{sequences[protein]}\n" for protein in sorted(sequences))
    return len(sequences)


def _write_annotations(scratch: Path, path: Path) -> int:
    number = 0
    with atomic(path) as part, _packed(part) as file:
        file.write("protein\taspect\tgo_id\n")
        for aspect, letter in ASPECTS.items():
            for protein, terms in _stated(scratch / aspect / "goasp_annot.dat"):
                file.writelines(f"{protein}\t{letter}\t{term}\n" for term in terms)
                number += len(terms)
    return number


def _stated(path: Path) -> Iterator[tuple[str, list[str]]]:
    with path.open(encoding="ascii") as file:
        for line in file:
            protein, *terms = line.split()
            yield protein, sorted(set(terms))


def _packed(path: Path) -> TextIO:
    return gzip.open(path, "wt", compresslevel=1, encoding="ascii")
