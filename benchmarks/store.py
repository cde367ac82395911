"""Random reads of residue embeddings side by side: gofer's checked store, and other ways to keep them. Half a minute.

    python benchmarks/store.py

Random float16 vectors; each way reads the same 64 proteins at random. The ways take turns at being first, because the
first one warms the processor's caches; medians. The files are in the page cache.
"""

import argparse
import hashlib
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from gofer.artefacts import Manifest
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.embeddings.shards import EmbeddedSequence, collect_shards, plan_shards, write_index, write_shard

Read = Callable[[Sequence[int]], list[np.ndarray]]
READ = 64
GROUP = 64


def main() -> None:
    options = parsed()
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, options.proteins).astype(int), 30, 1022)
    vectors = [generator.standard_normal((length, options.width), np.float32).astype(np.float16) for length in lengths]
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Read] = {
            "gofer: blobs, one row a group, CRC checked": gofer_store(Path(folder), vectors),
            "the same file, read without any check": plain_blobs(Path(folder)),
            "one memory map, no check (the floor)": memory_map(Path(folder), vectors),
            "one float32 .pt per protein (fair-esm)": torch_files(Path(folder), vectors),
            f"nested parquet, defaults, {GROUP} rows a group": nested_parquet(Path(folder), vectors),
        }
        seconds = measured(ways, vectors, options.repeats)
    best = seconds["gofer: blobs, one row a group, CRC checked"]
    print(f"{options.proteins} proteins, width {options.width}; {READ} proteins read at random")
    print(f"{'way':44s} {'ms':>8s} {'times gofer':>12s}")
    for name, value in seconds.items():
        print(f"{name:44s} {value * 1e3:8.1f} {value / best:12.2f}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proteins", type=int, default=600, help="how many")
    parser.add_argument("--width", type=int, default=320, help="of a residue vector")
    parser.add_argument("--repeats", type=int, default=5, help="reads of each way, a multiple of 5 to be fair")
    return parser.parse_args()


def hash_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def gofer_store(folder: Path, vectors: list[np.ndarray]) -> Read:
    lengths = [len(vector) for vector in vectors]
    proteins = pd.DataFrame({"sequence_sha256": [hash_of(i) for i in range(len(vectors))], "length": lengths})
    rows = [EmbeddedSequence(hash_of(i), f"P{i}", len(vector), vector) for i, vector in enumerate(vectors)]
    path = folder / "shard-00000.parquet"
    write_shard(path, rows, proteins, width=vectors[0].shape[1], manifest=Manifest({"residue_encoder": "random"}))
    write_index(folder / "manifest.parquet", *collect_shards([path], plan_shards(proteins, 1)))
    store = ESMResidueStore(folder / "manifest.parquet")
    return lambda chosen: [store[hash_of(i)] for i in chosen]


def plain_blobs(folder: Path) -> Read:
    file = pq.ParquetFile(folder / "shard-00000.parquet", memory_map=True)
    width = ESMResidueStore(folder / "manifest.parquet").width

    def one(row: int) -> np.ndarray:
        column = file.read_row_group(row, columns=["residues"], use_threads=False).column(0)
        return np.frombuffer(column.chunk(0)[0].as_buffer(), np.float16).reshape(-1, width)

    return lambda chosen: [one(i) for i in chosen]


def memory_map(folder: Path, vectors: list[np.ndarray]) -> Read:
    np.save(folder / "all.npy", np.concatenate(vectors))
    end_N = np.cumsum([len(vector) for vector in vectors])
    everything = np.load(folder / "all.npy", mmap_mode="r")
    return lambda chosen: [np.array(everything[end_N[i] - len(vectors[i]) : end_N[i]]) for i in chosen]


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
            row // GROUP: file.read_row_group(row // GROUP, use_threads=False).column(0)
            for row in sorted({GROUP * (row // GROUP) for row in chosen})
        }
        values = [groups[row // GROUP][row % GROUP].values for row in chosen]
        return [value.flatten().to_numpy(zero_copy_only=False).reshape(-1, width) for value in values]

    return read


def measured(ways: dict[str, Read], vectors: list[np.ndarray], repeats: int) -> dict[str, float]:
    """Median seconds of each way; what was read is compared with what was written."""
    generator = np.random.default_rng(1)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(repeats):
        chosen = generator.choice(len(vectors), min(READ, len(vectors)), replace=False).tolist()
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            found = ways[name](chosen)
            seconds[name].append(time.perf_counter() - began)
            assert all(np.array_equal(a, vectors[i]) for a, i in zip(found, chosen, strict=True)), name
    return {name: statistics.median(times) for name, times in seconds.items()}


if __name__ == "__main__":
    main()
