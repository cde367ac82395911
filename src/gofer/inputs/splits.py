"""Which proteins train, which choose thresholds (val), which are only tested; alike proteins stay on one side."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError, InputError
from gofer.inputs.clusters import cluster
from gofer.inputs.compressed import read_ids

SPLITS = ("train", "val", "test")
UNUSED = "unused"


@dataclass(frozen=True)
class SplitConfig:
    """How proteins are divided.

    Attributes:
        method: identity, random or lists.
        clusterer: kmers, mmseqs or auto; for identity.
        identity: Proteins at least this alike stay on one side, in (0, 1].
        val: Share of the annotated proteins for validation.
        test: Share for the test.
        seed: Of the draw.
    """

    method: str
    clusterer: str
    identity: float
    val: float
    test: float
    seed: int

    @classmethod
    def from_config(cls, splits: Mapping[str, Any], seed: int) -> "SplitConfig":
        """From the `inputs.splits` section of a config."""
        return cls(
            splits["method"], splits["clusterer"], float(splits["identity"]), splits["val"], splits["test"], seed
        )


def make_splits(
    proteins: pd.DataFrame,
    annotated: set[str],
    config: SplitConfig,
    *,
    lists: Mapping[str, Path | str] | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Divide the proteins.

    Args:
        proteins: Columns protein_id, sequence, sequence_sha256.
        annotated: Proteins with a term below a root; the others are unused.
        config: How.
        lists: For method lists, files of ids by split (val, test); all others train.
        threads: For MMseqs2.

    Returns:
        protein_id, split (train, val, test, unused), cluster (int64), in the order of `proteins`.

    Raises:
        GoferError: A split without a protein, or a sequence in two splits.
        InputError: A list names an unknown protein, or one that the other list names too.
    """
    used_N = proteins["protein_id"].isin(annotated).to_numpy(bool)
    if config.method == "identity":
        cluster_N = cluster(
            proteins["sequence"].tolist(), identity=config.identity, clusterer=config.clusterer, threads=threads
        )
    else:
        cluster_N = pd.factorize(proteins["sequence_sha256"])[0].astype(np.int64)
    if config.method == "lists":
        split_N = _by_lists(proteins["protein_id"], lists or {})
    else:
        split_N = _by_draw(cluster_N, used_N, config)
    table = pd.DataFrame(
        {
            "protein_id": proteins["protein_id"].to_numpy(),
            "split": np.where(used_N, split_N, UNUSED),
            "cluster": cluster_N,
        }
    )
    check_splits(table, proteins)
    return table


def _by_draw(cluster_N: NDArray[np.int64], used_N: NDArray[np.bool_], config: SplitConfig) -> NDArray:
    rng = np.random.default_rng(config.seed)
    size_C = np.bincount(cluster_N[used_N], minlength=int(cluster_N.max(initial=-1)) + 1)
    total = int(size_C.sum())
    room = np.array([1 - config.val - config.test, config.val, config.test]) * total
    split_C = np.full(len(size_C), "train", dtype=object)
    for number in rng.permutation(np.flatnonzero(size_C)):
        # A cluster that is larger than the room left for val or test would overshoot its share: it goes elsewhere.
        chance = np.where(room + 0.5 >= size_C[number], np.maximum(room, 0), 0)
        if not chance.any():
            chance = np.maximum(room, 0) * np.array([1, 0, 0]) if room[0] > 0 else np.array([1.0, 0, 0])
        chosen = rng.choice(3, p=chance / chance.sum())
        split_C[number] = SPLITS[chosen]
        room[chosen] -= size_C[number]
    return split_C[cluster_N]


def _by_lists(protein_ids: pd.Series, lists: Mapping[str, Path | str]) -> NDArray:
    known = set(protein_ids)
    split = dict.fromkeys(protein_ids, "train")
    for name, path in lists.items():
        for protein_id, line in read_ids(path).items():
            if protein_id not in known:
                raise InputError(
                    f"{protein_id} is not a protein of the FASTA",
                    path=path,
                    line=line,
                    help="give ids as they stand in the FASTA (of a UniProt header the accession)",
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
                help="change inputs.splits: other shares, a higher identity, other lists, or give more proteins",
            )
    used = table[table["split"] != UNUSED].merge(proteins[["protein_id", "sequence_sha256"]], on="protein_id")
    several = used.groupby("sequence_sha256")["split"].nunique()
    shared = used[used["sequence_sha256"].isin(several.index[several > 1])].sort_values(["sequence_sha256", "split"])
    if len(shared):
        one, two = shared.drop_duplicates(["sequence_sha256", "split"]).iloc[:2].to_dict("records")
        raise GoferError(
            f"{one['protein_id']} ({one['split']}) and {two['protein_id']} ({two['split']}) have the same sequence",
            help="put proteins of one sequence into one split",
        )
