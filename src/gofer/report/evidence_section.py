"""Residue evidence: which residues examples rest on, and how well that agrees with planted motifs, where known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ranges = list[tuple[int, int]]
RESAMPLES = 1000
SHOWN = 6


@dataclass(frozen=True, eq=False)
class Example:
    """One explained prediction.

    Attributes:
        protein_id: The protein.
        go_id: The term.
        name: Its name.
        score: The prediction's score.
        length: Residues, L.
        evidence: Predicted ranges, from 1, inclusive.
        planted: True ranges; empty where they are not known.
        attention: Attention of each residue (L).
        impact: Drop in similarity when the residue's windows are masked (L).
    """

    protein_id: str
    go_id: str
    name: str
    score: float
    length: int
    evidence: Ranges
    planted: Ranges
    attention: NDArray[np.float64]
    impact: NDArray[np.float64]

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Which residues are planted (L)."""
        return inside(self.planted, self.length)


@dataclass(frozen=True)
class Agreement:
    """A mean over examples with its 95 % bootstrap interval.

    Attributes:
        what: What is compared with the planted residues.
        value: Mean.
        low: Lower end.
        high: Upper end.
        chance: What guessing would give.
        n: Examples.
    """

    what: str
    value: float
    low: float
    high: float
    chance: float
    n: int


def read_ranges(text: str) -> Ranges:
    """`[(12, 40), (80, 90)]` from `12-40,80-90`."""
    pairs = [part.split("-") for part in str(text).split(",") if part]
    return [(int(first), int(last)) for first, last in pairs]


def inside(ranges: Ranges, length: int) -> NDArray[np.bool_]:
    """Which of the residues 1..length lie in a range (L)."""
    within_L = np.zeros(length, bool)
    for first, last in ranges:
        within_L[first - 1 : last] = True
    return within_L


def examples_of(table: pd.DataFrame) -> list[Example]:
    """The rows of `evidence.parquet`."""
    return [
        Example(
            protein_id=str(row["protein_id"]),
            go_id=str(row["go_id"]),
            name=str(row["name"]),
            score=float(row["score"]),
            length=int(row["length"]),
            evidence=read_ranges(row["evidence"]),
            planted=read_ranges(row["planted"]),
            attention=np.asarray(row["attention"], np.float64),
            impact=np.asarray(row["impact"], np.float64),
        )
        for row in table.to_dict("records")
    ]


def auroc(scores_L: NDArray, truth_L: NDArray[np.bool_]) -> float:
    """Chance that a true residue scores above another, ties counting one half; NaN where one kind is missing."""
    true, rest = int(truth_L.sum()), int((~truth_L).sum())
    if not true or not rest:
        return float("nan")
    ranks_L = pd.Series(scores_L).rank().to_numpy()
    return float((ranks_L[truth_L].sum() - true * (true + 1) / 2) / (true * rest))


def agreements(examples: Sequence[Example]) -> list[Agreement]:
    """How impact, attention and the predicted ranges agree with the planted residues; empty where none are known."""
    known = [example for example in examples if example.planted and not example.truth.all()]
    if not known:
        return []
    impact = [auroc(example.impact, example.truth) for example in known]
    attention = [auroc(example.attention, example.truth) for example in known]
    within = [inside(example.evidence, example.length) for example in known]
    found = [float(within_L[example.truth].mean()) for within_L, example in zip(within, known, strict=True)]
    by_chance = float(np.mean([within_L.mean() for within_L in within]))
    return [
        _agreement("Impact of masking a residue, AUROC", impact, 0.5),
        _agreement("Attention on a residue, AUROC", attention, 0.5),
        _agreement("Share of planted residues inside the evidence ranges", found, by_chance),
    ]


def _agreement(what: str, values: list[float], chance: float) -> Agreement:
    values_N = np.asarray(values)
    drawn = np.random.default_rng(1).integers(len(values_N), size=(RESAMPLES, len(values_N)))
    low, high = np.percentile(values_N[drawn].mean(axis=1), [2.5, 97.5]) if len(values_N) > 1 else (np.nan, np.nan)
    return Agreement(what, float(values_N.mean()), float(low), float(high), chance, len(values_N))


def choose_shown(examples: Sequence[Example], most: int = SHOWN) -> list[Example]:
    """Examples for pictures, evenly from the best to the worst, so that good ones are not picked out.

    In order of the impact's AUROC where planted residues are known, else of the score.
    """
    known = [example for example in examples if example.planted and not example.truth.all()]
    ranked = sorted(known, key=_by_agreement) if known else sorted(examples, key=lambda example: -example.score)
    places = sorted({round(place) for place in np.linspace(0, len(ranked) - 1, min(most, len(ranked)))})
    return [ranked[place] for place in places]


def _by_agreement(example: Example) -> tuple[float, str]:
    return -auroc(example.impact, example.truth), example.protein_id


def ranges_text(ranges: Ranges) -> str:
    """`12–40, 80–90`."""
    return ", ".join(_range_texts(ranges))


def _range_texts(ranges: Ranges) -> Iterator[str]:
    for first, last in ranges:
        yield f"{first}–{last}"
