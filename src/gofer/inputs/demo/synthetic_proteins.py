"""Synthetic proteins: families of mutated scaffolds with planted motifs, and no motif anywhere that was not planted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from gofer.errors import GoferError
from gofer.inputs.demo.motifs import RESIDUES, Motif, is_free

FILLED = 0.7  # most of a protein that motifs may take up
GAP = 3  # residues between two motifs
TRIES = 200


@dataclass(frozen=True)
class Planted:
    """One occurrence of a motif; start and end counted from 1, inclusive."""

    motif: str
    start: int
    end: int


@dataclass(frozen=True)
class DemoProtein:
    """A synthetic protein.

    Attributes:
        family: Number of its family.
        sequence: Residues.
        planted: Its motifs, by position.
    """

    family: int
    sequence: str
    planted: tuple[Planted, ...]


@dataclass(frozen=True)
class Recipe:
    """Motifs that go together, and how often."""

    motifs: tuple[str, ...]
    weight: float


class ProteinMaker:
    """Draws proteins of the world's kind, family after family.

    Args:
        world: The content of demo.yaml.
        rng: The only source of chance.
    """

    def __init__(self, world: Mapping[str, Any], rng: Random) -> None:
        self.motifs = {name: Motif(name, motif["pattern"]) for name, motif in world["motifs"].items()}
        self._copies = {name: tuple(motif["copies"]) for name, motif in world["motifs"].items()}
        self._recipes = [Recipe(tuple(r["motifs"]), r["weight"]) for r in world["recipes"]]
        self._settings = world["proteins"]
        self._background = list(self._settings["background"].items())
        self._rng = rng

    def proteins(self) -> Iterator[DemoProtein]:
        """Proteins without end, the members of a family one after the other."""
        family = 0
        while True:
            scaffold = self._random(self._rng.randint(*self._settings["length"]))
            preferred = self._rng.sample(self._recipes, self._settings["recipes_per_family"])
            for _ in range(self._rng.randint(*self._settings["per_family"])):
                yield self._member(family, scaffold, preferred)
            family += 1

    def _random(self, length: int) -> str:
        residues, weights = zip(*self._background, strict=True)
        return "".join(self._rng.choices(residues, weights, k=length))

    def _member(self, family: int, scaffold: str, preferred: Sequence[Recipe]) -> DemoProtein:
        for _ in range(TRIES):
            chosen = self._chosen_motifs(len(scaffold), preferred)
            protein = chosen and self._planted(family, self._mutated(scaffold), chosen)
            if protein:
                return protein
        raise GoferError("the demo's motifs do not fit its proteins", help="mend the file demo.yaml of gofer.inputs")

    def _chosen_motifs(self, length: int, preferred: Sequence[Recipe]) -> list[Motif]:
        preferred_ones = self._rng.random() < self._settings["own_recipe"]
        recipes = list(preferred) if preferred_ones else self._recipes
        recipe = self._rng.choices(recipes, [recipe.weight for recipe in recipes])[0]
        chosen = [self.motifs[name] for name in recipe.motifs for _ in range(self._rng.randint(*self._copies[name]))]
        return chosen if sum(len(motif) + GAP for motif in chosen) <= FILLED * length else []

    def _mutated(self, scaffold: str) -> str:
        share = self._rng.uniform(*self._settings["mutated"])
        fresh = self._random(len(scaffold))
        return "".join(new if self._rng.random() < share else old for old, new in zip(scaffold, fresh, strict=True))

    def _planted(self, family: int, sequence: str, chosen: list[Motif]) -> DemoProtein | None:
        planted: list[Planted] = []
        for motif in sorted(chosen, key=lambda motif: not (motif.at_start or motif.at_end)):
            start = self._free_start(len(sequence), motif, planted)
            if start is None:
                return None
            end = start + len(motif)
            sequence = sequence[:start] + motif.drawn(self._rng, sequence[start:end]) + sequence[end:]
            planted.append(Planted(motif.name, start + 1, end))
        cleaned = self._cleaned(sequence, planted)
        planted.sort(key=lambda place: place.start)
        return DemoProtein(family, cleaned, tuple(planted)) if cleaned else None

    def _free_start(self, length: int, motif: Motif, planted: Sequence[Planted]) -> int | None:
        for _ in range(TRIES):
            last = length - len(motif)
            start = 0 if motif.at_start else last if motif.at_end else self._rng.randint(1, last - 1)
            if all(start + len(motif) + GAP < other.start or start >= other.end + GAP for other in planted):
                return start
        return None

    def _cleaned(self, sequence: str, planted: Sequence[Planted]) -> str | None:
        # Short motifs also occur by chance, without an annotation; they are removed, so that motif and function agree.
        for _ in range(TRIES):
            stray = next(self._stray_places(sequence, planted), None)
            if stray is None:
                return sequence
            places, allowed = stray
            if not places:
                return None
            place = self._rng.choice(places)
            residue = self._rng.choice([r for r in RESIDUES if r not in allowed[place]])
            sequence = sequence[:place] + residue + sequence[place + 1 :]
        return None

    def _stray_places(self, sequence: str, planted: Sequence[Planted]) -> Iterator[tuple[list[int], dict[int, str]]]:
        # For each occurrence that was not planted: positions that may be changed to break it, and the residues allowed.
        kept = {place for motif_at in planted for place in range(motif_at.start - 1, motif_at.end)}
        for motif in self.motifs.values():
            of_motif = [p for p in planted if p.motif == motif.name]
            for start in motif.starts(sequence):
                end = start + len(motif)
                if any(start < p.end and end >= p.start for p in of_motif):
                    continue
                allowed = {start + offset: residues for offset, residues in enumerate(motif.places)}
                places = [p for p, residues in allowed.items() if p not in kept and not is_free(residues)]
                yield places, allowed
