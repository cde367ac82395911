"""GO terms of UniProt entries, as in uniprot_sprot.dat: the lines `DR   GO; GO:0005634; C:nucleus; IDA:MGI.` of each.

The primary accession names the protein: the first one of the first line AC. After the term come its aspect and name,
then the evidence code and who assigned it. A NOT annotation is in no entry.
Source: https://web.expasy.org/docs/userman.html.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from gofer.errors import InputError, Problems
from gofer.inputs.annotations.annotation_line import Line
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_lines

FIRST_LINE = re.compile(r"ID   \S+ .*(Reviewed|Unreviewed);")
ACCESSION = re.compile(r"AC   ([A-Z0-9]+);")
TERM = re.compile(r"DR   GO; (GO:[0-9]{7}); [FPC]:.*; ([A-Z]{2,3}):(.+)\.\s*")
HELP = "give uniprot_sprot.dat.gz as UniProt publishes it"


def is_entry(text: str) -> bool:
    """Whether a file with this first line holds entries of UniProt."""
    return FIRST_LINE.match(text) is not None


def entry_lines(path: Path | str, problems: Problems, limits: Limits = DEFAULT_LIMITS) -> Iterator[Line]:
    """The annotations, entry by entry.

    Args:
        path: The file.
        problems: Takes the faults of single lines, which are left out, and that there is no term.
        limits: What the file may hold.

    Raises:
        InputError: The file cannot be read, or ends within an entry.
        ProblemsError: Too many faults.
    """
    accession, number, found, text = "", 0, False, "//"
    for number, raw in read_lines(path, limits):
        if raw.startswith((b"AC   ", b"DR   GO;", b"//")):
            text = decoded(path, number, raw)
            if text.startswith("//"):
                accession = ""
            elif text.startswith("AC   "):
                named = ACCESSION.match(text)
                accession = accession or (named.group(1) if named else "")
            elif accession and (term := TERM.fullmatch(text)):
                found = True
                yield Line(accession, term.group(1), evidence=term.group(2), source=term.group(3))
            else:
                problems.add(InputError(f"no GO term: {text[:80]!r}", path=path, line=number, help=HELP))
    if not text.startswith("//"):
        raise InputError("the file ends within an entry", path=path, line=number, help="copy or download it again")
    if not found:
        problems.add(InputError("no GO term in this file", path=path, help=HELP))
