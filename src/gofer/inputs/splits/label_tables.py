"""The labels of a run, batch by batch: pid2pos and an account of it.

`annotations.parquet` comes in batches of whole proteins, of which expansion treats each separately. So memory does not
grow with the number of proteins but for a few bytes per label.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import pandas as pd
import pyarrow as pa

from gofer.errors import GoferError
from gofer.inputs.accounting import Accounting
from gofer.inputs.splits.expansion import (
    POSITIVE,
    SPLITS_SEEN,
    THROUGH_HELD_OUT,
    ExpansionConfig,
    dropped_ancestors,
    expand,
    positives_batch,
)
from gofer.inputs.splits.label_checks import check_counts, check_labels


class LabelTable:
    """pid2pos of a run, made batch by batch, checked and counted.

    Args:
        splits: Columns protein_id, split.
        terms: The ontology table with training_count.
        term_sets: Columns go_id, held_out.
        config: Which ancestors are positives.
        relations: Relations along which an annotation holds.
        stoplist: Terms that are never added as ancestors.

    Attributes:
        counts: What became of the labels; whole once all batches are through.
    """

    def __init__(
        self,
        splits: pd.DataFrame,
        terms: pd.DataFrame,
        term_sets: pd.DataFrame,
        config: ExpansionConfig,
        relations: list[str],
        *,
        stoplist: Collection[str] = (),
    ) -> None:
        self.counts = LabelCounts()
        self._splits, self._terms, self._term_sets = splits, terms, term_sets
        self._held_out = set(term_sets.loc[term_sets["held_out"], "go_id"])
        self._config, self._relations, self._stoplist = config, relations, stoplist

    def batches(self, annotations: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of pid2pos, by protein id.

        Args:
            annotations: Columns protein_id, go_id, hops, evidence, date, source, sorted by protein and term; a protein
                is in one batch.

        Raises:
            GoferError: The labels break an invariant (`label_checks`), or a protein is in several batches.
        """
        true_counts: Counter[str] = Counter()
        row_of, last = pd.Index(self._splits["protein_id"]), ""
        for annotated in annotations:
            table = _by_number(annotated.to_pandas())
            protein_ids = table["protein_id"].cat.categories
            if len(protein_ids) and protein_ids[0] <= last:
                raise GoferError(f"{protein_ids[0]} is not after {last}: a protein must be in one batch")
            last = protein_ids[-1] if len(protein_ids) else last
            rows = row_of.get_indexer(protein_ids)
            labels = expand(
                table,
                self._splits.iloc[rows[rows >= 0]],
                self._terms,
                self._held_out,
                self._config,
                self._relations,
                stoplist=self._stoplist,
                n_train=int((self._splits["split"] == "train").sum()),
            )
            self.counts.add(labels)
            batch = positives_batch(labels)
            check_labels(batch.to_pandas(), self._term_sets, self._terms)
            true_counts.update(labels.loc[labels["split"] == "train", "go_id"].value_counts().to_dict())
            yield batch
        check_counts(true_counts, self._terms)


def _by_number(table: pd.DataFrame) -> pd.DataFrame:
    # Ids as numbers into their sorted list, which compare and group without comparing texts.
    ids = ("protein_id", "go_id")
    return table.assign(**{name: pd.Categorical(table[name], sorted(table[name].unique())) for name in ids})


class LabelCounts:
    """Counts of positives, ancestors added and left out, by split."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._true: dict[str, set[str]] = {split: set() for split in SPLITS_SEEN}
        self._positive: dict[str, set[str]] = {split: set() for split in SPLITS_SEEN}

    def add(self, labels: pd.DataFrame) -> None:
        """Count what `expand` gave for some proteins."""
        self.dropped.update(dropped_ancestors(labels))
        for split in SPLITS_SEEN:
            of_split = labels[labels["split"] == split]
            positive = of_split[of_split["left_out"] == POSITIVE]
            added = positive[positive["hops"] > 0]
            self._counts["with a positive", split] += positive["protein_id"].nunique()
            self._counts["positives", split] += len(positive)
            self._counts["added", split] += len(added)
            self._counts["expanded", split] += added["protein_id"].nunique()
            self._true[split] |= set(of_split["go_id"].unique())
            self._positive[split] |= set(positive["go_id"].unique())
            left_out = of_split.loc[of_split["left_out"] != POSITIVE, "left_out"].value_counts()
            self._left_out.update({(split, str(reason)): int(count) for reason, count in left_out.items()})

    def dropped_in_order(self) -> dict[str, int]:
        """`expansion.dropped_ancestors` of all labels, by term."""
        return dict(sorted(self.dropped.items()))

    def accounting(self, splits: pd.DataFrame) -> Accounting:
        """Positives of each split: stated, ancestors added or left out and why, proteins expanded or without one.

        Args:
            splits: Columns protein_id, split.
        """
        accounting, proteins = Accounting(), splits["split"].value_counts().sort_index()
        for split, count in proteins.items():
            accounting.add("proteins", str(split), int(count))
        for split in SPLITS_SEEN:
            if split not in proteins:
                continue
            count = {name: self._counts[name, split] for name in ("with a positive", "positives", "added", "expanded")}
            without = int(proteins[split]) - count["with a positive"]
            accounting.add("proteins without a positive that training may see", split, without)
            accounting.add("stated positives", split, count["positives"] - count["added"])
            accounting.add("ancestors added", split, count["added"])
            accounting.add("proteins with ancestors added", split, count["expanded"])
            accounting.add("positives", split, count["positives"])
            never = len(self._true[split]) - len(self._positive[split])
            accounting.add("terms true but never positive", split, never)
            for (of_split, reason), times in sorted(self._left_out.items()):
                if of_split == split:
                    accounting.add(f"ancestors left out in {split}, true but no positives", reason, times)
        for go_id, times in sorted(self.dropped.items()):
            accounting.add(f"terms dropped as positives: {THROUGH_HELD_OUT}", go_id, times)
        return accounting
