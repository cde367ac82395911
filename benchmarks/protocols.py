"""Time, memory and disk that the field's benchmarks need with ESM-2 650M, step by step, on a core and on a GPU.

    OMP_NUM_THREADS=1 python benchmarks/protocols.py

Measured here, on one core: residues per CPU second of a model of this shape with random weights (float32, packed), its
memory, bytes per residue in gofer's store; seconds of a training step (pooling, both towers, contrast with the
config's candidates, backward) per residue and per step; seconds of aligning two proteins, as labels transferred need
it, and one with those that share most k-mers, for the nearest protein in training. Not in the table: the search for
shared k-mers, which benchmarks/similar.py --synthetic measures, reading and writing, mining, validation, the
attribution loss, and cafaeval. Sizes of the benchmarks are published or assumed, as the table says; none was run.
Nothing about a GPU is measured: its rate is its peak by the data sheet times a share that is assumed, as in
benchmarks/scale.py.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from scale import HOUR, LAYERS, WIDTH, measured_rate, measured_storage, print_rows, random_protein

from gofer.config import read_config
from gofer.inputs.proteins.local_alignment import all_hits, scores
from gofer.inputs.splits.nearest import CANDIDATES as NEAREST
from gofer.retrieval.alignment_similarity import MAX_EXPECTED
from gofer.training.model import GoferModel, ModelSizes
from gofer.training.windows import WindowLayout

ROOT = Path(__file__).parents[1]
TEXT_WIDTH = 384  # of minilm
DOUBLE, SINGLE = 8, 4  # bytes


@dataclass(frozen=True)
class Benchmark:
    """Sizes of a benchmark.

    Attributes:
        proteins: All that are embedded.
        length: Mean residues of a protein.
        trained: Training proteins.
        held_out: Validation and test proteins.
        tested: Test proteins of the aspect with most.
        terms: Terms that a training protein has, all aspects.
        largest: Terms of the ontology's largest aspect.
        source: Where proteins, trained and tested are from.
    """

    proteins: int
    length: int
    trained: int
    held_out: int
    tested: int
    terms: int
    largest: int
    source: str


# Lengths, terms, and whatever the source says is assumed, are round numbers that we chose.
BENCHMARKS = {
    "swissprot": Benchmark(3_226, 400, 2_100, 900, 340, 4_126, 27_000, "counted in the data of config/swissprot.yaml"),
    "nrpdb": Benchmark(
        36_641, 346, 29_902, 6_739, 3_416, 3_500, 29_000, "as remembered; 3,416 and their mean length counted"
    ),
    "nrpdb_gearnet": Benchmark(33_540, 346, 27_496, 6_044, 2_991, 3_500, 29_000, "torchdrug's data set"),
    "cafa3": Benchmark(
        70_169, 450, 60_157, 10_012, 2_400, 27_000, 29_000, "66,841 and 3,328 by DeepSS2GO's notes; the rest assumed"
    ),
    "lafa": Benchmark(95_000, 470, 80_000, 15_000, 6_000, 30_000, 26_000, "assumed"),
}


def main() -> None:
    options = parsed()
    torch.set_num_threads(1)
    per_residue, _ = measured_storage(options.residues)
    core = options.core_rate or measured_rate(options.residues)
    step, residue = measured_step(merged("esm2_650m.yaml")["training"])
    aligned = {
        length: measured_alignments(length) for length in {benchmark.length for benchmark in BENCHMARKS.values()}
    }
    print(f"one core: {core:.0f} residues per CPU second; store: {per_residue:.0f} bytes per residue")
    print(f"training: {step:.2f} s a step of 64 proteins, and {residue * 1e6:.0f} µs a residue, forward and backward")
    text = "; ".join(
        f"{one * 1e6:.0f} µs and {other * 1e3:.0f} ms at {at}" for at, (one, other) in sorted(aligned.items())
    )
    print(f"two proteins of one length aligned, and one with {NEAREST} others for identity: {text} residues")
    operations = LAYERS * (24 * WIDTH**2 + 4 * WIDTH * 400)
    gpu = options.gpu_tflops * 1e12 * options.gpu_share / operations
    print(
        f"assumed, not measured here: a GPU of {options.gpu_tflops:g} TFLOP/s (data sheet), of which "
        f"{options.gpu_share:.0%} is reached, so {gpu:,.0f} residues/s"
    )
    epochs = sum(stage["epochs"] for stage in merged()["training"]["stages"].values())
    labels = merged()["retrieval"]["labels"]
    print_table(core, gpu, per_residue, (step, residue, epochs), aligned, labels)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core-rate", type=float, help="residues per second of one core, instead of measuring")
    parser.add_argument("--residues", type=int, default=300, help="of the protein that is measured, at most 1,022")
    parser.add_argument("--gpu-tflops", type=float, default=312.0, help="bfloat16 peak; 312 is the A100's data sheet")
    parser.add_argument("--gpu-share", type=float, default=0.3, help="of the peak that is reached (assumed)")
    return parser.parse_args()


def merged(*names: str) -> dict:
    """Config files over the defaults, later ones over earlier ones."""
    return read_config(*(ROOT / "config" / name for name in ("defaults.yaml", *names)))


def measured_step(training: Mapping) -> tuple[float, float]:
    """CPU seconds of a training step of next to no residues, and of each residue on top."""
    sizes = ModelSizes.from_config(training, residue_width=WIDTH, text_width=TEXT_WIDTH)
    candidates = training["stages"]["C"]["curriculum"]["random_k"][1] + training["batch_proteins"] * 40
    model = GoferModel(sizes, [f"GO:{number}" for number in range(candidates)])
    short, long = (cpu_seconds(step_of(model, training, length, candidates)) for length in (1, 300))
    return short, (long - short) / (299 * training["batch_proteins"])


def step_of(model: GoferModel, training: Mapping, length: int, candidates: int) -> Callable[[], None]:
    lengths = [length] * training["batch_proteins"]
    residues_RE = torch.randn(sum(lengths), WIDTH)
    layout = WindowLayout.of_lengths(lengths, win_size=training["win_size"], win_stride=training["win_stride"])
    text_CG, term_C = torch.randn(candidates, TEXT_WIDTH), torch.arange(candidates)

    def step() -> None:
        z_BD = model.encode_proteins(residues_RE, layout).z_BD
        logits_BC = z_BD @ model.project_terms(text_CG, term_C).T / model.temperature
        logits_BC.logsumexp(1).sum().backward()

    return step


def measured_alignments(length: int) -> tuple[float, float]:
    """CPU seconds of one protein against one whose labels may be transferred, and the nearest in training."""
    protein, other = random_protein(length), random_protein(length)[::-1]
    many = [other] * 100
    return (
        cpu_seconds(lambda: scores(protein, many, max_expected=MAX_EXPECTED)) / len(many),
        cpu_seconds(lambda: all_hits([(protein, [other] * NEAREST)])),
    )


def cpu_seconds(work: Callable[[], object], repeats: int = 3) -> float:
    work()
    began = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - began) / repeats


def print_table(
    core: float, gpu: float, per_residue: float, training: tuple[float, float, int],
    aligned: Mapping[int, tuple[float, float]], labels: Mapping[str, int],
) -> None:  # fmt: skip
    (step, residue, epochs), landmarks = training, labels["landmarks"]

    def trained(benchmark: Benchmark) -> float:
        return epochs * (benchmark.trained / 64 * step + benchmark.trained * benchmark.length * residue)

    def align(benchmark: Benchmark) -> float:
        pair, nearest = aligned[benchmark.length]
        return benchmark.held_out * (min(benchmark.trained, labels["aligned"]) * pair + nearest)

    rows: dict[str, Callable[[Benchmark], str]] = {
        "proteins": lambda it: f"{it.proteins:,}",
        "residues (assumed mean length)": lambda it: f"{it.proteins * it.length / 1e6:,.0f} M",
        "embedding, one core": lambda it: f"{it.proteins * it.length / core / HOUR:,.0f} h",
        "embedding, a GPU (assumed)": lambda it: f"{it.proteins * it.length / gpu / 60:,.1f} min",
        "embeddings on disk": lambda it: f"{it.proteins * it.length * per_residue / 1e9:,.0f} GB",
        f"training, {epochs} epochs, one core": lambda it: f"{trained(it) / HOUR:,.1f} h",
        "alignments, one core": lambda it: f"{align(it) / 60:,.1f} min",
        "label regression, kernel": lambda it: f"{min(it.trained, landmarks) ** 2 * DOUBLE / 2**30:.2f} GiB",
        "label regression, weights": lambda it: f"{min(it.trained, landmarks) * it.terms * SINGLE / 2**30:.2f} GiB",
        "one dense table of scores": lambda it: f"{it.tested * it.largest * DOUBLE / 2**30:.2f} GiB",
        "unthresholded scores of tested, all aspects": lambda it: f"{it.tested * it.terms * SINGLE / 2**30:.2f} GiB",
    }
    print_rows(rows, BENCHMARKS, first=38, other=15)
    for name, benchmark in BENCHMARKS.items():
        print(f"{name}: {benchmark.source}")


if __name__ == "__main__":
    main()
