"""How the rules of inputs grow with the number of proteins: CPU time and peak memory of each at several sizes.

    python benchmarks/growth.py DATA OUT --sizes 25000 100000 400000

DATA holds the files of config/swissprot_2014.yaml. For each size a folder of OUT gets the judged proteins and so many
others, drawn by the hash of their ids; the workflow runs there from the FASTA to the labels of training, the ground
truth and the baselines that need no residue vectors. Existing results are not computed again.
Figures are those of Snakemake's benchmark files: CPU seconds (user and system, including programs that a rule starts)
and the highest resident memory. `--page` writes the table into a page, between two marks.
"""

import argparse
import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
RUN = "swissprot_2014"
FASTA, ANNOTATIONS, JUDGED = "swissprot_2014.fasta", "swissprot_2014_annotations.tsv", "human_2022.gaf.gz"
TARGETS = ["inputs/pid2pos.parquet", "inputs/truth_labels.parquet", "embeddings/plan.parquet"]
TARGETS += [f"baselines/{name}.tsv" for name in ("naive", "diamond", "own_annotations")]
MARKS = "<!-- growth: benchmarks/growth.py -->", "<!-- end of growth -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25_000, 100_000, 400_000])
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--page", type=Path, help="a page with the two marks, such as docs/scale.md")
    options = parser.parse_args()
    figures = {}
    for size in options.sizes:
        folder = options.out / f"{size}"
        write_data(options.data, folder / "data", size)
        run(folder, options.cores)
        figures[size] = read_figures(folder / "results" / RUN / "benchmarks")
    table = growth_table(figures)
    print(table)
    if options.page:
        before, after = options.page.read_text().split(MARKS[0])[0], options.page.read_text().split(MARKS[1])[1]
        options.page.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


def write_data(data: Path, folder: Path, size: int) -> None:
    """The judged proteins and `size` others, with their annotations; links to the other files."""
    if (folder / "complete").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(data / JUDGED, "rt") as lines:
        judged = {line.split("\t")[1] for line in lines if not line.startswith("!")}
    ids = [header[1:].split()[0] for header in headers(data / FASTA)]
    others = sorted(set(ids) - judged, key=lambda protein_id: hashlib.sha256(protein_id.encode()).digest())
    chosen = judged | set(others[:size])
    with (data / FASTA).open() as lines, (folder / FASTA).open("w") as written:
        here = False
        for line in lines:
            here = line[1:].split()[0] in chosen if line.startswith(">") else here
            written.write(line if here else "")
    with (data / ANNOTATIONS).open() as lines, (folder / ANNOTATIONS).open("w") as written:
        written.write(next(lines))
        written.writelines(line for line in lines if line.split("\t", 1)[0] in chosen)
    for path in data.iterdir():
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path.resolve())
    (folder / "complete").touch()


def headers(fasta: Path) -> Iterator[str]:
    """The header lines of a FASTA file."""
    with fasta.open() as lines:
        yield from (line for line in lines if line.startswith(">"))


def run(folder: Path, cores: int) -> None:
    """The workflow up to `TARGETS`, in a separate folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += [f"results/{RUN}/{target}" for target in TARGETS]
    command += ["--cores", str(cores), "--configfile", str(ROOT / f"config/{RUN}.yaml")]
    command += ["--config", "data=data", "--rerun-triggers", "mtime"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def read_figures(folder: Path) -> pd.DataFrame:
    """Columns cpu (seconds), wall (seconds) and memory (MiB), by rule."""
    tables = {path.stem: pd.read_csv(path, sep="\t").iloc[0] for path in sorted(folder.glob("*.tsv"))}
    rows = {name: {"cpu": row["cpu_time"], "wall": row["s"], "memory": row["max_rss"]} for name, row in tables.items()}
    return pd.DataFrame(rows).T


def growth_table(figures: dict[int, pd.DataFrame]) -> str:
    """A table in Markdown: a row per rule, in the order of CPU time at the largest size; – where a rule was not run."""
    sizes = sorted(figures)
    cpu = pd.DataFrame({size: figures[size]["cpu"] for size in sizes})
    memory = pd.DataFrame({size: figures[size]["memory"] for size in sizes})
    head = "| rule | " + " | ".join(f"{size:,}: CPU s | peak MiB" for size in sizes) + " | growth of time |"
    lines = [head, "|---|" + "---:|" * (2 * len(sizes) + 1)]
    for rule in cpu.sort_values(sizes[::-1], ascending=False).index:
        cells = [shown(table.loc[rule, size]) for size in sizes for table in (cpu, memory)]
        growth = cpu.loc[rule, sizes[-1]] / max(cpu.loc[rule, sizes[0]], 0.5) if len(sizes) > 1 else float("nan")
        lines.append(f"| `{rule}` | {' | '.join(cells)} | {shown(growth, '.1f')}{'' if pd.isna(growth) else '×'} |")
    return "\n".join(lines)


def shown(number: float, form: str = ",.0f") -> str:
    """A number, or a dash where there is none."""
    return "–" if pd.isna(number) else format(number, form)


if __name__ == "__main__":
    main()
