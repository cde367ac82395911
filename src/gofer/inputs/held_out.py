"""The labels of the held-out proteins, which predictions are compared with, and the subsets they fall into."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gofer.artefacts import read_batches, read_table
from gofer.inputs.benchmark_subsets import Judged, by_knowledge
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.names import HELD_OUT

LABELS = pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in ("protein_id", "go_id")])


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
        wanted = truth["split"].isin(HELD_OUT) & truth["go_id"].isin(terms["go_id"][~graph.is_root_T])
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
        terms, term_sets, splits = (read_table(files[name]) for name in ("terms", "term_sets", "splits"))
        annotations = read_annotations_of(files["annotations"], splits, *HELD_OUT)
        return cls.of_tables(terms, term_sets, annotations, splits, relations)

    def of_split(self, split: str) -> pd.DataFrame:
        """Columns protein_id, go_id of one split."""
        return self.truth.loc[self.truth["split"] == split, ["protein_id", "go_id"]]


def read_annotations_of(annotations: Path | str, splits: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The rows of inputs/annotations.parquet of the proteins of some splits.

    Args:
        annotations: The file.
        splits: Columns protein_id, split.
        names: The splits.
    """
    return read_table(annotations, where={"protein_id": splits.loc[splits["split"].isin(names), "protein_id"]})


def read_labels(pid2pos: Path | str, *splits: str) -> pd.DataFrame:
    """Columns protein_id, go_id: the propagated labels of the proteins of some splits, roots left out.

    The two columns are categorical: of hundreds of thousands of proteins they take some 8 bytes a label.

    Args:
        pid2pos: The file inputs/pid2pos.parquet.
        splits: train, known, val.
    """
    columns = ["protein_id", "split", "true_ids"]
    batches = [labels_of_batch(batch, splits) for batch in read_batches(pid2pos, columns)]
    return pa.Table.from_batches(batches, LABELS).unify_dictionaries().to_pandas()


def labels_of_batch(batch: pa.RecordBatch, splits: Sequence[str]) -> pa.RecordBatch:
    """`read_labels` of some rows of pid2pos, as Arrow has them."""
    batch = batch.filter(pc.is_in(batch["split"], value_set=pa.array(splits, pa.string())))
    row_L, go_id_L = pc.list_parent_indices(batch["true_ids"]), pc.list_flatten(batch["true_ids"])
    columns = [batch["protein_id"].dictionary_encode().take(row_L), go_id_L.dictionary_encode()]
    return pa.RecordBatch.from_arrays(columns, schema=LABELS)
