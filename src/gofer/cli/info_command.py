"""The facts about a model, as text or as JSON, read from the small documents of its file only."""

import json
from pathlib import Path
from typing import Any

from gofer.names import ASPECTS, in_words
from gofer.retrieval.model_file import ANY_EVIDENCE, TAXA, ModelFile
from gofer.retrieval.model_worth import worth

RELEASES = {
    "go_release": "Gene Ontology",
    "residue_encoder": "residue encoder",
    "text_encoder": "text encoder",
    "proteins_sha256": "training proteins",
}
SYNTHETIC = "Trained on a synthetic world: its predictions say nothing about real proteins."


def described(path: Path, *, as_json: bool = False) -> str:
    """The model as text, or as JSON."""
    file = ModelFile.open(path)
    card, release = file.document("card.json"), file.document("manifest.json")["release"]
    cutoffs = file.document("calibration.json")["cutoffs"]
    if as_json:
        facts = {"path": str(path), "format": file.version, "sha256": file.digest, "card": card}
        return json.dumps({**facts, "releases": release, "cutoffs": cutoffs}, indent=2)
    size = path.stat().st_size / 1e6
    lines = [f"{card['name']}: a gofer model, format {file.version}, {size:,.1f} MB, sha256 {file.digest[:12]}"]
    lines += [SYNTHETIC] if card["synthetic"] else []
    lines += [f"{card['terms']:,} GO terms, {card['bank_proteins']:,} known proteins"]
    if origin := card.get("updated_from"):
        older, digest = origin["go_release"], origin["model_sha256"][:12]
        lines += [f"Trained with GO {older} and updated without training, from the model sha256 {digest}"]
    if TAXA in file:
        lines.append(f"{len(file.document(TAXA)):,} taxon constraints, for gofer predict --taxon")
    if own := file.document("calibration.json").get("own"):
        shares = ", ".join(f"{in_words(aspect)} {trust['shares'][ANY_EVIDENCE]:.0%}" for aspect, trust in own.items())
        lines.append(f"What is stated of a protein counts (gofer predict --annotations); true on validation: {shares}")
    lines += [f"{RELEASES.get(name, name)}: {value}" for name, value in release.items()]
    lines += worth(card, release, alone=True)[1:]
    lines += ["", "On validation proteins, which also fitted the calibration:", *_table(card, cutoffs)]
    return "\n".join(lines)


def _table(card: dict[str, Any], cutoffs: dict[str, dict[str, float | None]]) -> list[str]:
    percents = sorted({percent for by_percent in cutoffs.values() for percent in by_percent}, key=int)
    heads = "".join(f"{f'{percent} % right':>13}" for percent in percents)
    rows = [f"{'':22}{'seen terms':>11}{'proteins':>10}{'Fmax':>7}{heads}"]
    for aspect in (name for name in ASPECTS if name in card["terms_seen"]):
        figures, cutoff = card.get("validation", {}).get(aspect, {}), cutoffs.get(aspect, {})
        scores = "".join(f"{_from(cutoff.get(percent)):>13}" for percent in percents)
        seen, proteins, fmax = card["terms_seen"][aspect], figures.get("proteins", 0), figures.get("fmax")
        shown = "n/a" if fmax is None else f"{fmax:.3f}"
        rows.append(f"{in_words(aspect):22}{seen:>11,}{proteins:>10,}{shown:>7}{scores}")
    return [*rows, "Recommended are scores from that of 50 % right or higher; --precision chooses another column."]


def _from(score: float | None) -> str:
    return "never" if score is None else f"from {score:.3f}"
