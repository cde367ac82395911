"""What a shipped model is, and what it is worth, in a few lines for the terminal and the headers of files.

The figures are those of its card: Fmax on validation proteins whose labels it had not seen, with a bank of known
proteins and without one. Light, since `gofer info` must answer at once.
"""

from collections.abc import Mapping
from typing import Any

from gofer.names import ASPECTS, in_words

BANK = "swissprot-2014"
BANK_COMMAND = f"gofer bank add --from {BANK}"


def worth(card: Mapping[str, Any], release: Mapping[str, str], alone: bool) -> list[str]:
    """The lines; none for a model that knows proteins by itself.

    Args:
        card: Of the model.
        release: Of its manifest.
        alone: Whether no bank of known proteins was added to it.
    """
    if "validation_alone" not in card:
        return []
    trained = f"trained on {card['trained_on']}, " if card.get("trained_on") else ""
    name = f"model {card['name']}: {trained}GO {release.get('go_release', 'of an unknown release')}"
    with_bank, without = card.get("validation", {}), card["validation_alone"]
    figures = without if alone else with_bank
    known = "without known proteins" if alone else "with known proteins"
    lines = [name, f"Fmax on validation proteins, {known}: {_listed(figures, '')}"]
    if far := _listed(figures, "far_"):
        lines.append(f"of these, below 30 % identity to all training proteins: {far}")
    if alone and (gains := _gains(without, with_bank)):
        lines.append(f"no bank of known proteins was added, which would raise Fmax: {gains}. Add one: {BANK_COMMAND}")
    return lines


def _listed(figures: Mapping[str, Mapping[str, float]], prefix: str) -> str:
    found = {aspect: figures.get(aspect, {}) for aspect in ASPECTS}
    return ", ".join(
        f"{in_words(aspect)} {of_aspect[f'{prefix}fmax']:.2f} ({of_aspect[f'{prefix}proteins']:,} proteins)"
        for aspect, of_aspect in found.items()
        if f"{prefix}fmax" in of_aspect
    )


def _gains(without: Mapping[str, Mapping[str, float]], with_bank: Mapping[str, Mapping[str, float]]) -> str:
    both = [aspect for aspect in ASPECTS if "fmax" in without.get(aspect, {}) and "fmax" in with_bank.get(aspect, {})]
    return ", ".join(
        f"{in_words(aspect)} from {without[aspect]['fmax']:.2f} to {with_bank[aspect]['fmax']:.2f}" for aspect in both
    )
