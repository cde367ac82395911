"""What a model is worth on validation proteins, and from which of its scores on a prediction may be believed.

Its label model must not have seen their labels. Only the terms seen in training count. Shapes: B validation proteins,
T terms, S seen terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.metrics.fmax import fmax
from gofer.retrieval.cutoffs import precision_cutoffs
from gofer.retrieval.ensemble import Expected
from gofer.retrieval.protein_vectors import Described, ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.training.dataset import truth_matrix

FAR = 0.3  # identity: below it a protein has no close relative among the training proteins
PROTEINS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class ValidationProteins:
    """The validation proteins of a run.

    Attributes:
        described: What the scorer reads of them.
        truth_BT: Their labels; columns are all terms of the model.
        far_B: Which of them are less than `FAR` identical to every training protein.
    """

    described: Described
    truth_BT: NDArray[np.bool_]
    far_B: NDArray[np.bool_]

    @classmethod
    def read(
        cls, files: Mapping[str, Path | str], sequence_of: Mapping[str, str], go_ids: list[str]
    ) -> "ValidationProteins":
        """From the files of a run.

        Args:
            files: vectors, splits and pid2pos, by these names.
            sequence_of: Sequence by protein id.
            go_ids: The terms of the model.
        """
        proteins = ProteinVectors.read(files["vectors"]).of_splits("val")
        pid2pos = read_table(files["pid2pos"], where={"split": ["val"]})
        truth_BT = truth_matrix(pid2pos, proteins.protein_ids, go_ids).toarray()
        splits = read_table(files["splits"], where={"split": ["val"]})
        if "nearest_identity" in splits:
            nearest = splits.set_index("protein_id")["nearest_identity"].reindex(proteins.protein_ids)
            far_B = ~(nearest.to_numpy(float) >= FAR)
        else:
            far_B = np.zeros(len(proteins.protein_ids), bool)
        return cls(proteins.described(sequence_of), truth_BT, far_B)


@dataclass(frozen=True)
class Quality:
    """What predictions were worth.

    Attributes:
        cutoffs: As of `precision_cutoffs`.
        figures: By aspect: proteins with a label, and Fmax over them; far_proteins and far_fmax, of those that are less
            than `FAR` identical to every training protein.
    """

    cutoffs: dict[str, dict[str, float | None]]
    figures: dict[str, dict[str, float | int]]


def measured(scorer: Scorer, proteins: ValidationProteins, expected: Expected) -> Quality:
    """Score the validation proteins, and compare.

    Args:
        scorer: The model.
        proteins: The proteins.
        expected: What the labels of similar training proteins predict for them.
    """
    scores_BS, truth_BS = seen_scores(scorer, proteins.described, expected), proteins.truth_BT[:, scorer.seen]
    aspects_S, found = scorer.label_model.aspects_T, {}
    for aspect in np.unique(aspects_S):
        columns = np.flatnonzero(aspects_S == aspect)
        labelled_B = np.asarray(truth_BS[:, columns].any(axis=1))
        figures = _figures(scores_BS, truth_BS, labelled_B, columns)
        far = _figures(scores_BS, truth_BS, np.logical_and(labelled_B, proteins.far_B), columns)
        found[str(aspect)] = figures | {f"far_{name}": figure for name, figure in far.items()}
    return Quality(precision_cutoffs(scores_BS, truth_BS, aspects_S), found)


def seen_scores(scorer: Scorer, proteins: Described, expected: Expected) -> NDArray[np.float32]:
    """Scores of the seen terms, (B, S), some proteins at a time: those of all terms would take gigabytes."""
    scores_BS = np.zeros((len(proteins.sequences), len(scorer.seen)), np.float32)
    for start in range(0, len(scores_BS), PROTEINS_AT_ONCE):
        rows = np.arange(start, min(start + PROTEINS_AT_ONCE, len(scores_BS)))
        sequences = proteins.sequences[start : start + PROTEINS_AT_ONCE]
        some = Described(proteins.vectors_BD[rows], proteins.summaries_BS[rows], sequences)
        scores_BS[rows] = scorer.scores(some, expected.rows(rows))[:, scorer.seen]
    return scores_BS


def without_transfer(expected: Expected, regressed_BT: NDArray[np.float32]) -> Expected:
    """The same proteins as a label model predicts them that knows no protein to align with."""
    none_B = {aspect: np.zeros_like(best_B) for aspect, best_B in expected.similarity.items()}
    return replace(
        expected,
        regressed_BT=regressed_BT,
        transferred_BT=np.zeros_like(regressed_BT),
        similarity=none_B,
        aligned_BP=None,
    )


def _figures(
    scores_BS: NDArray, truth_BS: NDArray[np.bool_], chosen_B: NDArray[np.bool_], columns: NDArray[np.int64]
) -> dict[str, float | int]:
    if not chosen_B.any():
        return {"proteins": 0}
    chosen = np.ix_(chosen_B, columns)
    return {"proteins": int(chosen_B.sum()), "fmax": round(fmax(scores_BS[chosen], truth_BS[chosen]), 3)}
