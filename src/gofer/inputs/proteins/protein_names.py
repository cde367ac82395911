"""The names that annotations may use for the proteins of a run.

A protein has its id, and aliases such as the entry name of a UniProt header. An annotation is looked up by the id of
its object; where no protein has this name, an isoform `P12345-2` or a chain `P12345:PRO_0000012345` by its accession,
and the object of a GAF by its symbol. Only UniProt accessions are shortened like this: in other databases an id that
ends in -1 or -A belongs to another gene. Their pattern: https://www.uniprot.org/help/accession_numbers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from gofer.inputs.annotations.annotation_line import Line

BY_ALIAS = "protein found by its alias"
BY_FORM = "put to the isoform or chain that it names"
BY_ACCESSION = "isoform or chain put to its protein"
BY_SYMBOL = "protein found by its symbol"
UNIPROT_ACCESSION = r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
ISOFORM = r"(?:-[0-9]+)?"
FORM_OF = re.compile(rf"({UNIPROT_ACCESSION}){ISOFORM}(?::[A-Z]+_[0-9]+)?")


@dataclass(frozen=True, eq=False)
class ProteinNames:
    """Proteins by their ids and aliases.

    Attributes:
        protein_ids: Protein id by id and by alias; an id takes precedence over an alias.
        shared: How many aliases are left out because more than one protein has them.
    """

    protein_ids: dict[str, str]
    shared: int = 0

    @classmethod
    def of_table(cls, proteins: pd.DataFrame) -> "ProteinNames":
        """From a table with the column protein_id and, where it has them, aliases (lists of strings).

        An alias that several proteins share, or that is the id of another one, could assign an annotation to the wrong
        protein: it is left out and counted.
        """
        ids = {protein_id: protein_id for protein_id in proteins["protein_id"]}
        named = list(_aliases(proteins)) if "aliases" in proteins else []
        holders = Counter(alias for alias, _ in named)
        shared = {alias for alias, count in holders.items() if count > 1 or alias in ids}
        by_alias = {alias: protein_id for alias, protein_id in named if alias not in shared}
        return cls(by_alias | ids, len(shared))

    def example(self) -> str:
        """An id of these proteins, always the same one."""
        return min(self.protein_ids.values(), default="none")

    def find(self, line: Line) -> tuple[str | None, str]:
        """The id of the protein that a line is about, None where no name of it is known; and how it was found."""
        for name, how in _names(line):
            protein_id = self.protein_ids.get(name)
            if protein_id is not None:
                return protein_id, how or ("" if protein_id == name else BY_ALIAS)
        return None, ""


def _aliases(proteins: pd.DataFrame) -> Iterator[tuple[str, str]]:
    # Each alias of each protein once; of a protein without aliases the list may be missing.
    for protein_id, aliases in zip(proteins["protein_id"], proteins["aliases"], strict=True):
        given: Iterable[str] = () if aliases is None else aliases
        yield from ((alias, protein_id) for alias in sorted(set(given) - {protein_id}))


def _names(line: Line) -> Iterator[tuple[str, str]]:
    # The names of a line's protein, the most exact first, and how a protein found by it is counted.
    form = line.form if line.form != line.object_id else ""
    if form:
        yield form, BY_FORM
    yield line.object_id, BY_ACCESSION if form else ""
    for name in (form, line.object_id):
        if (found := FORM_OF.fullmatch(name)) and found.group(1) != name:
            yield found.group(1), BY_ACCESSION
    if line.symbol:
        yield line.symbol, BY_SYMBOL
