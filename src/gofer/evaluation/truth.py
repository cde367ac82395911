"""What predictions are held against: labels of the held-out proteins; and both of one aspect, as pairs.

Shapes: B proteins, C terms of the aspect, its root left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.evaluation.evaluator import has_parent
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.judged import Judged, by_knowledge
from gofer.evaluation.pairs import Pairs
from gofer.evaluation.uncut import UncutScores
from gofer.inputs.relations import TRUE_PATH

PROTEINS_AT_ONCE = 256  # their scores of all terms of an aspect are arrays for a moment: 60 MB each for 28,000 terms


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
        uncut: Scores of every test protein and every term that one of them has, without a lower cutoff; for the figures
            that look at one term at a time. None: those of `scores`.
        ranks: Of the test proteins' true terms among all terms, `generalised.RANK_COLUMNS`. None: those of `scores`.
    """

    scores: pd.DataFrame
    uncut: UncutScores | None = None
    ranks: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Joined:
    """Predictions and labels of one aspect and split, as they meet.

    Attributes:
        terms: Rows of the terms table, roots included, T.
        below_T: Whether a term is no root.
        hierarchy: Of these terms.
        protein_ids: Proteins that have a label in the aspect, B.
        stated_BT: Scores as predicted.
        labels_BT: Labels as stated.
    """

    terms: pd.DataFrame
    below_T: NDArray[np.bool_]
    hierarchy: Hierarchy
    protein_ids: pd.Index
    stated_BT: sp.csr_array
    labels_BT: sp.csr_array

    @classmethod
    def of(cls, scores: pd.DataFrame, held_out: HeldOut, aspect: str, split: str) -> "Joined":
        """Join by id.

        Args:
            scores: Columns protein_id, go_id, score.
            held_out: Terms and labels.
            aspect: Whose terms.
            split: val or test.
        """
        terms = held_out.terms[held_out.terms["aspect"] == aspect].reset_index(drop=True)
        truth = held_out.of_split(split)
        truth = truth[truth["go_id"].isin(terms["go_id"])]
        proteins = pd.Index(sorted(truth["protein_id"].unique()))
        return cls(
            terms=terms,
            below_T=has_parent(terms, held_out.relations).to_numpy(),
            hierarchy=Hierarchy.of_terms(terms, held_out.relations, within_aspect=True),
            protein_ids=proteins,
            stated_BT=_sparse(scores, proteins, pd.Index(terms["go_id"])),
            labels_BT=_sparse(truth.assign(score=1.0), proteins, pd.Index(terms["go_id"])),
        )

    def dense(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Of some proteins, roots left out: scores as predicted, scores propagated, labels propagated."""
        stated_BT, labels_BT = self.stated_BT[rows].toarray(), self.labels_BT[rows].toarray() > 0
        arrays = stated_BT, *(hierarchy_consistent(values, self.hierarchy) for values in (stated_BT, labels_BT))
        return tuple(values[:, self.below_T] for values in arrays)


def _sparse(table: pd.DataFrame, protein_ids: pd.Index, go_ids: pd.Index) -> sp.csr_array:
    row_P, column_P = (_places(table[name], ids) for name, ids in (("protein_id", protein_ids), ("go_id", go_ids)))
    wanted_P = (row_P >= 0) & (column_P >= 0)
    places = row_P[wanted_P], column_P[wanted_P]
    return sp.csr_array((table["score"].to_numpy(float)[wanted_P], places), shape=(len(protein_ids), len(go_ids)))


def _places(column: pd.Series, ids: pd.Index) -> NDArray[np.int32]:
    column = column.astype("category")
    if not len(column.cat.categories):
        return np.empty(0, np.int32)
    return ids.get_indexer(column.cat.categories).astype(np.int32)[column.cat.codes]


@dataclass(frozen=True, eq=False)
class AspectPairs:
    """Scores and labels of one aspect and split, as pairs.

    Attributes:
        terms: Rows of the terms table, C.
        protein_ids: Proteins that have a label in the aspect, B.
        stated: Scores as predicted; labels propagated.
        pairs: Scores and labels propagated.
    """

    terms: pd.DataFrame
    protein_ids: pd.Index
    stated: Pairs
    pairs: Pairs

    @property
    def accretion_C(self) -> NDArray[np.float64]:
        """Information accretion of each term."""
        return self.terms["information_accretion"].to_numpy(float)

    @property
    def unseen_C(self) -> NDArray[np.bool_]:
        """Terms without a training protein."""
        return (self.terms["training_count"] == 0).to_numpy(bool)


def aspect_pairs(scores: pd.DataFrame, held_out: HeldOut, aspect: str, split: str) -> AspectPairs:
    """Join predictions and labels of one aspect and split by id, some proteins at a time; arguments as `Joined.of`."""
    joined = Joined.of(scores, held_out, aspect, split)
    stated, propagated = [], []
    for start in range(0, len(joined.protein_ids), PROTEINS_AT_ONCE):
        stated_BC, scores_BC, labels_BC = joined.dense(slice(start, start + PROTEINS_AT_ONCE))
        stated.append(Pairs.of_arrays(stated_BC, labels_BC))
        propagated.append(Pairs.of_arrays(scores_BC, labels_BC))
    own = joined.terms[joined.below_T].reset_index(drop=True)
    return AspectPairs(own, joined.protein_ids, *(Pairs.joined(parts, len(own)) for parts in (stated, propagated)))
