"""Shards, time, memory, storage and cost of millions of proteins with ESM-2 650M; and the plan of many shards.

    python benchmarks/scale.py --plan 10000

Measured here, unless an option gives an earlier figure: residues per CPU second of a model of this shape with random
weights (packed, float32, one core), the process's memory, bytes per residue in gofer's store and what zstd would leave
of them, and `snakemake -n` on the demo with that many shards, in a scratch folder: its CPU seconds, which other work on
the machine distorts least, its wall time and peak memory. Nothing about the GPU is measured. Its rate is its peak by
the manufacturer's data sheet times a share that is assumed; prices are assumed. Change them by the options.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
import yaml

from gofer.artefacts import Manifest
from gofer.config import read_config
from gofer.embeddings.residues.packed_esm import PackedESM
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.shards import EmbeddedSequence, write_shard
from gofer.embeddings.residues.untrained_esm import untrained_esm2

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
LAYERS, WIDTH, HEADS = 33, 1280, 20
SIZES = {"UniRef50": 60_000_000, "250 M proteins": 250_000_000}
HOUR, YEAR = 3600, 365 * 24 * 3600


def main() -> None:
    options = parsed()
    torch.set_num_threads(1)
    if options.plan:
        cpu, wall, memory = measured_plan(options.plan)
        print(f"snakemake -n, {options.plan:,} shards: {cpu:.1f} s CPU, {wall:.1f} s wall, peak {memory:.0f} MiB")
    per_residue, zstd = measured_storage(options.residues)
    print(f"store: {per_residue:.0f} bytes per residue ({WIDTH} numbers of 2 bytes and what parquet adds)")
    print(f"zstd at level 3 would leave {zstd:.0%} of a model's vectors with random weights; the store does not use it")
    core = options.core_rate or measured_rate(options.residues)
    operations = LAYERS * (24 * WIDTH**2 + 4 * WIDTH * options.mean_length)
    gpu = options.gpu_tflops * 1e12 * options.gpu_share / operations
    print(f"one core: {core:.0f} residues per CPU second, packed, float32")
    print(
        f"assumed, not measured here: {options.mean_length} residues per protein; a GPU of {options.gpu_tflops:g} "
        f"TFLOP/s (data sheet), of which {options.gpu_share:.0%} is reached, so {gpu:,.0f} residues/s; "
        f"{options.gpu_price:g} per GPU hour, {options.core_price:g} per core hour, {options.storage_price:g} per TB "
        "and month"
    )
    print_table(options, core, gpu, per_residue)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=int, default=0, help="shards of the plan for snakemake -n; 0 leaves it out")
    parser.add_argument("--core-rate", type=float, help="residues per second of one core, instead of measuring")
    parser.add_argument("--residues", type=int, default=300, help="of the protein that is measured, at most 1,022")
    parser.add_argument("--mean-length", type=int, default=280, help="residues per protein (assumed)")
    parser.add_argument("--shard-gb", type=float, default=20.0, help="size of a shard that is wanted")
    parser.add_argument("--gpu-tflops", type=float, default=312.0, help="bfloat16 peak; 312 is the A100's data sheet")
    parser.add_argument("--gpu-share", type=float, default=0.3, help="of the peak that is reached (assumed)")
    parser.add_argument("--gpu-price", type=float, default=2.0, help="of a GPU hour (assumed)")
    parser.add_argument("--core-price", type=float, default=0.04, help="of a core hour (assumed)")
    parser.add_argument("--storage-price", type=float, default=20.0, help="of a TB for a month (assumed)")
    return parser.parse_args()


def measured_plan(shards: int) -> tuple[float, float, float]:
    """CPU and wall seconds, and peak memory in MiB, of `snakemake -n` on the demo cut into `shards`."""
    with tempfile.TemporaryDirectory() as folder:
        command = plan_command(Path(folder), shards)
        began = time.monotonic()
        with (Path(folder) / "said").open("w+", encoding="utf-8") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if process.returncode:
                sys.exit(said.read()[-3000:])
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024


def plan_command(folder: Path, shards: int) -> list[str]:
    """`snakemake -n` of the demo in a scratch folder, with so many shards."""
    config = read_config(ROOT / "config/demo.yaml")
    config["embeddings"]["residues"]["shards"] = shards
    path = folder / f"config-{shards}.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "-n", "--snakefile", str(ROOT / "Snakefile")]
    return [*command, "--directory", str(folder), "--configfile", str(path)]


def measured_rate(residues: int) -> float:
    """Residues per CPU second of a forward pass over one protein; prints the memory too."""
    model = untrained_esm2(f"untrained_t{LAYERS}_d{WIDTH}_h{HEADS}").eval()
    forward = PackedESM(model, model.alphabet, LAYERS)
    del model
    protein = random_protein(residues)
    forward([protein[:20]])  # what the first pass alone takes
    began = time.process_time()
    forward([protein])
    seconds = time.process_time() - began
    weights, peak = forward.footprint.weights / 2**30, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    per_batch = forward.footprint.per_token * 4096 / 2**30
    print(f"memory: weights {weights:.2f} GiB, 4,096 tokens {per_batch:.2f} GiB (expected); peak {peak:.1f} GiB")
    return residues / seconds


def measured_storage(residues: int) -> tuple[float, float]:
    """Bytes per residue in a shard, and the share of a blob that zstd leaves.

    The vectors are of one layer of this width with random weights: a whole model's are no easier to compress.
    """
    model = untrained_esm2(f"untrained_t1_d{WIDTH}_h{HEADS}").eval()
    vectors = PackedESM(model, model.alphabet, 1)([random_protein(residues)])[0]
    row = EmbeddedSequence("0" * 64, "P1", residues, vectors)
    planned = pd.DataFrame({"sequence_sha256": [row.sha256], "length": [residues]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard-00000.parquet"
        write_shard(path, [row], planned, form=ResidueForm(WIDTH), manifest=Manifest({"residue_encoder": "untrained"}))
        size = path.stat().st_size
    blob = vectors.astype("<f2").tobytes()
    return size / residues, pa.Codec("zstd", compression_level=3).compress(blob).size / len(blob)


def random_protein(residues: int) -> str:
    return "".join(np.random.default_rng(0).choice(list("LAGVSERTIDPKQNFYMHWC"), residues))


def print_table(options: argparse.Namespace, core: float, gpu: float, per_residue: float) -> None:
    columns = {name: proteins * options.mean_length for name, proteins in SIZES.items()}
    rows = {
        "residues": lambda n: f"{n / 1e9:,.1f} billion",
        "storage, float16": lambda n: f"{n * per_residue / 1e12:,.1f} TB",
        f"shards of {options.shard_gb:g} GB": lambda n: f"{n * per_residue / options.shard_gb / 1e9:,.0f}",
        "core time": lambda n: f"{n / core / YEAR:,.0f} years",
        "GPU time (assumed)": lambda n: f"{n / gpu / HOUR:,.0f} hours",
        "a shard on one core": lambda n: f"{options.shard_gb * 1e9 / per_residue / core / HOUR:,.0f} hours",
        "a shard on a GPU (assumed)": lambda n: f"{options.shard_gb * 1e9 / per_residue / gpu / 60:,.0f} minutes",
        "cost on cores (assumed)": lambda n: f"{n / core / HOUR * options.core_price:,.0f}",
        "cost on GPUs (assumed)": lambda n: f"{n / gpu / HOUR * options.gpu_price:,.0f}",
        "storage a month (assumed)": lambda n: f"{n * per_residue / 1e12 * options.storage_price:,.0f}",
    }
    print_rows(rows, columns, first=28, other=18)


def print_rows(rows: Mapping[str, Callable[[T], str]], columns: Mapping[str, T], *, first: int, other: int) -> None:
    """A table: what each row says of each column, `first` and `other` being the widths."""
    print(f"{'':{first}s} {''.join(f'{name:>{other}s}' for name in columns)}")
    for name, cell in rows.items():
        print(f"{name:{first}s} {''.join(f'{cell(column):>{other}s}' for column in columns.values())}")


if __name__ == "__main__":
    main()
