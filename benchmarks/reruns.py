"""Every job of a finished run again, one by one: its files are removed, made again and compared byte by byte.

    snakemake --cores 2
    python benchmarks/reruns.py --configfile config/demo.yaml --table docs/reruns.md

prints a table of jobs, and ends with status 1 where one of them gave other bytes, ran with other jobs, or changed
another file. About six seconds a job; the files of the run are put back afterwards, with their times.
`--table` writes what each rule gave as a page.
`--without-caches` removes embeddings.residues.cache and .texts.cache meanwhile, so that vectors are computed again.
"""

import argparse
import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gofer.config import read_config

ROOT = Path(__file__).parents[1]
SNAKEFILE = ROOT / "Snakefile"
FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)", re.MULTILINE)
# Times, costs and cache hits are in these folders, separate from data; wandb has a separate folder.
NOT_DATA = {"logs", "benchmarks", "wandb"}

PAGE = """# Every job again

Written after a whole run by

    python benchmarks/reruns.py {options} --table docs/reruns.md

The outputs of each job were removed, the job was run alone, and every data file of the run, declared as an output or
not, was compared by its SHA-256. Times and costs (`benchmarks/`, `logs/`) are not compared. Rules that run only by name
are not in the run. `make test` does the same with a small one (`tests/workflow/test_reruns.py`).
The chunks in `.partial/`, which `predict_part` leaves for `gather_predictions` to delete, are in no finished run, so
these two rules are listed as exceptions: a chunk is new after the one and gone after the other.

{jobs} jobs of {rules} rules, {faulty} exceptions:

| rule | jobs | files | made again |
|---|---:|---:|---|
{rows}
"""


@dataclass(frozen=True)
class Job:
    """A job of the run: its rule, its log, and the files that it makes."""

    rule: str
    log: str
    outputs: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Rule and wildcards, as the log's name has them."""
        return Path(self.log).name.split(".")[0] if self.log else self.rule


@dataclass(frozen=True)
class Runner:
    """Calls of snakemake on one config."""

    snakefile: Path
    configfile: Path
    directory: Path
    cores: int

    def __call__(self, *arguments: str) -> str:
        """The output of snakemake; ends the process if it fails."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.snakefile), *arguments]
        command += [
            "--cores",
            str(self.cores),
            "--directory",
            str(self.directory),
            "--configfile",
            str(self.configfile),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout[-3000:] + done.stderr[-3000:])
        return done.stdout + done.stderr

    def jobs(self) -> list[Job]:
        """What the whole workflow consists of, sources first."""
        text = self("--detailed-summary")
        rows = csv.DictReader(text[text.index("output_file\t") :].splitlines(), delimiter="\t")
        outputs: dict[tuple[str, str], list[Path]] = {}
        for row in rows:
            if row["plan"]:
                log = row["log-file(s)"].split(",")[0]
                outputs.setdefault((row["rule"], log), []).append(self.directory / row["output_file"])
        return [Job(rule, log, tuple(paths)) for (rule, log), paths in reversed(outputs.items())]


def main() -> None:
    options = parsed()
    runner = Runner(options.snakefile, options.configfile.resolve(), options.directory.resolve(), options.cores)
    config = read_config(ROOT / "config/defaults.yaml", options.configfile)
    run = runner.directory / "results" / config["run"]
    settings = config["embeddings"]
    caches = [settings[kind]["cache"] for kind in ("residues", "texts") if options.without_caches]
    print(f"{'job':34s} {'files':>5s} {'seconds':>8s}  result")
    found: dict[Job, list[str]] = {}
    with ExitStack() as kept:
        for cache in filter(None, caches):
            kept.enter_context(set_aside([runner.directory / cache]))
        for job in runner.jobs():
            began = time.monotonic()
            found[job] = rerun(runner, job, run)
            seconds = time.monotonic() - began
            print(f"{job.name:34s} {len(job.outputs):5d} {seconds:8.1f}  {outcome(found[job])}", flush=True)
    faulty = sum(map(bool, found.values()))
    print(f"{faulty} exceptions")
    if options.table:
        options.table.write_text(page(found, options.configfile.name, options.without_caches), encoding="utf-8")
    sys.exit(faulty > 0)


def outcome(faults: list[str]) -> str:
    return "; ".join(faults) or "the same bytes"


def page(found: dict[Job, list[str]], config: str, without_caches: bool) -> str:
    """A page in Markdown: rule, its jobs, their files, and what a rerun of each gave."""
    jobs: dict[str, list[Job]] = {}
    for job in found:
        jobs.setdefault(job.rule, []).append(job)
    rows = []
    for rule, of_rule in jobs.items():
        faults = [f"{job.name}: {fault}" for job in of_rule for fault in found[job]]
        rows.append(f"| `{rule}` | {len(of_rule)} | {sum(len(job.outputs) for job in of_rule)} | {outcome(faults)} |")
    return PAGE.format(
        options=f"--configfile config/{config}" + " --without-caches" * without_caches,
        jobs=len(found),
        rules=len(jobs),
        faulty=sum(map(bool, found.values())),
        rows="\n".join(rows),
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snakefile", type=Path, default=SNAKEFILE, help="the workflow")
    parser.add_argument("--configfile", type=Path, required=True, help="of a finished run")
    parser.add_argument("--directory", type=Path, default=Path(), help="where snakemake ran")
    parser.add_argument("--cores", type=int, default=2, help="of a job")
    parser.add_argument("--table", type=Path, help="page to write")
    parser.add_argument("--without-caches", action="store_true", help="compute all vectors again")
    return parser.parse_args()


def rerun(runner: Runner, job: Job, run: Path) -> list[str]:
    """What is wrong with a rerun of `job`; empty if nothing is."""
    faults = []
    before = digests(run, job.outputs)
    with set_aside(job.outputs), as_it_was(run / "benchmarks"), as_it_was(run / "logs"):
        ran = FINISHED.findall(runner(*map(str, (path.relative_to(runner.directory) for path in job.outputs))))
        if ran != [job.rule]:
            faults.append(f"ran {', '.join(ran) or 'nothing'}")
        after = digests(run, job.outputs)
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            faults.append(f"{path.name} is {'another' if path in before and path in after else 'gone or new'}")
    return faults


@contextmanager
def set_aside(paths: tuple[Path, ...] | list[Path]) -> Iterator[None]:
    """Move files away, and back again in any case."""
    there = [path for path in paths if path.exists()]
    with tempfile.TemporaryDirectory(dir=there[0].parent if there else None, prefix=".aside-") as folder:
        for number, path in enumerate(there):
            os.rename(path, Path(folder) / str(number))
        try:
            yield
        finally:
            for number, path in enumerate(there):
                put_back(Path(folder) / str(number), path)


@contextmanager
def as_it_was(folder: Path) -> Iterator[None]:
    """Restore a folder afterwards: the report reads the times of the jobs of the run, not of their reruns."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".aside-") as kept:
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        try:
            yield
        finally:
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)


def put_back(kept: Path, path: Path) -> None:
    if path.is_dir():
        os.rename(path, kept.with_name(f"{kept.name}-new"))
    os.replace(kept, path)


def digests(run: Path, outputs: tuple[Path, ...]) -> dict[Path, str]:
    """The SHA-256 of each file that is data of the run, declared as an output or not, and of a job's outputs."""
    files = [path for path in run.rglob("*") if path.is_file()]
    data = {path for path in files if not is_apart(path.relative_to(run))} | {path for path in outputs if path.exists()}
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in data}


def is_apart(path: Path) -> bool:
    return any(part in NOT_DATA or part.startswith(".aside-") for part in path.parts)


if __name__ == "__main__":
    main()
