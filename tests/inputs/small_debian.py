"""A small Debian package of the form of metastudent-data: BLAST databases and lists of GO terms."""

import io
import struct
import tarfile

from gofer.inputs.downloads.blast_database import NCBISTDAA
from gofer.inputs.downloads.swissprot_2014 import ASPECTS, IN_PACKAGE

CODES = {letter: code for code, letter in enumerate(NCBISTDAA.decode())}


def blast_files(proteins):
    """The three files of a BLAST protein database of version 4, by ending."""
    headers, sequences, header_at, sequence_at = b"", b"\0", [0], [1]
    for accession, sequence in proteins:
        headers += b"0\x800\x80\xa0\x80\x1a^" + f"{accession}|GO:0000001,GO:0000002".encode() + b"\0\0"
        sequences += bytes(CODES[letter] for letter in sequence) + b"\0"
        header_at.append(len(headers))
        sequence_at.append(len(sequences))
    count = len(proteins)
    index = struct.pack(">2i", 4, 1) + struct.pack(">i4s", 4, b"test") + struct.pack(">i4s", 4, b"date")
    index += struct.pack(">i", count) + struct.pack("<q", len(sequences)) + struct.pack(">i", 100)
    index += struct.pack(f">{2 * (count + 1)}i", *header_at, *sequence_at)
    return {"pin": index, "psq": sequences, "phr": headers}


def package(proteins, stated):
    """The bytes of a .deb.

    Args:
        proteins: (accession, sequence) by aspect.
        stated: Lines of goasp_annot.dat by aspect.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for aspect in ASPECTS:
            files = {f"goasp.fasta.{kind}": content for kind, content in blast_files(proteins[aspect]).items()}
            for name, content in {**files, "goasp_annot.dat": stated[aspect].encode()}.items():
                member = tarfile.TarInfo(f"./{IN_PACKAGE}/{aspect}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": packed.getvalue()}
    whole = b"!<arch>\n"
    for name, content in members.items():
        whole += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        whole += b"\n" * (len(content) % 2)
    return whole
