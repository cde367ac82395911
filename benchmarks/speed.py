"""Every stage of gofer beside what a user would pick instead; writes BENCHMARKS.md. Half an hour on two quiet cores.

    python benchmarks/speed.py --ontology ../shared/data/go/go_2015-07-11.obo.bz2 [--only store mining]

Each stage (`speed_stages.py`) is a separate process on one thread. Its ways take turns; of `--repeats` rounds the least
CPU seconds of each way count, those of the programs that it starts too, since other work on the machine distorts them
least. A ratio is the other way's CPU seconds to gofer's: 2 is twice as fast. Memory is what a way adds at most to a
process that has loaded its data and mostly tried each way once; of a program all that it takes. The rows of all stages
are kept in `benchmarks/speed.json`; with `--only` the other stages' rows stay, each with its date.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "benchmarks/speed.json"
PACKAGES = ("torch", "numpy", "fair-esm", "transformers", "sentence-transformers", "faiss-cpu", "pyarrow", "h5py")
PACKAGES += ("cafaeval", "snakemake")
NOTES = """
- **mining**: FAISS takes batches as one matrix product only from a limit that is far beyond a batch of training;
  `mining/faiss_index.py` lowers it to 20 queries. Before, the ratios were 0.32 and 0.19. The demo's weights and
  predictions are the same bytes.
- **store**: the memory map and HDF5 check nothing; gofer compares the CRC-32 of each protein's bytes with the manifest,
  which is the largest part of a read. With vectors 160 wide HDF5 took 2.6 times as long, the map 0.2 times (not in the
  table).
- **evaluation**: the aim is for 20,000 proteins and 43,000 terms, which `benchmarks/evaluation.py` measures with
  `--proteins 20000 --ontology GO`; cafaeval would need some 50 GB there. The ratio grows with the size.
- **esm-cpp** was measured on the earlier machine only: in float32 it took 2.3 to 2.7 times gofer's CPU seconds for
  the three shapes, in int8 1.4, 1.0 and .85 times. It gives the same vectors in float32; in int8 their mean cosine
  is .9998. It takes one protein at a time, since its batches give no vectors, and two threads where there are two
  cores: by the clock it is nearer. On the AVX2 machine it had not ended after a quarter of an hour.
- **prediction**: DIAMOND searches in both; gofer's own part is scoring 1,000 proteins against all terms and writing
  every form of output. numpy has no way of its own for this, and nothing was compared with it.
- **snakemake -n** reads the imports of gofer's modules by a pattern, no longer by Python's parser, and its schema by
  libyaml.
- **make demo**: [where its time goes](docs/scale.md#where-the-time-goes). Half of it is Python's start and imports in
  55 jobs.
- **GO texts**: most of the time is the same float32 products as sentence-transformers', and attention by the same
  kernel. In texts of nearly equal length there is little padding to save; over the four phases equal texts are embedded
  once.
- **Machines**: rows of the one that names no instructions are of before ESM-2's forward pass, prediction and
  `snakemake -n` became faster. The one with AVX2 takes twice the CPU seconds for an empty workflow: do not compare
  seconds of one with those of the other, nor its seconds with an aim. On the earlier one 10,000 shards took 16.5 s, and
  `make demo` 132 s.
- **ESM**: matrix products and torch's attention take most of the mini shape's time. Attention by plain products was
  slower. Of several threads each has its own proteins: none waits for another.
"""
Way = Callable[[], float | None] | list[str]
# A small separate process: a child's reported peak memory is never below that of the process that started it.
MEASURER = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=sys.stderr)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


@dataclass(frozen=True)
class Cost:
    """What one way took: CPU seconds, seconds by the clock, and MiB."""

    cpu: float
    clock: float
    mib: float


@dataclass(frozen=True)
class Row:
    """One comparison, of CPU seconds or `by_clock`; without `other`, `limit` is in seconds and not a ratio."""

    stage: str
    what: str
    ours: Cost | None
    against: str
    other: Cost | None = None
    limit: float | None = None
    by_clock: bool = False
    not_run: str = ""

    @property
    def figure(self) -> float:
        """The ratio, or the seconds."""
        ours, other = (cost and (cost.clock if self.by_clock else cost.cpu) for cost in (self.ours, self.other))
        return other / ours if other else ours

    @property
    def met(self) -> bool:
        """Whether it is as good as wanted."""
        return self.figure >= self.limit if self.other else self.figure <= self.limit

    def line(self, day: str) -> str:
        """A row of the table."""
        if self.not_run:
            return f"| {self.stage} | {self.what} | {self.against} | – | | not run: {self.not_run} | | | | |"
        kind, at = ("×", "≥") if self.other else (" s", "≤")
        verdict = "" if self.limit is None else f"{at} {self.limit:g}{kind} | {'yes' if self.met else '**no**'}"
        costs = [
            " / ".join(f"{getattr(cost, name):{form}}" for cost in (self.ours, self.other) if cost)
            for name, form in (("cpu", ".3g"), ("clock", ".3g"), ("mib", ",.0f"))
        ]
        return (
            f"| {self.stage} | {self.what} | {self.against} | {self.figure:.3g}{kind} | {verdict or '|'} | "
            f"{' | '.join(costs)} | {day} |"
        )


def main() -> None:
    from speed_stages import STAGES

    options = parsed(list(STAGES))
    if options.one:
        print(json.dumps([asdict(row) for row in STAGES[options.one](options)]))
        return
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for stage in options.only or STAGES:
        print(f"{stage} …", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, *sys.argv[1:], "--one", stage]
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, **alone})
        rows = json.loads(done.stdout.splitlines()[-1])
        kept[stage] = {"day": str(date.today()), "machine": machine(), "versions": versions(), "rows": rows}
        KEPT.write_text(json.dumps({name: kept[name] for name in STAGES if name in kept}, indent=1) + "\n")
    options.page.write_text(page(kept, list(STAGES)))


def parsed(stages: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=stages, help="stages")
    parser.add_argument("--page", type=Path, default=ROOT / "BENCHMARKS.md", help="the page to write")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; of the longest stages one")
    parser.add_argument("--ontology", type=Path, help="OBO file whose texts are embedded")
    parser.add_argument("--protea", type=Path, help="Python of an environment with cafaeval-protea")
    parser.add_argument("--esm-cpp", type=Path, help="Python of an environment with esm-cpp")
    parser.add_argument("--fasta", type=Path, help="proteins to predict, by --model")
    parser.add_argument("--model", type=Path, help="model file that knows many proteins")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(ways: Mapping[str, Way], repeats: int) -> dict[str, Cost]:
    """The least of `repeats` rounds of each way, in turns. A way may return CPU seconds that do not count."""
    best: dict[str, Cost] = {}
    for _ in range(repeats):
        for name, way in ways.items():
            cost = of_command(way) if isinstance(way, list) else of_call(way)
            least = best.get(name, cost)
            best[name] = Cost(*(min(pair) for pair in zip(asdict(least).values(), asdict(cost).values(), strict=True)))
    return best


def of_call(way: Callable[[], float | None]) -> Cost:
    """Of a function in this process, with the programs that it starts."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, cpu, began = status("VmRSS"), spent(), time.perf_counter()
    other = way() or 0.0
    clock, cpu = time.perf_counter() - began, spent() - cpu
    return Cost(cpu - other, clock - other, max(0, status("VmHWM") - before) / 1024)


def of_command(command: list[str]) -> Cost:
    """Of a program."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MEASURER, *command], capture_output=True)
    clock = time.perf_counter() - began
    code, cpu, mib = json.loads(done.stdout)
    if code:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.decode()[-2000:]}")
    return Cost(cpu, clock, mib)


def spent() -> float:
    """CPU seconds of this process and of the programs that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def status(key: str) -> int:
    """A figure of this process in KiB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def machine() -> str:
    """Processor, its widest instructions, number of cores, and how busy they were."""
    text = Path("/proc/cpuinfo").read_text()
    lines = text.splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    widest = next((name for name in ("avx512f", "avx2") if f" {name}" in text), "no AVX2")
    return f"{model} ({widest}), {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}"


def versions() -> str:
    """Python and the packages that are compared."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def page(kept: Mapping[str, dict], stages: list[str]) -> str:
    """BENCHMARKS.md."""
    about = sorted({_place(kept[stage]) for stage in stages if stage in kept})
    head = "| stage | what | compared with | figure | wanted | met | CPU s, gofer / other | clock s | MiB | day |"
    lines = [head, "|---|---|---|---:|---:|---|---:|---:|---:|---|"]
    for stage in stages:
        if stage not in kept:
            lines.append(f"| {stage} | | | – | | not run yet: `--only {stage}` | | | | |")
        for row in kept.get(stage, {}).get("rows", []):
            costs = {name: Cost(**row[name]) if row[name] else None for name in ("ours", "other")}
            lines.append(Row(**{**row, **costs}).line(f"{kept[stage]['day']} ({about.index(_place(kept[stage])) + 1})"))
    loads = [float(kept[stage]["machine"].split("load ")[1]) for stage in stages if stage in kept]
    return "\n".join(
        [
            "# Speed of each stage beside what a user would pick instead",
            "",
            "Written by `make benchmarks` (`benchmarks/speed.py`, which says how it measures). A ratio is the other",
            "way's CPU seconds to gofer's, by the clock where two threads run: 2× is twice as fast. One thread",
            "unless said, fixed seeds (0 or 1). Seconds by the clock depend on other work on the machine; CPU seconds",
            "hardly do. The number after the day is that of the machine.",
            "",
            *(f"- ({number}) {processor}. {packages}." for number, (processor, packages) in enumerate(about, start=1)),
            f"- Load of the machine while the stages ran, other work included: {min(loads):.1f} to {max(loads):.1f}.",
            "",
            *lines,
            NOTES,
            "How time and memory grow: [docs/scale.md](docs/scale.md#how-time-and-memory-grow).",
            "",
        ]
    )


def _place(stage: Mapping[str, Any]) -> tuple[str, str]:
    # Processor and packages.
    return stage["machine"].split(", load")[0], stage["versions"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch
        main()
