"""GO terms of InterPro entries, from GO's mapping file interpro2go, in the form of external2go.

    !date: 2026/11/01
    InterPro:IPR000003 Retinoid X receptor/HNF4 > GO:DNA binding ; GO:0003677

With it among the annotation files, an InterProScan result counts without its column of GO terms: the entries that its
signatures belong to are enough. Source: current.geneontology.org/ontology/external2go/interpro2go.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gofer.errors import InputError, Problems
from gofer.inputs.text_files import DEFAULT_LIMITS, Limits, decoded, read_lines

ENTRY = re.compile(r"InterPro:(\S+)")
ROW = re.compile(r"InterPro:(IPR[0-9]{6}) .*> GO:.* ; (GO:[0-9]{7})\s*")
HELP = "write it like InterPro:IPR000003 Retinoid X receptor/HNF4 > GO:DNA binding ; GO:0003677"

Entries = dict[str, tuple[str, ...]]  # GO ids by InterPro entry


def is_interpro2go(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Whether the first line that is no comment is one of interpro2go; False for a file that cannot be read."""
    try:
        return ENTRY.match(next((text for _, text in _lines(path, limits)), "")) is not None
    except InputError:
        return False


def read_interpro2go(paths: Iterable[Path | str], problems: Problems, limits: Limits = DEFAULT_LIMITS) -> Entries:
    """The terms of each InterPro entry.

    Args:
        paths: Files in the form of interpro2go, plain, gzip or bzip2.
        problems: Takes the faults of single lines, which are left out.
        limits: What a file may hold.

    Raises:
        InputError: A file cannot be read.
        ProblemsError: Too many faults.
    """
    found: dict[str, dict[str, None]] = {}
    for path in paths:
        for number, text in _lines(path, limits):
            if row := ROW.fullmatch(text):
                found.setdefault(row[1], {})[row[2]] = None
            else:
                what = f"no mapping of an InterPro entry to a GO term: {text[:60]!r}"
                problems.add(InputError(what, path=path, line=number, help=HELP))
    return {entry: tuple(go_ids) for entry, go_ids in found.items()}


def _lines(path: Path | str, limits: Limits) -> Iterator[tuple[int, str]]:
    for number, raw in read_lines(path, limits):
        text = decoded(path, number, raw)
        if text.strip() and not text.startswith("!"):
            yield number, text
