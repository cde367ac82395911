"""What a run is expected to take on one core, and on disk: an estimate from runs that were measured.

Time of residues with mini, of texts and of training: CPU seconds of the run of `docs/scale.md`, section "What the run
costs" (19 million residues, 1,716 s; 25,351 terms three times and 43,558 once, 1,013 s; 31,368 proteins, one epoch in
each stage, 1,184 s). Residues with ESM-2 650M: `benchmarks/protocols.py`. Disk: that run's folder, and one of 300
proteins.
"""

from collections.abc import Mapping
from typing import Any

from gofer.embeddings.encoder_names import residue_width
from gofer.embeddings.residues.residue_form import ResidueForm

RESIDUES_PER_SECOND = {"mini": 11_000, "esm2_t33_650M_UR50D": 75}
TEXTS_PER_SECOND = 118
TEXTS_OF_A_TERM = 2.75  # all terms in phase D; in A to C those that training knows
SECONDS_OF_A_PROTEIN = 0.0094  # in one epoch
RESULTS, RESULTS_OF_A_PROTEIN = 200_000_000, 400_000  # bytes without embeddings; the second of a held-out protein


def embedding_bytes(config: Mapping[str, Any], residues: int) -> int:
    """Bytes that the residue embeddings take."""
    settings = config["embeddings"]["residues"]
    return ResidueForm(residue_width(settings["model"]) or 0, settings["store"]).size(residues)


def expected_costs(config: Mapping[str, Any], *, residues: int, terms: int, training: int, held_out: int) -> str:
    """Time and disk of a run, in words.

    Args:
        config: A config that has been checked.
        residues: Of all proteins and of the query.
        terms: Live terms of the ontology.
        training: Training proteins, about.
        held_out: Validation and test proteins, about.
    """
    model, epochs = config["embeddings"]["residues"]["model"], _epochs(config)
    rate = RESIDUES_PER_SECOND.get(model)
    shares = [
        f"residues {_time(residues / rate)}" if rate else f"residues with {model} were not measured",
        f"texts of terms {_time(terms * TEXTS_OF_A_TERM / TEXTS_PER_SECOND)}",
        f"training {_time(training * epochs * SECONDS_OF_A_PROTEIN)}",
    ]
    sizes = embedding_bytes(config, residues), RESULTS + held_out * RESULTS_OF_A_PROTEIN
    return (
        f"expected, on one core without a GPU: {', '.join(shares)}; "
        f"{_size(sizes[0])} of embeddings and {_size(sizes[1])} of other results on disk. "
        "What the caches hold is not computed again"
    )


def _epochs(config: Mapping[str, Any]) -> int:
    return sum(stage["epochs"] for stage in config["training"]["stages"].values())


def _size(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return "about a minute"
    return f"about {seconds / 60:,.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:,.0f} hours"
