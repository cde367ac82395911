"""Divides proteins into training, validation (chooses thresholds) and test; similar proteins stay on one side.

The order of the proteins does not matter: they are processed in the order of their sequences' hashes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError, InputError
from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.protein_lists import read_lists
from gofer.inputs.splits.clusters import cluster
from gofer.inputs.splits.split_dates import LEAVE_OUT, splits_of_days

SPLITS = ("train", "val", "test")
UNUSED = "unused"


@dataclass(frozen=True)
class SplitConfig:
    """How proteins are divided.

    Attributes:
        method: identity, random, lists or date.
        clusterer: kmers, mmseqs or auto; for identity.
        identity: Proteins at least this similar stay on one side, in (0, 1].
        val: Share of the annotated proteins for validation.
        test: Share for the test.
        seed: Of the draw.
        val_from: For method date, the day from which first annotated proteins are for validation.
        test_from: From which they are for the test.
        same_sequence: For method lists: refuse or leave_out a protein with the sequence of one that is tested.
    """

    method: str
    clusterer: str
    identity: float
    val: float
    test: float
    seed: int
    val_from: str | None = None
    test_from: str | None = None
    same_sequence: str = "refuse"

    @property
    def promised(self) -> float | None:
        """The identity that no val or test protein should have to a training protein, where the method promises one."""
        return self.identity if self.method == "identity" else None

    @classmethod
    def from_config(cls, splits: Mapping[str, Any], seed: int) -> "SplitConfig":
        """From the `inputs.splits` section of a config."""
        shares = float(splits["identity"]), splits["val"], splits["test"]
        days = splits["val_from"], splits["test_from"]
        return cls(splits["method"], splits["clusterer"], *shares, seed, *days, splits["same_sequence"])


def make_splits(
    proteins: pd.DataFrame,
    annotated: Collection[str],
    config: SplitConfig,
    *,
    lists: Mapping[str, Sequence[Path | str]] | None = None,
    days: pd.DataFrame | None = None,
    threads: int = 1,
) -> tuple[pd.DataFrame, Accounting]:
    """Divide the proteins.

    Args:
        proteins: Columns protein_id, sequence, sequence_sha256.
        annotated: Proteins with a term below a root; the others are unused.
        config: How.
        lists: For method lists, files of ids by split (val, test); all others train. Without a list for val, the share
            `val` of the others is drawn, similar proteins (`identity`) together.
        days: For method date, when proteins were first annotated (`first_days`).
        threads: For method identity.

    Returns:
        protein_id, split (train, val, test, unused), cluster (int64), in the order of `proteins`; and how many clusters
        there are and what linked them.

    Raises:
        GoferError: A split without a protein, or a sequence in two splits.
        InputError: A list names an unknown protein, or one that the other list names too.
    """
    own, lists = proteins.sort_values(["sequence_sha256", "protein_id"]), lists or {}
    used_N = own["protein_id"].isin(set(annotated)).to_numpy(bool)
    similar = config.method == "identity" or (config.method == "lists" and "val" not in lists)
    cluster_N, accounting = _clusters(own, config, threads, similar=similar)
    match config.method:
        case "lists":
            split_N = _by_lists(own["protein_id"], lists)
            if config.same_sequence == LEAVE_OUT:
                split_N = _without_tested(split_N, own["sequence_sha256"], used_N, accounting)
            if "val" not in lists:
                rest_N = used_N & (split_N == "train")
                drawn_N = _by_draw(cluster_N, rest_N, replace(config, test=0.0))
                split_N = np.where(rest_N, drawn_N, split_N)
        case "date":
            split_N = _by_days(own["protein_id"], days, config)
        case _:
            split_N = _by_draw(cluster_N, used_N, config)
    table = pd.DataFrame(
        {"protein_id": own["protein_id"], "split": np.where(used_N, split_N, UNUSED), "cluster": cluster_N}
    )
    table = table.loc[proteins.index].reset_index(drop=True)
    check_splits(table, proteins)
    return table, accounting


def _clusters(
    proteins: pd.DataFrame, config: SplitConfig, threads: int, *, similar: bool
) -> tuple[NDArray[np.int64], Accounting]:
    accounting = Accounting()
    if not similar:
        cluster_N = pd.factorize(proteins["sequence_sha256"])[0].astype(np.int64)
        accounting.add("clusters", "equal sequences", len(set(cluster_N)))
        return cluster_N, accounting
    clusters = cluster(
        proteins["sequence"].tolist(), identity=config.identity, clusterer=config.clusterer, threads=threads
    )
    accounting.add("clusters", f"sequences linked at {config.identity:.0%} identity", len(set(clusters.number_N)))
    for by, pairs in clusters.links.items():
        accounting.add("links", by, pairs)
    accounting.add("proteins in the largest cluster", count=int(np.bincount(clusters.number_N).max()))
    return clusters.number_N, accounting


def _by_draw(cluster_N: NDArray[np.int64], used_N: NDArray[np.bool_], config: SplitConfig) -> NDArray:
    rng = np.random.default_rng(config.seed)
    size_C = np.bincount(cluster_N[used_N], minlength=int(cluster_N.max(initial=-1)) + 1)
    total = int(size_C.sum())
    room = np.array([1 - config.val - config.test, config.val, config.test]) * total
    split_C = np.full(len(size_C), "train", dtype=object)
    for number in rng.permutation(np.flatnonzero(size_C)):
        # A cluster larger than the room left in val or test would exceed its share: it goes elsewhere.
        chance = np.where(room + 0.5 >= size_C[number], np.maximum(room, 0), 0)
        if not chance.any():
            chance = np.maximum(room, 0) * np.array([1, 0, 0]) if room[0] > 0 else np.array([1.0, 0, 0])
        chosen = rng.choice(3, p=chance / chance.sum())
        split_C[number] = SPLITS[chosen]
        room[chosen] -= size_C[number]
    return split_C[cluster_N]


def _by_days(protein_ids: pd.Series, days: pd.DataFrame | None, config: SplitConfig) -> NDArray:
    if days is None or config.val_from is None or config.test_from is None:
        raise ValueError("method date needs the days of the proteins, val_from and test_from")
    split = splits_of_days(days["day"], val_from=config.val_from, test_from=config.test_from)
    return protein_ids.map(split).to_numpy(object)


def _without_tested(
    split_N: NDArray, sequences: pd.Series, used_N: NDArray[np.bool_], accounting: Accounting
) -> NDArray:
    # In a benchmark a target may be in the training files under another id: its labels there stay unseen.
    tested = set(sequences[used_N & (split_N == "test")])
    again_N = sequences.isin(tested).to_numpy(bool) & (split_N != "test")
    accounting.add("proteins left out", "having the sequence of one that is tested", int((again_N & used_N).sum()))
    return np.where(again_N, UNUSED, split_N)


def _by_lists(protein_ids: pd.Series, lists: Mapping[str, Sequence[Path | str]]) -> NDArray:
    known = set(protein_ids)
    split = dict.fromkeys(protein_ids, "train")
    for name, paths in lists.items():
        for protein_id, (path, line) in read_lists(paths).items():
            if protein_id not in known:
                raise InputError(
                    f"{protein_id} is not a protein of the FASTA",
                    path=path,
                    line=line,
                    help="give ids as written in the FASTA (of a UniProt header the accession)",
                )
            if split[protein_id] != "train":
                raise InputError(
                    f"{protein_id} is in the list of {split[protein_id]} too",
                    path=path,
                    line=line,
                    help="a protein belongs to one split",
                )
            split[protein_id] = name
    return np.array([split[protein_id] for protein_id in protein_ids], dtype=object)


def check_splits(table: pd.DataFrame, proteins: pd.DataFrame) -> None:
    """Refuse a split without a protein, and a sequence that is in two splits.

    Args:
        table: Columns protein_id, split.
        proteins: Columns protein_id, sequence_sha256.

    Raises:
        GoferError: Either.
    """
    counts = table["split"].value_counts()
    for split in SPLITS:
        if not counts.get(split, 0):
            raise GoferError(
                f"the {split} split has no annotated protein (of {int((table['split'] != UNUSED).sum())})",
                help="change inputs.splits (other shares, days or lists, a higher identity), or give more proteins",
            )
    used = table[table["split"] != UNUSED].merge(proteins[["protein_id", "sequence_sha256"]], on="protein_id")
    several = used.groupby("sequence_sha256")["split"].nunique()
    shared = used[used["sequence_sha256"].isin(several.index[several > 1])].sort_values(["sequence_sha256", "split"])
    if len(shared):
        one, two = shared.drop_duplicates(["sequence_sha256", "split"]).iloc[:2].to_dict("records")
        raise GoferError(
            f"{one['protein_id']} ({one['split']}) and {two['protein_id']} ({two['split']}) have the same sequence",
            help="put proteins of one sequence into one split; of lists, inputs.splits.same_sequence: leave_out keeps "
            "those that are not tested out of training",
        )
