"""What each rule of a finished run cost: jobs, time, CPU time, peak memory.

    python benchmarks/run_costs.py results/<run> --page docs/scale.md
    python benchmarks/run_costs.py results/<run> --starts

Figures are those of Snakemake's benchmark files, summed over a rule's jobs; memory is the highest of one job. A
benchmark file that a later job overwrote counts once. `--page` writes the table into a page, between two marks.
`--starts` sums them up by what a job loads, with the CPU seconds that a new Python needs for the imports of its script.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow/scripts"
LOADED = ("torch", "sklearn", "pandas")  # a job belongs to the first that it loads, and to training before all
MARKS = "<!-- costs: benchmarks/run_costs.py -->", "<!-- end of costs -->"
PART = re.compile(r"_(\d+|[A-D]|all|train)$")  # of a rule's name, in the name of a job's file
LEAST = 1.0  # seconds; cheaper rules share a row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--page", type=Path, help="a page with the two marks, such as docs/scale.md")
    parser.add_argument("--starts", action="store_true")
    options = parser.parse_args()
    if options.starts:
        print(starts_as_markdown(costs(options.run / "benchmarks")))
        return
    table = as_markdown(costs(options.run / "benchmarks"))
    print(table)
    if options.page:
        before, after = options.page.read_text().split(MARKS[0])[0], options.page.read_text().split(MARKS[1])[1]
        options.page.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


def costs(folder: Path) -> pd.DataFrame:
    """Columns rule, jobs, seconds, cpu_seconds, peak_mib; the costly ones first."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        figures = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        rows.append((rule_of(path.stem), 1, figures["s"], figures.get("cpu_time", 0.0), figures["max_rss"]))
    table = pd.DataFrame(rows, columns=["rule", "jobs", "seconds", "cpu_seconds", "peak_mib"])
    sums = {"jobs": "sum", "seconds": "sum", "cpu_seconds": "sum", "peak_mib": "max"}
    return table.groupby("rule", as_index=False).agg(sums).sort_values("seconds", ascending=False)


def rule_of(job: str) -> str:
    """The rule's name in that of a benchmark file; a method's name is kept."""
    return PART.sub("", job)


def start_of(script: Path) -> tuple[float, str]:
    """CPU seconds of a new Python with the imports of a script, and what it loads: the least of two."""
    body = ast.parse(script.read_text(encoding="utf-8")).body
    lines = [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines.append(f"import sys; print(next((name for name in {LOADED} if name in sys.modules), 'others'))")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    seconds = []
    for _ in range(2):
        before = os.times()
        loaded = subprocess.check_output([sys.executable, "-c", "\n".join(lines)], env=environment, text=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(seconds), loaded.strip()


def starts_as_markdown(table: pd.DataFrame) -> str:
    """Jobs, CPU seconds and those of start and imports, of jobs that load the same."""
    rows = []
    scripts = sorted(SCRIPTS.glob("*.py"), key=lambda script: -len(script.stem))
    for row in table.itertuples():
        script = next((script for script in scripts if row.rule.startswith(script.stem)), None)
        if script:
            seconds, loaded = start_of(script)
            group = script.stem if script.stem == "train_stage" else f"others, with {loaded}"
            rows.append((group, row.jobs, row.cpu_seconds, row.jobs * seconds))
    sums = pd.DataFrame(rows, columns=["group", "jobs", "cpu", "start"]).groupby("group").sum()
    sums.loc["all"] = sums.sum()
    head = "| jobs | number | CPU seconds | of a new Python with their imports |\n|---|---:|---:|---:|\n"
    return head + "\n".join(
        f"| {row.Index} | {row.jobs:.0f} | {row.cpu:.0f} | {row.start:.0f} |" for row in sums.itertuples()
    )


def as_markdown(table: pd.DataFrame) -> str:
    """One row per rule, and one for all that take less than a second."""
    costly, cheap = table[table["seconds"] >= LEAST], table[table["seconds"] < LEAST]
    rows = [(f"`{row.rule}`", row.jobs, row.seconds, row.cpu_seconds, row.peak_mib) for row in costly.itertuples()]
    if len(cheap):
        rows.append(
            ("others", cheap["jobs"].sum(), cheap["seconds"].sum(), cheap["cpu_seconds"].sum(), cheap["peak_mib"].max())
        )
    sums = table[["jobs", "seconds", "cpu_seconds"]].sum()
    rows.append(("all", sums["jobs"], sums["seconds"], sums["cpu_seconds"], table["peak_mib"].max()))
    head = "| rule | jobs | seconds | CPU seconds | peak MiB |\n|---|---:|---:|---:|---:|\n"
    return head + "\n".join(
        f"| {name} | {jobs:.0f} | {wall:,.0f} | {cpu:,.0f} | {peak:,.0f} |" for name, jobs, wall, cpu, peak in rows
    )


if __name__ == "__main__":
    main()
