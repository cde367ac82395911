"""What each rule of a finished run cost: jobs, time, CPU time, peak memory.

    python benchmarks/run_costs.py results/<run> --page docs/scale.md

Figures are those of Snakemake's benchmark files, summed over a rule's jobs; memory is the highest of one job. A
benchmark file that a later job overwrote counts once. `--page` writes the table into a page, between two marks.
"""

import argparse
import re
from pathlib import Path

import pandas as pd

MARKS = "<!-- costs: benchmarks/run_costs.py -->", "<!-- end of costs -->"
PART = re.compile(r"_(\d+|[A-D]|all|train)$")  # of a rule's name, in the name of a job's file
LEAST = 1.0  # seconds; cheaper rules share a row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--page", type=Path, help="a page with the two marks, such as docs/scale.md")
    options = parser.parse_args()
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
