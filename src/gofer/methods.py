"""The methods that the evaluation compares: one row each, with all that rules, tables and pictures need to know of it.

A new method is one more row here, and the rule that writes its predictions.
"""

from collections.abc import Iterable
from dataclasses import dataclass

OURS = "gofer"


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: On the page.
        meaning: What it does, for somebody who has not read about it.
        colour: In pictures, a name of `report.svg.COLOURS`.
        marker: In pictures, one of `report.page.MARKERS`.
        baseline: Whether a rule of `baselines` predicts; else one of `evaluation` does.
        shown_everywhere: Whether tables with room for few methods have it, too.
        unthresholded: Whether it also keeps scores without a lower cutoff.
        judged_only: Whether it exists only in runs with judged_annotations.
    """

    name: str
    meaning: str
    colour: str
    marker: str
    baseline: bool = True
    shown_everywhere: bool = False
    unthresholded: bool = False
    judged_only: bool = False


METHODS = {
    OURS: Method(
        "gofer",
        "this run's model: compares the protein with the text of every GO term and with similar training proteins",
        "blue",
        "o",
        baseline=False,
        shown_everywhere=True,
        unthresholded=True,
    ),
    "naive": Method(
        "Naive",
        "gives every protein the same terms, scored by how frequent they are among the training proteins",
        "grey",
        "s",
        shown_everywhere=True,
    ),
    "kmer_ridge": Method(
        "k-mer ridge",
        "kernel ridge regression of labels on k-mers of two to four residues and on composition; needs no model",
        "green",
        "^",
        shown_everywhere=True,
    ),
    "diamond": Method(
        "DIAMOND",
        "transfers labels from the training proteins with the most similar sequences, weighted by bit score",
        "vermillion",
        "D",
        shown_everywhere=True,
    ),
    "own_annotations": Method(
        "Own annotations",
        "predicts the older annotations of the protein, propagated",
        "ink",
        "^",
        shown_everywhere=True,
        judged_only=True,
    ),
    "embedding_neighbours": Method(
        "ESM neighbours",
        "transfers labels from the training proteins with the nearest mean residue vectors; nothing is trained",
        "sky",
        "s",
    ),
    "text_cosine": Method(
        "Text cosine",
        "compares a term's text with the texts of those neighbours' terms; nothing is trained",
        "purple",
        "^",
        unthresholded=True,
    ),
    "towers_only": Method(
        "gofer’s towers only",
        "gofer's two towers and base rates, without labels of similar proteins; to compare with the BCE twin",
        "sky",
        "o",
        baseline=False,
        unthresholded=True,
    ),
    "bce_twin": Method(
        "BCE twin",
        "the same two towers, trained with binary cross-entropy over all training terms",
        "ink",
        "s",
        baseline=False,
        unthresholded=True,
    ),
}


def shown_everywhere(methods: Iterable[str]) -> list[str]:
    """Those that tables and pictures with room for few methods have; a method without a row here is one of them."""
    return [method for method in methods if method not in METHODS or METHODS[method].shown_everywhere]


def method_name(method: str) -> str:
    """What the page calls a method."""
    return METHODS[method].name if method in METHODS else method
