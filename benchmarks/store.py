"""Ways to keep residue embeddings: each writes all vectors into a folder, and gives what reads some of them.

`speed.py --only store` measures them. Only gofer's checks what it reads. The files are in the page cache.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from gofer.artefacts import Manifest
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence, collect_shards, plan_shards, write_index, write_shard

Read = Callable[[Sequence[int]], list[np.ndarray]]
Way = Callable[[Path, list[np.ndarray]], Read]
READ = 64
GROUP = 64
OURS, NESTED = "gofer: parquet by offset, CRC of each checked", "nested parquet"


def hash_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def gofer_store(folder: Path, vectors: list[np.ndarray]) -> Read:
    hashes = [hash_of(i) for i in range(len(vectors))]
    proteins = pd.DataFrame({"sequence_sha256": hashes, "length": [len(vector) for vector in vectors]})
    rows = (EmbeddedSequence(hashes[i], f"P{i}", len(vector), vector) for i, vector in enumerate(vectors))
    path = folder / "shard-00000.parquet"
    write_shard(
        path, rows, proteins, form=ResidueForm(vectors[0].shape[1]), manifest=Manifest({"residue_encoder": "random"})
    )
    write_index(folder / "manifest.parquet", *collect_shards([path], plan_shards(proteins, 1)))
    store = ESMResidueStore(folder / "manifest.parquet")
    return lambda chosen: [store[hashes[i]] for i in chosen]


def memory_map(folder: Path, vectors: list[np.ndarray]) -> Read:
    np.save(folder / "all.npy", np.concatenate(vectors))
    end_N = np.cumsum([len(vector) for vector in vectors])
    everything = np.load(folder / "all.npy", mmap_mode="r")
    return lambda chosen: [np.array(everything[end_N[i] - len(vectors[i]) : end_N[i]]) for i in chosen]


def hdf5(folder: Path, vectors: list[np.ndarray]) -> Read:
    with h5py.File(folder / "all.h5", "w") as file:
        for number, vector in enumerate(vectors):
            file.create_dataset(str(number), data=vector)
    opened = h5py.File(folder / "all.h5")
    return lambda chosen: [opened[str(i)][()] for i in chosen]


def torch_files(folder: Path, vectors: list[np.ndarray]) -> Read:
    for number, vector in enumerate(vectors):
        torch.save(torch.from_numpy(vector.astype(np.float32)), folder / f"{number}.pt")
    return lambda chosen: [torch.load(folder / f"{i}.pt", weights_only=True).numpy().astype(np.float16) for i in chosen]


def nested_parquet(folder: Path, vectors: list[np.ndarray]) -> Read:
    residues = pa.array([list(vector) for vector in vectors], pa.list_(pa.list_(pa.float16())))
    pq.write_table(pa.table({"residues": residues}), folder / "nested.parquet", row_group_size=GROUP)
    file = pq.ParquetFile(folder / "nested.parquet")
    width = vectors[0].shape[1]

    def read(chosen: Sequence[int]) -> list[np.ndarray]:
        groups = {
            group: file.read_row_group(group, use_threads=False).column(0) for group in {row // GROUP for row in chosen}
        }
        values = [groups[row // GROUP][row % GROUP].values for row in chosen]
        return [value.flatten().to_numpy(zero_copy_only=False).reshape(-1, width) for value in values]

    return read


def random_vectors(proteins: int, width: int) -> list[np.ndarray]:
    """Float16 vectors of proteins with lengths as in Swiss-Prot."""
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, proteins).astype(int), 30, 1022)
    return [generator.standard_normal((length, width), np.float32).astype(np.float16) for length in lengths]


WAYS: dict[str, Way] = {
    OURS: gofer_store,
    "npy memory map": memory_map,
    "HDF5": hdf5,
    "one float32 .pt per protein": torch_files,
    NESTED: nested_parquet,
}
