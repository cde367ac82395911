"""Residue extraction side by side: fair-esm's own way, and gofer's packed forward. Runs about a minute.

    python benchmarks/extraction.py --threads 1

Proteins and weights are random; lengths are log-normal with median 300, as in Swiss-Prot. Alternating runs, medians.
Set GLIBC_TUNABLES as the Makefile does, or not: it nearly doubles fair-esm's own way. The table says which it was.
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from esm import FastaBatchedDataset
from esm.model.esm2 import ESM2

from gofer.embeddings.packed_esm import forward_of
from gofer.embeddings.packing import tight_batches

SHAPES = {"8M": (6, 320), "35M": (12, 480), "150M": (30, 640)}
HEADS = 20
EXTRACT = "fair-esm extract.py, 4096 tokens, sorted"


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layers, width = SHAPES[options.shape]
    model = ESM2(layers, width, HEADS, "ESM-1b").eval()
    proteins = random_proteins(options.proteins)
    residues = sum(map(len, proteins))
    ways: dict[str, Callable[[], dict[int, np.ndarray]]] = {
        EXTRACT: lambda: by_fair_esm(model, proteins, layers, extract_batches(proteins)),
        "fair-esm, random batches of 8": lambda: by_fair_esm(model, proteins, layers, eights(proteins)),
    }
    for most in options.batch_residues:
        ways[f"gofer packed, {most} residues"] = lambda most=most: packed(model, proteins, layers, most)
    seconds = alternating(ways, options.repeats)
    reference = by_fair_esm(model, proteins, layers, extract_batches(proteins))
    print(f"ESM-2 {options.shape} shape, {len(proteins)} proteins, {residues} residues, {options.threads} threads")
    print(f"GLIBC_TUNABLES={os.environ.get('GLIBC_TUNABLES', 'not set')}")
    print(f"{'way':44s} {'residues/s':>10s} {'ratio':>6s} {'difference':>10s}")
    slowest = seconds[EXTRACT]
    for name, way in ways.items():
        found = way()
        difference = max(float(np.abs(found[i] - reference[i]).max()) for i in reference)
        print(f"{name:44s} {residues / seconds[name]:10.0f} {slowest / seconds[name]:6.2f} {difference:10.1e}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="8M", help="layers and width as in this ESM-2 model")
    parser.add_argument("--proteins", type=int, default=40, help="how many")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each way")
    parser.add_argument("--batch-residues", type=int, nargs="+", default=[1024, 4096], help="sizes of packed batches")
    return parser.parse_args()


def random_proteins(number: int) -> list[str]:
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, number).astype(int), 30, 1022)
    return ["".join(generator.choice(list("LAGVSERTIDPKQNFYMHWC"), length)) for length in lengths]


def extract_batches(proteins: list[str]) -> list[list[int]]:
    """As fair-esm's extract.py batches by default."""
    dataset = FastaBatchedDataset([str(i) for i in range(len(proteins))], proteins)
    return dataset.get_batch_indices(4096, extra_toks_per_seq=1)


def eights(proteins: list[str]) -> list[list[int]]:
    order = np.random.default_rng(1).permutation(len(proteins)).tolist()
    return [order[i : i + 8] for i in range(0, len(order), 8)]


@torch.no_grad()
def by_fair_esm(model: ESM2, proteins: list[str], layer: int, batches: list[list[int]]) -> dict[int, np.ndarray]:
    convert = model.alphabet.get_batch_converter(1022)
    found = {}
    for batch in batches:
        _, _, tokens = convert([("", proteins[i]) for i in batch])
        hidden = model(tokens, repr_layers=[layer])["representations"][layer]
        found.update({i: hidden[row, 1 : len(proteins[i]) + 1].numpy() for row, i in enumerate(batch)})
    return found


def packed(model: ESM2, proteins: list[str], layer: int, most: int) -> dict[int, np.ndarray]:
    forward = forward_of(model, model.alphabet, layer)
    found = {}
    for batch in tight_batches([len(protein) for protein in proteins], most=most):
        found.update(zip(batch, forward([proteins[i] for i in batch]), strict=True))
    return found


def alternating(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each way; they take turns, so that other work on the machine meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


if __name__ == "__main__":
    main()
