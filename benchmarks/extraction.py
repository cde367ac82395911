"""Residue extraction compared: fair-esm, Hugging Face, and gofer's packed forward pass. Some minutes.

    python benchmarks/extraction.py --threads 1

Proteins and weights are random, the same for every way; lengths are log-normal with median 300, as in Swiss-Prot. The
ways take turns. Printed are medians of CPU seconds, which other work on the machine disturbs least, and the share of
the highest rate of matrix products that was measured in the same run, at this model's shapes and in float32: of useful
operations, padding not counted. GLIBC_TUNABLES as below is optional; it helps fair-esm's way most.

    GLIBC_TUNABLES=glibc.malloc.trim_threshold=4294967296:glibc.malloc.mmap_threshold=4294967296
"""

import argparse
import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from esm import FastaBatchedDataset
from esm.model.esm2 import ESM2
from transformers import EsmConfig, EsmModel

from gofer.embeddings.compute import Compute
from gofer.embeddings.packing import PackedLinear, tight_batches
from gofer.embeddings.residues.packed_esm import PackedESM, Tokens

SHAPES = {"mini": (6, 128, 4), "8M": (6, 320, 20), "35M": (12, 480, 20), "150M": (30, 640, 20), "650M": (33, 1280, 20)}
EXTRACT = "fair-esm extract.py, 4096 tokens, sorted"
Vectors = dict[int, np.ndarray]
Way = Callable[[], Vectors]


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layers, width, heads = SHAPES[options.shape]
    model = random_model(layers, width, heads)
    proteins = random_proteins(options.proteins)
    residues = sum(map(len, proteins))
    peaks = {dtype: gemm_peak(width, dtype) for dtype in (torch.float32, torch.bfloat16)}
    ways = ways_of(model, proteins, layers, options.batch_residues)
    reference = ways[EXTRACT]()
    differences = {name: differences_of(way(), reference) for name, way in ways.items()}
    seconds = alternating(ways, options.repeats)
    operations = sum(layers * (24 * width**2 * (n + 2) + 4 * width * (n + 2) ** 2) for n in map(len, proteins))
    print(f"ESM-2 {options.shape} shape, {len(proteins)} proteins, {residues} residues, {options.threads} threads")
    print(f"GLIBC_TUNABLES={os.environ.get('GLIBC_TUNABLES', 'not set')}")
    print(f"matrix products: {', '.join(f'{dtype} {rate / 1e9:.0f} GFLOP/s' for dtype, rate in peaks.items())}")
    print(f"{'way':44s} {'residues/s':>10s} {'ratio':>6s} {'of peak':>8s} {'largest and mean difference':>28s}")
    for name, (largest, mean) in differences.items():
        rate, share = residues / seconds[name], operations / seconds[name] / peaks[torch.float32]
        ratio = seconds[EXTRACT] / seconds[name]
        print(f"{name:44s} {rate:10.0f} {ratio:6.2f} {share:8.0%} {largest:18.1e} {mean:9.1e}")
    print_company(PackedESM(model, model.alphabet, layers), proteins)
    for precision in ("float32", "bfloat16"):
        print_memory(PackedESM(model, model.alphabet, 2, Compute.chosen("cpu", precision)))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="8M", help="layers and width as in this ESM-2 model")
    parser.add_argument("--proteins", type=int, default=40, help="how many")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each way")
    parser.add_argument("--batch-residues", type=int, nargs="+", default=[1024, 4096], help="sizes of packed batches")
    return parser.parse_args()


def random_model(layers: int, width: int, heads: int) -> ESM2:
    model = ESM2(layers, width, heads, "ESM-1b").eval()
    with torch.no_grad():
        for parameter in model.parameters():  # no bias 0, no norm 1
            parameter.add_(torch.randn_like(parameter) * 0.02)
    return model


def random_proteins(number: int) -> list[str]:
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, number).astype(int), 30, 1022)
    return ["".join(generator.choice(list("LAGVSERTIDPKQNFYMHWC"), length)) for length in lengths]


def ways_of(model: ESM2, proteins: list[str], layers: int, sizes: list[int]) -> dict[str, Way]:
    extract, hugging_face = extract_batches(proteins), hugging_face_model(model)
    ways: dict[str, Way] = {
        EXTRACT: lambda: by_fair_esm(model, proteins, layers, extract),
        "fair-esm, random batches of 8": lambda: by_fair_esm(model, proteins, layers, eights(proteins)),
        "Hugging Face EsmModel, sdpa, extract's batches": lambda: by_hugging_face(
            hugging_face, model, proteins, extract
        ),
    }
    for precision in ("float32", "bfloat16"):
        forward = PackedESM(model, model.alphabet, layers, Compute.chosen("cpu", precision))
        for most in sizes:
            ways[f"gofer {precision}, {most} residues"] = lambda f=forward, most=most: packed(f, proteins, most)
    return ways


def extract_batches(proteins: list[str]) -> list[list[int]]:
    """As fair-esm's extract.py batches by default."""
    dataset = FastaBatchedDataset([str(i) for i in range(len(proteins))], proteins)
    return dataset.get_batch_indices(4096, extra_toks_per_seq=1)


def eights(proteins: list[str]) -> list[list[int]]:
    order = np.random.default_rng(1).permutation(len(proteins)).tolist()
    return [order[i : i + 8] for i in range(0, len(order), 8)]


@torch.no_grad()
def by_fair_esm(model: ESM2, proteins: list[str], layer: int, batches: list[list[int]]) -> Vectors:
    convert = model.alphabet.get_batch_converter(1022)
    found = {}
    for batch in batches:
        _, _, tokens = convert([("", proteins[i]) for i in batch])
        hidden = model(tokens, repr_layers=[layer])["representations"][layer]
        found.update({i: hidden[row, 1 : len(proteins[i]) + 1].numpy() for row, i in enumerate(batch)})
    return found


def hugging_face_model(model: ESM2) -> EsmModel:
    """The same weights in transformers' class."""
    config = EsmConfig(
        vocab_size=model.alphabet_size,
        mask_token_id=model.mask_idx,
        pad_token_id=model.padding_idx,
        hidden_size=model.embed_dim,
        num_hidden_layers=model.num_layers,
        num_attention_heads=model.attention_heads,
        intermediate_size=4 * model.embed_dim,
        max_position_embeddings=1026,
        position_embedding_type="rotary",
        token_dropout=model.token_dropout,
        emb_layer_norm_before=False,
        layer_norm_eps=1e-5,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="sdpa",
    )
    theirs = EsmModel(config, add_pooling_layer=False).eval()
    ours, state = model.state_dict(), theirs.state_dict()
    theirs.load_state_dict({name: ours.get(fair_esm_name(name), weights) for name, weights in state.items()})
    return theirs


def fair_esm_name(name: str) -> str:
    for theirs, ours in (
        ("embeddings.word_embeddings", "embed_tokens"),
        ("encoder.emb_layer_norm_after", "emb_layer_norm_after"),
        ("encoder.layer", "layers"),
        ("attention.self.query", "self_attn.q_proj"),
        ("attention.self.key", "self_attn.k_proj"),
        ("attention.self.value", "self_attn.v_proj"),
        ("attention.output.dense", "self_attn.out_proj"),
        ("attention.LayerNorm", "self_attn_layer_norm"),
        ("intermediate.dense", "fc1"),
        ("output.dense", "fc2"),
        (".LayerNorm", ".final_layer_norm"),
    ):
        name = name.replace(theirs, ours)
    return name


@torch.inference_mode()
def by_hugging_face(theirs: EsmModel, model: ESM2, proteins: list[str], batches: list[list[int]]) -> Vectors:
    tokens = Tokens(model.alphabet)
    found = {}
    for batch in batches:
        rows = [torch.from_numpy(tokens.of(proteins[i])) for i in batch]
        tokens_BL = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=model.padding_idx)
        mask_BL = (tokens_BL != model.padding_idx).long()
        hidden = theirs(input_ids=tokens_BL, attention_mask=mask_BL).last_hidden_state
        found.update({i: hidden[row, 1 : len(proteins[i]) + 1].numpy() for row, i in enumerate(batch)})
    return found


def packed(forward: PackedESM, proteins: list[str], most: int) -> Vectors:
    found: Vectors = {}
    for batch in tight_batches([len(protein) + 2 for protein in proteins], most=most):
        found.update(zip(batch, forward([proteins[i] for i in batch]), strict=True))
    return found


def differences_of(found: Vectors, reference: Vectors) -> tuple[float, float]:
    """Largest and mean absolute difference."""
    difference = np.concatenate([np.abs(found[i] - reference[i]).ravel() for i in reference])
    return float(difference.max()), float(difference.mean())


def alternating(ways: dict[str, Way], repeats: int) -> dict[str, float]:
    """Median CPU seconds of each way; they take turns, so that other work on the machine meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.process_time()
            way()
            seconds[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


@torch.inference_mode()
def gemm_peak(width: int, dtype: torch.dtype) -> float:
    """Highest operations per CPU second of this model's products, over two layouts and three sizes of batches."""
    rates = []
    for outputs, inputs in ((3 * width, width), (4 * width, width), (width, 4 * width)):
        weight, bias = torch.randn(outputs, inputs).to(dtype), torch.zeros(outputs, dtype=dtype)
        layer = PackedLinear(weight, bias)
        for rows in (512, 1024, 4096):
            x = torch.randn(rows, inputs).to(dtype)
            for product in (partial(layer, x), partial(F.linear, x, weight, bias)):
                rates.append(2 * rows * inputs * outputs / least_seconds(product))
    return max(rates)


def least_seconds(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(10):
            work()
        times.append((time.process_time() - began) / 10)
    return statistics.median(times)


def print_company(forward: PackedESM, proteins: list[str]) -> None:
    """How many float16 numbers of a protein depend on the others in its batch."""
    alone = {i: forward([protein])[0] for i, protein in enumerate(proteins)}
    for most in (1024, 4096):
        among = packed(forward, proteins, most)
        whole = sum(vectors.size for vectors in alone.values())
        other32 = sum(int((among[i] != alone[i]).sum()) for i in alone)
        other16 = sum(int((among[i].astype(np.float16) != alone[i].astype(np.float16)).sum()) for i in alone)
        print(f"alone or among {most} residues: {other32} of {whole} float32 numbers differ, {other16} as float16")


def print_memory(forward: PackedESM) -> None:
    """By how much a process grows in a pass over 4,096 tokens, and what gofer expects."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()

    def work() -> None:
        forward(["A" * 20])  # what the first pass alone takes
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        forward(["A" * 1022] * 4)
        theirs.send(status("VmHWM") - before)

    job = fork.Process(target=work)
    job.start()
    grown, expected = ours.recv() / 1024, forward.footprint.per_token * 4096 / 2**20
    job.join()
    print(f"memory of 4,096 tokens in {forward.compute.precision}: {grown:.0f} MiB, expected {expected:.0f} MiB")


def status(key: str) -> int:
    """A figure of this process in KiB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


if __name__ == "__main__":
    main()
