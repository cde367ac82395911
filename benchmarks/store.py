"""Residue embeddings written and read at random: gofer's checked store compared with other ways. A minute or two.

    python benchmarks/store.py

Random float16 vectors, the same for every way; each way reads the same 64 proteins at random and adds up a row of each.
The ways take turns at being first, because the first one warms the processor's caches; medians of CPU time,
including the system's work for the process, without waiting for a disk. The files are in the page cache.
"""

import argparse
import hashlib
import math
import statistics
import tempfile
import time
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
OURS = "gofer: parquet by offset, CRC of each checked"


def main() -> None:
    options = parsed()
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, options.proteins).astype(int), 30, 1022)
    vectors = [generator.standard_normal((length, options.width), np.float32).astype(np.float16) for length in lengths]
    ways: dict[str, Way] = {
        OURS: gofer_store,
        "the same file through pyarrow, unchecked": pyarrow_blobs,
        "one npy memory map, unchecked, copied": memory_map,
        "HDF5, one dataset per protein, unchecked": hdf5,
        "one float32 .pt per protein (fair-esm)": torch_files,
    }
    if options.nested:
        ways[f"nested parquet, defaults, {GROUP} rows a group"] = nested_parquet
    written, read = measured(ways, vectors, options.repeats)
    mb = sum(vector.nbytes for vector in vectors) / 1e6
    print(f"{options.proteins} proteins, width {options.width}, {mb:.0f} MB; {READ} proteins read at random")
    print(f"{'way':46s} {'write MB/s':>10s} {'read ms':>8s} {'times gofer':>12s}")
    for name in ways:
        print(f"{name:46s} {mb / written[name]:10.0f} {read[name] * 1e3:8.1f} {read[name] / read[OURS]:12.1f}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proteins", type=int, default=600, help="how many")
    parser.add_argument("--width", type=int, default=320, help="of a residue vector")
    parser.add_argument("--repeats", type=int, default=10, help="reads of each way")
    parser.add_argument("--nested", action="store_true", help="nested parquet too, which takes minutes")
    return parser.parse_args()


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


def pyarrow_blobs(folder: Path, vectors: list[np.ndarray]) -> Read:
    gofer_store(folder, vectors)
    file = pq.ParquetFile(folder / "shard-00000.parquet", memory_map=True)
    width = vectors[0].shape[1]

    def one(row: int) -> np.ndarray:
        column = file.read_row_group(row, columns=["residues"], use_threads=False).column(0)
        return np.frombuffer(column.chunk(0)[0].as_buffer(), np.float16).reshape(-1, width)

    return lambda chosen: [one(i) for i in chosen]


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


def measured(
    ways: dict[str, Way], vectors: list[np.ndarray], repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """CPU seconds that each way took to write and open, and median ones to read; what was read is what was written."""
    generator = np.random.default_rng(1)
    written, reads = {}, {}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            subfolder = Path(folder) / str(number)
            subfolder.mkdir()
            began = time.process_time()
            reads[name] = ways[name](subfolder, vectors)
            written[name] = time.process_time() - began
        for turn in range(repeats):
            chosen = generator.choice(len(vectors), min(READ, len(vectors)), replace=False).tolist()
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                began = time.process_time()
                found = reads[name](chosen)
                for residues_LE in found:
                    residues_LE[0].sum()
                seconds[name].append(time.process_time() - began)
                assert all(np.array_equal(a, vectors[i]) for a, i in zip(found, chosen, strict=True)), name
    return written, {name: statistics.median(times) for name, times in seconds.items()}


if __name__ == "__main__":
    main()
