"""Chooses the training positives among a protein's true terms. The others stay true and are never its negatives.

Shapes: L labels, one row per protein and term.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.schemas import PID2POS, text_array
from gofer.names import KNOWN

SPLITS_SEEN = ["train", KNOWN, "val"]
POSITIVE = ""
THROUGH_HELD_OUT = "follows from held-out terms alone"
NONE_ADDED = "expansion none"
ENOUGH = "protein has min_positives stated terms"
TOO_FAR = "beyond max_hops"
STOPPED = "in the stoplist"
TOO_VAGUE = "information below stop_information"
TOO_FREQUENT = "frequency above stop_frequency"
TOO_MANY = "beyond max_ancestors"


@dataclass(frozen=True, kw_only=True)
class ExpansionConfig:
    """Which ancestors of a protein's stated terms are positives.

    Attributes:
        expansion: all, sparse (near ones, of proteins with few stated terms) or none.
        min_positives: For sparse: only proteins with fewer stated terms get ancestors.
        max_hops: For sparse: ancestors at most this many steps above a stated term.
        max_ancestors: For sparse: most ancestors per protein.
        stop_information: Ancestors with less information content are not added, in bits.
        stop_frequency: Ancestors that more than this share of the training proteins have are not added, in [0, 1].
        drop_through_held_out: Whether ancestors that a protein has through held-out terms alone are no positives.
    """

    expansion: str
    min_positives: int
    max_hops: int
    max_ancestors: int = 10
    stop_information: float = 0.0
    stop_frequency: float = 1.0
    drop_through_held_out: bool

    @classmethod
    def from_config(cls, inputs: Mapping[str, Any]) -> "ExpansionConfig":
        """From the `inputs` section of a config."""
        labels = inputs["labels"]
        return cls(
            expansion=labels["expansion"],
            min_positives=labels["min_positives"],
            max_hops=labels["max_hops"],
            drop_through_held_out=inputs["term_sets"]["zero_ancestors"] == "drop",
        )


def expand(
    annotations: pd.DataFrame,
    splits: pd.DataFrame,
    terms: pd.DataFrame,
    held_out: Collection[str],
    config: ExpansionConfig,
    relations: list[str],
    *,
    stoplist: Collection[str] = (),
    n_train: int | None = None,
) -> pd.DataFrame:
    """Every true term of the train and val proteins that training may see, and which of them are positives.

    A stated term is always a positive. Of its ancestors, expansion sparse takes the nearest first, then the most
    informative, then by id; information content is that of Resnik 1995, -log2 of a term's frequency.

    Args:
        annotations: Columns protein_id, go_id, hops, evidence, date, source; propagated.
        splits: Columns protein_id, split.
        terms: The ontology table with training_count; roots are left out.
        held_out: Terms masked on purpose, with their descendants; left out.
        config: Which ancestors are positives.
        relations: Relations along which an annotation holds.
        stoplist: Terms that are never added as ancestors.
        n_train: Training proteins of the run, where `splits` has a part of them.

    Returns:
        protein_id, split, go_id, hops (fewest from a stated term; where `drop_through_held_out`, from one that is not
        held out), left_out (`POSITIVE`, which is empty, or the first reason why the term is only true), sorted by
        protein and term.
    """
    labels = _true_labels(annotations, splits, terms, held_out)
    if config.drop_through_held_out:
        labels = _from_seen_terms(labels, annotations, terms, relations, held_out)
    n_train = int((splits["split"] == "train").sum()) if n_train is None else n_train
    share_L = labels["go_id"].map(terms.set_index("go_id")["training_count"]).to_numpy(float) / max(n_train, 1)
    labels["left_out"] = _reasons(labels, share_L, config, stoplist)
    if config.expansion == "sparse":
        labels.loc[_beyond(labels, information_content(share_L), config.max_ancestors), "left_out"] = TOO_MANY
    return labels[["protein_id", "split", "go_id", "hops", "left_out"]]


def _true_labels(
    annotations: pd.DataFrame, splits: pd.DataFrame, terms: pd.DataFrame, held_out: Collection[str]
) -> pd.DataFrame:
    hidden = root_ids(terms) | set(held_out)
    seen = annotations.loc[~annotations["go_id"].isin(hidden), ["protein_id", "go_id", "hops"]]
    split_L = seen["protein_id"].map(splits.set_index("protein_id")["split"]).astype("str")
    seen = seen.assign(split=split_L)[split_L.isin(SPLITS_SEEN)]
    return seen.sort_values(["protein_id", "go_id"], ignore_index=True).assign(through_held_out=False)


def _from_seen_terms(
    labels: pd.DataFrame,
    annotations: pd.DataFrame,
    terms: pd.DataFrame,
    relations: list[str],
    held_out: Collection[str],
) -> pd.DataFrame:
    # Hops without the held-out annotations; terms that then no longer follow are marked.
    stated = annotations[(annotations["hops"] == 0) & ~annotations["go_id"].isin(set(held_out))]
    follows = propagate(stated.drop(columns="hops"), terms, relations)[["protein_id", "go_id", "hops"]]
    joined = labels.merge(
        follows, on=["protein_id", "go_id"], how="left", suffixes=("", "_seen"), validate="one_to_one"
    )
    through_held_out_L = joined["hops_seen"].isna()
    hops_L = joined["hops_seen"].fillna(joined["hops"]).astype("int16")
    return joined.drop(columns="hops_seen").assign(hops=hops_L, through_held_out=through_held_out_L)


def _reasons(
    labels: pd.DataFrame, share_L: NDArray[np.float64], config: ExpansionConfig, stoplist: Collection[str]
) -> NDArray:
    # The first reason that applies; `max_ancestors` counts those left after all of these.
    hops_L = labels["hops"].to_numpy()
    stated_L = (labels["hops"] == 0).groupby(labels["protein_id"]).transform("sum").to_numpy()
    sparse, none = config.expansion == "sparse", config.expansion == "none"
    reasons = {
        THROUGH_HELD_OUT: labels["through_held_out"].to_numpy(bool),
        NONE_ADDED: np.full(len(labels), none),
        ENOUGH: (stated_L >= config.min_positives) & sparse,
        TOO_FAR: (hops_L > config.max_hops) & sparse,
        STOPPED: labels["go_id"].isin(set(stoplist)).to_numpy(bool),
        TOO_VAGUE: information_content(share_L) < config.stop_information,
        TOO_FREQUENT: share_L > config.stop_frequency,
    }
    return np.where(hops_L == 0, POSITIVE, np.select(list(reasons.values()), list(reasons), POSITIVE))


def information_content(share_L: NDArray[np.float64]) -> NDArray[np.float64]:
    """-log2 of the share of proteins that have a term, in bits; infinite for a term that none has."""
    with np.errstate(divide="ignore"):
        return np.abs(np.log2(share_L))


def _beyond(labels: pd.DataFrame, information_L: NDArray[np.float64], most: int) -> pd.Index:
    # Rows of the ancestors after the first `most` of their protein.
    added = labels.assign(information=information_L)[(labels["hops"] > 0) & (labels["left_out"] == POSITIVE)]
    order = ["protein_id", "hops", "information", "go_id"]
    added = added.sort_values(order, ascending=[True, True, False, True])
    return added.index[added.groupby("protein_id").cumcount() >= most]


def positives_by_protein(labels: pd.DataFrame) -> pd.DataFrame:
    """pid2pos: the labels of each protein that training may see.

    Args:
        labels: What `expand` gave.

    Returns:
        protein_id, split, go_ids (list, the positives), hops (list, theirs), true_ids (list, the positives and all else
        that is true), by protein id; proteins without a true term that training may see are left out.
    """
    return pa.Table.from_batches([positives_batch(labels)]).to_pandas()


def positives_batch(labels: pd.DataFrame) -> pa.RecordBatch:
    """`positives_by_protein` as Arrow has it, without an object per label."""
    first_P = np.flatnonzero(~labels["protein_id"].duplicated().to_numpy())
    ends_P = np.append(first_P, len(labels))
    positive_L = (labels["left_out"] == POSITIVE).to_numpy(bool)
    before_L = np.append(0, np.cumsum(positive_L))
    go_ids, hops = text_array(labels["go_id"]), pa.array(labels["hops"].to_numpy(), pa.int16())
    heads = labels.iloc[first_P]
    columns = [
        text_array(heads["protein_id"]),
        text_array(heads["split"]),
        pa.ListArray.from_arrays(before_L[ends_P].astype(np.int32), go_ids.filter(positive_L)),
        pa.ListArray.from_arrays(before_L[ends_P].astype(np.int32), hops.filter(positive_L)),
        pa.ListArray.from_arrays(ends_P.astype(np.int32), go_ids),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PID2POS)


def dropped_ancestors(labels: pd.DataFrame) -> dict[str, int]:
    """Train and val proteins by term that they have through held-out terms alone, where that makes it no positive."""
    dropped = labels.loc[labels["left_out"] == THROUGH_HELD_OUT, "go_id"].astype("str")
    return {str(go_id): int(count) for go_id, count in dropped.value_counts().sort_index().items()}
