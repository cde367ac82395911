"""What the page calls things, and one plain sentence for each metric, loss and setting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gofer.names import ASPECTS, in_words, titled

NOT_AVAILABLE = "n/a"

OWN_ANNOTATIONS = (
    "gofer's predictions for validation and test proteins use what older annotations state of them "
    "(retrieval.own_annotations), as those of Own annotations do; the other methods do not."
)
ASPECT_NAMES = {aspect: titled(in_words(aspect)) for aspect in ASPECTS}


@dataclass(frozen=True)
class Measure:
    """How a metric is shown.

    Attributes:
        name: Short name, the head of a column.
        meaning: One plain sentence.
        lower_is_better: Whether a small value is good.
        decimals: Places after the point.
        of_terms: Whether it is a mean over terms, so that its n counts terms.
    """

    name: str
    meaning: str
    lower_is_better: bool = False
    decimals: int = 3
    of_terms: bool = False


MEASURES = {
    "fmax": Measure(
        "Fmax",
        "How well the predicted terms match the true ones at the best score threshold, from 0 (nothing right) to 1 "
        "(all right): the harmonic mean of precision (share of predictions that are true) and recall (share of true "
        "terms found).",
    ),
    "weighted_fmax": Measure(
        "Weighted Fmax",
        "Fmax in which a specific, informative term counts for more than a general one such as “binding”.",
    ),
    "smin": Measure(
        "Smin",
        "Information missed and information wrongly claimed per protein, together, in bits, at the best threshold; "
        "lower is better.",
        lower_is_better=True,
        decimals=2,
    ),
    "micro_aupr": Measure(
        "Micro AUPR",
        "Area under the precision–recall curve over all protein–term pairs together, so frequent terms weigh most; "
        "1 is perfect.",
    ),
    "macro_aupr": Measure(
        "Macro AUPR",
        "Area under the precision–recall curve of each term, averaged over the terms, so a rare term counts as much "
        "as a frequent one.",
        of_terms=True,
    ),
    "coverage": Measure(
        "Coverage",
        "Share of the proteins for which the method predicts anything; coverage alone is not quality.",
    ),
    "f_at_validation_threshold": Measure(
        "F at a fixed threshold",
        "F at the score threshold that was best on the validation proteins: what a user gets, since the best threshold "
        "of new proteins is unknown.",
    ),
    "weighted_f_at_validation_threshold": Measure(
        "Weighted F at a fixed threshold",
        "Weighted F at the score threshold at which it was highest on the validation proteins.",
    ),
    "s_at_validation_threshold": Measure(
        "S at a fixed threshold",
        "S, in bits, at the score threshold at which it was lowest on the validation proteins.",
        lower_is_better=True,
        decimals=2,
    ),
    "best_threshold": Measure(
        "Best threshold",
        "The score threshold at which F is highest on the test proteins; in practice it is unknown.",
        decimals=2,
    ),
    "validation_threshold": Measure(
        "Validation threshold", "The score threshold at which F is highest on the validation proteins.", decimals=2
    ),
    "calibration_error": Measure(
        "Calibration error",
        "How far scores are from how often they are right, on average over ten bins of predictions; 0 is perfect.",
        lower_is_better=True,
    ),
    "mrr": Measure(
        "MRR", "Mean of 1 / rank of the best of a protein's true terms among all terms of the set; 1 is perfect."
    ),
    "proteins_recall_at_10": Measure(
        "Proteins at 10",
        "Share of a term's true proteins that are among the ten that the method ranks highest for it.",
        of_terms=True,
    ),
    "proteins_mrr": Measure("Proteins’ MRR", "Mean of 1 / rank of the best of a term's true proteins.", of_terms=True),
    "hits_at_10": Measure(
        "Hits at 10", "Share of a protein's true terms that have fewer than ten wrong terms ranked above them."
    ),
    "hits_at_100": Measure("Hits at 100", "The same with fewer than a hundred wrong terms above."),
    "rank_mrr": Measure("Rank MRR", "Mean of 1 / rank of each true term among the protein's wrong terms."),
    "rank_auroc": Measure(
        "Rank AUROC", "Share of a protein's wrong terms that are ranked below a true one; 0.5 is chance."
    ),
    "macro_auroc": Measure(
        "Macro AUROC",
        "How often a protein that has the term is ranked above one that does not have it, averaged over the terms; "
        "0.5 is chance, 1 is perfect.",
        of_terms=True,
    ),
    "recall_at_10": Measure(
        "Recall at 10",
        "Share of a protein's true terms of this set that are among the ten that the method ranks highest in the set.",
    ),
}

GLOSSARY = {
    "95 % interval": (
        "The range in which the figure falls for 95 % of random resamples of the test proteins; wide for few proteins."
    ),
    "Information accretion": (
        "How informative a term is beyond its parents, in bits: 0 if proteins with its parents nearly always have it, "
        "high if few of them do."
    ),
    "Score": (
        "The model's calibrated estimate, in (0, 1], that the protein has the term; a general term never scores below "
        "its descendants."
    ),
    "Zero-shot term": (
        "A term that no training protein has; only its text and its place in GO are known to the model."
    ),
    "Few-shot term": "A term that only a few training proteins have.",
    "Test protein": (
        "A protein that was used neither for training nor for any choice of settings; the results on this page "
        "are about these."
    ),
}

CURVES = {
    "loss": "The weighted sum that training brings down.",
    "con": "Contrastive loss: true protein–term pairs should score above false ones.",
    "dag": "Ontology loss: a term should stay near its parents.",
    "attr": "Attribution loss: attention should lie on the residues that the score depends on.",
    "fmax": "Mean Fmax over the aspects on the validation proteins; the best epoch of a stage is kept.",
    "temperature": "How sharply differences in similarity are read; learned, within bounds.",
    "attention_entropy": "How widely attention is spread over a protein's windows; falls as it concentrates.",
    "alignment": "Squared distance between proteins and their terms; lower is closer.",
    "uniformity": "How evenly proteins fill the space; lower is more even.",
    "few_share": "Share of the positives' weight that few-shot terms have.",
    "negatives": "False terms per protein that a step contrasts with.",
    "index_age": "Epochs since the index of hard negatives was renewed.",
}

KNOBS = {
    "hard_frac": "Share of mined hard negatives",
    "shortlist_M": "Terms asked of the index",
    "k_hard": "Places for hard negatives",
    "random_k": "Random terms per batch",
    "inbatch_easy": "Share of in-batch terms used",
    "hier_up": "Ancestor hops spared",
    "hier_down": "Descendant hops spared",
}


def number(value: float, decimals: int) -> str:
    """A figure at fixed places, with a true minus sign; `n/a` where it is not defined."""
    return NOT_AVAILABLE if pd.isna(value) else f"{value:,.{decimals}f}".replace("-", "−")


def with_unit(value: float, unit: str, decimals: int = 0) -> str:
    """`31 ms`; `n/a` where it is not defined."""
    return NOT_AVAILABLE if pd.isna(value) else f"{number(value, decimals)} {unit}"


def interval(low: float, high: float, decimals: int) -> str:
    """`0.41–0.52`, or nothing where there is no interval."""
    if pd.isna(low) or pd.isna(high):
        return ""
    joint = "–" if low >= 0 else " to "
    return f"{number(low, decimals)}{joint}{number(high, decimals)}"


def counted(n: int, thing: str) -> str:
    """`1 protein`, `1,204 proteins`."""
    return f"{n:,} {thing if n == 1 else f'{thing}s'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def count_bin(name: str) -> str:
    """`1–5` for `train_1_5`, `over 100` for `train_over_100`: numbers of training proteins."""
    least, _, most = name.removeprefix("train_").partition("_")
    return f"over {most}" if least == "over" else f"{least}–{most}" if most else least


def is_untrained(config: Mapping) -> bool:
    """Whether the residue encoder's weights are random."""
    return str(config["embeddings"]["residues"]["model"]).startswith("untrained_")
