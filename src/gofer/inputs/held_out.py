"""The labels of the held-out proteins, which predictions are compared with, and the subsets they fall into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gofer.artefacts import read_table
from gofer.inputs.benchmark_subsets import Judged, by_knowledge
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The labels that predictions are compared with.

    Attributes:
        terms: Columns go_id, aspect, parents per relation, information_accretion, training_count; roots included.
        term_set: common, few or zero by go_id.
        truth: Columns protein_id, go_id, split (val, test or `judged.PARTIAL_SPLIT`), propagated, roots left out.
        relations: Relations along which annotations propagate in this run.
        identity: By protein, the identity in (0, 1] to the nearest training protein; NaN or absent if none is similar.
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

        Test proteins of partial knowledge are a separate split.
        """
        relations = tuple(relations)
        truth = annotations[["protein_id", "go_id"]].merge(splits[["protein_id", "split"]], on="protein_id")
        graph = GoGraph.of_terms(terms, relations, within_aspect=True)
        wanted = truth["split"].isin(["val", "test"]) & truth["go_id"].isin(terms["go_id"][~graph.is_root_T])
        term_set, truth = term_sets.set_index("go_id")["term_set"], truth[wanted].drop_duplicates(ignore_index=True)
        if judged is not None and len(judged.knowledge):
            truth = by_knowledge(truth, terms, judged.knowledge, judged.known)
        nearest = splits.set_index("protein_id").get("nearest_identity", pd.Series(dtype=float))
        return cls(terms, term_set, truth, relations, nearest)

    @classmethod
    def read(cls, files: Mapping[str, Path | str], relations: Iterable[str]) -> "HeldOut":
        """From the files of the `inputs` stage, by the names that `of_tables` gives them.

        Args:
            files: By name.
            relations: Relations along which annotations propagate in this run.
        """
        names = ("terms", "term_sets", "annotations", "splits")
        terms, term_sets, annotations, splits = (read_table(files[name]) for name in names)
        return cls.of_tables(terms, term_sets, annotations, splits, relations)

    def of_split(self, split: str) -> pd.DataFrame:
        """Columns protein_id, go_id of one split."""
        return self.truth.loc[self.truth["split"] == split, ["protein_id", "go_id"]]


def labels_of(pid2pos: pd.DataFrame, split: str) -> pd.DataFrame:
    """Columns protein_id, go_id: the propagated labels of the proteins of one split, roots left out.

    Args:
        pid2pos: Columns protein_id, split, true_ids of inputs/pid2pos.parquet.
        split: train, val or test.
    """
    of_split = pid2pos.loc[pid2pos["split"] == split, ["protein_id", "true_ids"]]
    return of_split.explode("true_ids").dropna().rename(columns={"true_ids": "go_id"}).reset_index(drop=True)
