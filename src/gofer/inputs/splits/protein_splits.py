"""Divides proteins into training, validation (chooses thresholds) and test; similar proteins stay on one side.

| split | its proteins |
|---|---|
| train | are embedded, and the towers and the label model learn from them |
| known | are not embedded: only searches by sequence and what transfers labels use them (`representatives`) |
| val, test | choose thresholds and weights; are only tested |
| unused | have no annotation below a root, or are left out, which the accounting explains |

The order of the proteins does not matter: they are processed in the order of their sequences' hashes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import InputError
from gofer.inputs.accounting import Accounting
from gofer.inputs.proteins.protein_lists import read_lists
from gofer.inputs.splits.clusters import cluster
from gofer.inputs.splits.representatives import representatives
from gofer.inputs.splits.split_checks import TRAINED_OR_HELD_OUT, UNUSED, check_splits
from gofer.inputs.splits.split_dates import LEAVE_OUT, splits_of_days
from gofer.names import HELD_OUT, KNOWN


@dataclass(frozen=True)
class SplitConfig:
    """How proteins are divided.

    Attributes:
        method: identity, random, lists, date or judged.
        clusterer: kmers, mmseqs or auto; for identity and judged.
        identity: Proteins at least this similar stay on one side, in (0, 1].
        val: Share of the annotated proteins for validation.
        test: Share for the test.
        seed: Of the draw.
        val_from: For method date, the day from which first annotated proteins are for validation.
        test_from: From which they are for the test.
        same_sequence: For method lists: refuse or leave_out a protein with the sequence of one that is tested.
        train_identity: Where given, only representatives of the training proteins at this identity train.
        train_most: Where given, at most so many of them.
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
    train_identity: float | None = None
    train_most: int | None = None

    @property
    def promised(self) -> float | None:
        """The identity that no val or test protein should have to a training protein, where the method promises one."""
        return self.identity if self.method == "identity" else None

    @classmethod
    def from_config(cls, splits: Mapping[str, Any], seed: int) -> "SplitConfig":
        """From the `inputs.splits` section of a config."""
        shares = float(splits["identity"]), splits["val"], splits["test"]
        days = splits["val_from"], splits["test_from"]
        training = splits["train_identity"], splits["train_most"]
        return cls(splits["method"], splits["clusterer"], *shares, seed, *days, splits["same_sequence"], *training)


def make_splits(
    proteins: pd.DataFrame,
    annotated: Collection[str],
    config: SplitConfig,
    *,
    lists: Mapping[str, Sequence[Path | str]] | None = None,
    days: pd.DataFrame | None = None,
    judged: Collection[str] = (),
    labels: pd.DataFrame | None = None,
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
        judged: For method judged, the proteins to divide into val and test.
        labels: Columns protein_id, go_id; where only representatives train, each of these terms keeps a training
            protein.
        threads: For clusters.

    Returns:
        protein_id, split (train, known, val, test, unused), cluster (int64), in the order of `proteins`; and how many
        clusters there are and what linked them.

    Raises:
        GoferError: A split without a protein, or a sequence in two splits.
        InputError: A list names an unknown protein, or one that the other list names too.
    """
    ordered, lists = proteins.sort_values(["sequence_sha256", "protein_id"]), lists or {}
    used_N = ordered["protein_id"].isin(annotated).to_numpy(bool)
    similar = config.method == "identity" or (config.method == "lists" and "val" not in lists)
    cluster_N, accounting = _clusters(ordered, config, threads, similar=similar)
    match config.method:
        case "lists":
            split_N = splits_of_lists(ordered["protein_id"], lists)
            if config.same_sequence == LEAVE_OUT:
                split_N = _without_tested(split_N, ordered["sequence_sha256"], used_N, accounting)
            if "val" not in lists:
                rest_N = used_N & (split_N == "train")
                drawn_N = _by_draw(cluster_N, rest_N, replace(config, test=0.0))
                split_N = np.where(rest_N, drawn_N, split_N)
        case "date":
            split_N = _by_days(ordered["protein_id"], days, config)
        case "judged":
            judged_N = ordered["protein_id"].isin(judged).to_numpy(bool) & used_N
            cluster_N = _judged_clusters(ordered, judged_N, cluster_N, config, threads, accounting)
            split_N = _by_halves(cluster_N, judged_N, config.seed)
            split_N = _without_tested(split_N, ordered["sequence_sha256"], used_N, accounting, asked=HELD_OUT)
        case _:
            split_N = _by_draw(cluster_N, used_N, config)
    train_N = used_N & (split_N == "train")
    if (config.train_identity or config.train_most) and train_N.any():
        chosen = representatives(
            ordered[train_N],
            accounting,
            identity=config.train_identity,
            most=config.train_most,
            clusterer=config.clusterer,
            seed=config.seed,
            labels=labels,
            threads=threads,
        )
        split_N[train_N] = np.where(chosen.trains_N, "train", KNOWN)
        cluster_N[train_N] = cluster_N.max() + 1 + chosen.cluster_N
    table = pd.DataFrame(
        {"protein_id": ordered["protein_id"], "split": np.where(used_N, split_N, UNUSED), "cluster": cluster_N}
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
    accounting.add("links", clusters.linked_by, clusters.links)
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
        split_C[number] = TRAINED_OR_HELD_OUT[chosen]
        room[chosen] -= size_C[number]
    return split_C[cluster_N]


def _judged_clusters(
    proteins: pd.DataFrame,
    judged_N: NDArray[np.bool_],
    cluster_N: NDArray[np.int64],
    config: SplitConfig,
    threads: int,
    accounting: Accounting,
) -> NDArray[np.int64]:
    # Similar proteins among the judged share a cluster; the numbers of all others stay.
    similar_J, counted = _clusters(proteins[judged_N], config, threads, similar=True)
    for row in counted.table().itertuples():
        accounting.add(f"{row.item}, of judged proteins", row.reason, row.count)
    cluster_N = cluster_N.copy()
    cluster_N[judged_N] = cluster_N.max(initial=-1) + 1 + similar_J
    return cluster_N


def _by_halves(cluster_N: NDArray[np.int64], judged_N: NDArray[np.bool_], seed: int) -> NDArray:
    # Clusters in a drawn order, each to the half that has fewer proteins.
    rng = np.random.default_rng(seed)
    size_C = np.bincount(cluster_N[judged_N])
    split_C, held = np.full(int(cluster_N.max(initial=-1)) + 1, "train", dtype=object), {"val": 0, "test": 0}
    for number in rng.permutation(np.flatnonzero(size_C)):
        split = min(held, key=held.__getitem__)
        split_C[number] = split
        held[split] += int(size_C[number])
    return split_C[cluster_N]


def _by_days(protein_ids: pd.Series, days: pd.DataFrame | None, config: SplitConfig) -> NDArray:
    if days is None or config.val_from is None or config.test_from is None:
        raise ValueError("method date needs the days of the proteins, val_from and test_from")
    split = splits_of_days(days["day"], val_from=config.val_from, test_from=config.test_from)
    return protein_ids.map(split).to_numpy(object)


def _without_tested(
    split_N: NDArray,
    sequences: pd.Series,
    used_N: NDArray[np.bool_],
    accounting: Accounting,
    *,
    asked: Collection[str] = ("test",),
) -> NDArray:
    # In a benchmark a target may be in the training files under another id: its labels there stay unseen.
    asked_N = used_N & np.isin(split_N, list(asked))
    again_N = sequences.isin(set(sequences[asked_N])).to_numpy(bool) & ~asked_N
    accounting.add("proteins left out", "having the sequence of one that is tested", int((again_N & used_N).sum()))
    return np.where(again_N, UNUSED, split_N)


def splits_of_lists(protein_ids: pd.Series, lists: Mapping[str, Sequence[Path | str]]) -> NDArray:
    """The split of each protein by files of ids; those in none train.

    Raises:
        InputError: A list names an unknown protein, or one that the other list names too.
    """
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
