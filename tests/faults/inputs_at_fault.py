"""Small files of our own for the tests of faults."""

from pathlib import Path

TERMS = "GO:0000002"
OBO_TERMS = """format-version: 1.2
data-version: releases/2030-01-02

[Term]
id: GO:0000001
name: root
namespace: molecular_function

[Term]
id: GO:0000002
name: below
namespace: molecular_function
is_a: GO:0000001
"""


def ontology_with(folder: Path, term: str) -> Path:
    """An OBO file whose third term, GO:0000009, has these lines; the first of them is line 17."""
    path = folder / "go.obo"
    below = "namespace: molecular_function\nis_a: GO:0000001\n"
    path.write_text(f"{OBO_TERMS}\n[Term]\nid: GO:0000009\n{term}\n{below}", encoding="utf-8")
    return path


def scan_line(protein: str, terms: str | None) -> str:
    """A line of InterProScan's table; without `terms` it ends after the date."""
    fields = [protein, "0" * 32, "70", "Pfam", "PF1", "d", "1", "50", "1e-5", "T", "01-01-2024"]
    return "\t".join([*fields, *(["IPR1", "n", terms, "-"] if terms is not None else [])]) + "\n"
