"""What predictions are held against: labels of the held-out proteins; and both of one aspect, as arrays.

Shapes: B proteins, C terms of the aspect, its root left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.evaluation.cafa import score_matrix
from gofer.evaluation.evaluator import has_parent
from gofer.evaluation.generalised import TrueRanks, from_table, true_ranks
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.judged import Judged, by_knowledge
from gofer.inputs.relations import TRUE_PATH


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What predictions are held against.

    Attributes:
        terms: Columns go_id, aspect, parents per relation, information_accretion, training_count; roots included.
        term_set: common, few or zero by go_id.
        truth: Columns protein_id, go_id, split (val, test or `judged.PARTIAL_SPLIT`), propagated, roots left out.
        relations: Relations along which annotations propagate in this run.
        identity: By protein, the identity in (0, 1] to the nearest training protein; NaN or absent where none is alike.
    """

    terms: pd.DataFrame
    term_set: pd.Series
    truth: pd.DataFrame
    relations: tuple[str, ...] = TRUE_PATH
    identity: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))

    @classmethod
    def of_tables(
        cls,
        terms: pd.DataFrame,
        term_sets: pd.DataFrame,
        annotations: pd.DataFrame,
        splits: pd.DataFrame,
        relations: Iterable[str] = TRUE_PATH,
        judged: Judged | None = None,
    ) -> "HeldOut":
        """Join the tables of the `inputs` stage: labels of the val and test proteins, without roots.

        Where something was known of the test proteins, those of partial knowledge are a split of their own.
        """
        relations = tuple(relations)
        truth = annotations[["protein_id", "go_id"]].merge(splits[["protein_id", "split"]], on="protein_id")
        below_roots = has_parent(terms, relations)
        wanted = truth["split"].isin(["val", "test"]) & truth["go_id"].isin(below_roots.index[below_roots])
        term_set, truth = term_sets.set_index("go_id")["term_set"], truth[wanted].drop_duplicates(ignore_index=True)
        if judged is not None and len(judged.knowledge):
            truth = by_knowledge(truth, terms, judged.knowledge, judged.known)
        nearest = splits.set_index("protein_id").get("nearest_identity", pd.Series(dtype=float))
        return cls(terms, term_set, truth, relations, nearest)

    @classmethod
    def read(cls, files: Mapping[str, Path | str], relations: Iterable[str]) -> "HeldOut":
        """From the files of the `inputs` stage, by the names that `of_tables` gives them.

        Args:
            files: By name, those of rule choose_judged among them or not.
            relations: Relations along which annotations propagate in this run.
        """
        names = ("terms", "term_sets", "annotations", "splits")
        terms, term_sets, annotations, splits = (read_table(files[name]) for name in names)
        return cls.of_tables(terms, term_sets, annotations, splits, relations, Judged.of_files(files))

    def of_split(self, split: str) -> pd.DataFrame:
        """Columns protein_id, go_id of one split."""
        return self.truth.loc[self.truth["split"] == split, ["protein_id", "go_id"]]


def labels_of(pid2pos: pd.DataFrame, split: str) -> pd.DataFrame:
    """Columns protein_id, go_id: what is true of the proteins of one split, propagated, roots left out.

    Args:
        pid2pos: Columns protein_id, split, true_ids of inputs/pid2pos.parquet.
        split: train, val or test.
    """
    own = pid2pos.loc[pid2pos["split"] == split, ["protein_id", "true_ids"]]
    return own.explode("true_ids").dropna().rename(columns={"true_ids": "go_id"}).reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What one method says of the held-out proteins.

    Attributes:
        scores: What `read_cafa` gave, of the val and test proteins.
        uncut: Columns protein_id, go_id, score of every test protein and every term that one of them has, without a
            lower cutoff; for the figures that look at one term at a time. None: those of `scores`.
        ranks: Of the test proteins' true terms among all terms, `generalised.RANK_COLUMNS`. None: those of `scores`.
    """

    scores: pd.DataFrame
    uncut: pd.DataFrame | None = None
    ranks: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class AspectData:
    """Scores and labels of one aspect and split.

    Attributes:
        terms: Rows of the terms table, C.
        protein_ids: Proteins that have a label in the aspect, B.
        stated_BC: Scores as predicted.
        scores_BC: Scores propagated.
        labels_BC: Labels, propagated.
        uncut_BC: Scores without a lower cutoff, of the terms with a label; None where there are none.
        ranks: Of the true pairs.
    """

    terms: pd.DataFrame
    protein_ids: pd.Index
    stated_BC: NDArray[np.float64]
    scores_BC: NDArray[np.float64]
    labels_BC: NDArray[np.bool_]
    uncut_BC: NDArray[np.float64] | None
    ranks: TrueRanks

    @property
    def accretion_C(self) -> NDArray[np.float64]:
        """Information accretion of each term."""
        return self.terms["information_accretion"].to_numpy(float)

    @property
    def unseen_C(self) -> NDArray[np.bool_]:
        """Terms without a training protein."""
        return (self.terms["training_count"] == 0).to_numpy(bool)


def aspect_data(predicted: Predicted, held_out: HeldOut, aspect: str, split: str) -> AspectData:
    """Join predictions and labels of one aspect and split by id."""
    terms = held_out.terms[held_out.terms["aspect"] == aspect].reset_index(drop=True)
    hierarchy = Hierarchy.of_terms(terms, held_out.relations, within_aspect=True)
    truth = held_out.of_split(split)
    truth = truth[truth["go_id"].isin(terms["go_id"])]
    proteins = pd.Index(sorted(truth["protein_id"].unique()))
    below_C = has_parent(terms, held_out.relations).to_numpy()
    labels_BC = hierarchy_consistent(score_matrix(truth.assign(score=1.0), proteins, terms["go_id"]) > 0, hierarchy)
    all_stated_BC = score_matrix(predicted.scores, proteins, terms["go_id"])
    own, labels_BC, stated_BC = terms[below_C].reset_index(drop=True), labels_BC[:, below_C], all_stated_BC[:, below_C]
    ranks = (
        true_ranks(stated_BC, labels_BC, (own["training_count"] == 0).to_numpy(bool))
        if predicted.ranks is None
        else from_table(predicted.ranks, proteins, pd.Index(own["go_id"]))
    )
    uncut = predicted.uncut
    return AspectData(
        terms=own,
        protein_ids=proteins,
        stated_BC=stated_BC,
        scores_BC=hierarchy_consistent(all_stated_BC, hierarchy)[:, below_C],
        labels_BC=labels_BC,
        uncut_BC=None if uncut is None else score_matrix(uncut, proteins, own["go_id"]),
        ranks=ranks,
    )
