"""Sequence motifs in PROSITE's notation: found in a sequence, and drawn from chance.

Notation: https://prosite.expasy.org/scanprosite/scanprosite_doc.html. Of it: residues, [any of], {none of}, x, (n),
< and >.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from random import Random

from gofer.errors import GoferError

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
_ELEMENT = re.compile(r"(?:(?P<one>[A-Z])|\[(?P<any>[A-Z]+)\]|\{(?P<none>[A-Z]+)\}|(?P<x>x))(?:\((?P<times>\d+)\))?")


@dataclass(frozen=True)
class Motif:
    """A motif of fixed length.

    Attributes:
        name: Its name.
        pattern: In PROSITE's notation.
    """

    name: str
    pattern: str

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The residues allowed at each place.

        Raises:
            GoferError: The pattern cannot be read.
        """
        places: list[str] = []
        for element in self.pattern.strip("<>").split("-"):
            found = _ELEMENT.fullmatch(element)
            if not found:
                raise GoferError(f"motif {self.name}: {element!r} is no element of a pattern")
            barred = found["none"] or ""
            allowed = found["one"] or found["any"] or "".join(r for r in RESIDUES if r not in barred)
            places.extend([allowed] * int(found["times"] or 1))
        return tuple(places)

    @property
    def at_start(self) -> bool:
        """Whether it begins the protein."""
        return self.pattern.startswith("<")

    @property
    def at_end(self) -> bool:
        """Whether it ends the protein."""
        return self.pattern.endswith(">")

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        body = "".join("[A-Z]" if is_free(allowed) else f"[{allowed}]" for allowed in self.places)
        # Looking ahead finds overlapping occurrences too.
        return re.compile(f"(?={'^' if self.at_start else ''}{body}{'$' if self.at_end else ''})")

    def starts(self, sequence: str) -> list[int]:
        """Where it begins in a sequence, counted from 0; occurrences may overlap."""
        return [found.start() for found in self._regex.finditer(sequence)]

    def drawn(self, rng: Random, scaffold: str) -> str:
        """An occurrence of it: `scaffold` stays where anything goes."""
        return "".join(
            residue if is_free(allowed) else rng.choice(allowed)
            for allowed, residue in zip(self.places, scaffold, strict=True)
        )


def is_free(allowed: str) -> bool:
    """Whether a place takes any residue."""
    return len(allowed) == len(RESIDUES)


def occurrences(sequence: str, motifs: Iterable[Motif]) -> dict[str, list[int]]:
    """Starts of every motif that the sequence has, by name."""
    found = {motif.name: motif.starts(sequence) for motif in motifs}
    return {name: starts for name, starts in found.items() if starts}
