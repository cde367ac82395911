"""docs/reliability.md: every fault of the catalogue, what is promised, the tests that provoke it, and how they ended.

    python benchmarks/reliability.py > docs/reliability.md        (make reliability)

Tests name their faults with `@pytest.mark.fault(12)`. How they ended is in pytest's cache, from the runs before this
one; a test that has not run since the cache was deleted is "not run".
"""

import ast
import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUTCOMES = ROOT / ".pytest_cache/v/gofer/faults"
WORST = ["passed", "skipped", "not run", "failed"]
HEAD = """# What gofer survives

Written by `make reliability` from `tests/faults/catalogue.tsv`, the marks `@pytest.mark.fault(number)` of the tests and
the outcomes of their last run. A test checks that each case has a test and that this page is of today's tests.

## When a run stops

- Ctrl-C, or SIGTERM to the process group (`kill -TERM -- -PID`), ends Snakemake and its jobs; training keeps its state
  first. SIGTERM to Snakemake's own process alone lets running jobs end first. A run started with `nohup … &` ignores
  Ctrl-C's signal: start it with `setsid nohup … &`, and stop it with `kill -TERM -- -PID`, PID being that of `setsid`.
- The same command resumes. After SIGKILL or a power cut Snakemake finds its lock: `snakemake --unlock`, with the same
  `--configfile` and `--directory`, then the same command. `gofer predict` needs no unlocking.
- A home folder that cannot be written to: set `XDG_CACHE_HOME` to a folder that can. Snakemake itself needs it.
- Two runs in one folder: Snakemake locks it. Two `gofer predict` into one folder: the second one is refused.
"""
KILLS = """
## Kills, by command

`python benchmarks/kills.py` kills the process group at random moments, resumes with the documented command, and
compares the SHA-256 of every result with that of an unbroken run. These are the runs that were made.

| date | what | fault | times | broken results |
|---|---|---|---|---|
"""
FUZZ = """
## Fuzzing, by command

`make fuzz` gives damaged files to every reader of `tests/faults/fuzzed_readers.py`. Anything but a result or one of
gofer's own errors is a finding, and so are more than 10 seconds or 2 GB for one file. Findings are mended, and the
reader is run again.

| date | by | readers | files tried | findings |
|---|---|---:|---:|---:|
"""


def main() -> None:
    """Print the page."""
    print(page(), end="")


def page() -> str:
    """The page, in Markdown."""
    ran = json.loads(OUTCOMES.read_text(encoding="utf-8")) if OUTCOMES.exists() else {}
    return "".join([HEAD, "\n## Faults\n\n", *table(ran), KILLS, *rows("kills.tsv"), FUZZ, *rows("fuzz.tsv")])


def table(ran: Mapping[str, str]) -> list[str]:
    """The lines of the faults' table."""
    tests = marked()
    lines = ["| | fault | promise | tests | result |\n", "|---|---|---|---|---|\n"]
    for case in catalogue():
        named = tests.get(int(case["number"]), [])
        result = max((ran.get(name, "not run") for name in named), key=WORST.index, default="no test")
        links = "<br>".join(f"[{_sentence(name)}](../{name.partition('::')[0]})" for name in named)
        lines.append(f"| {case['number']} | {case['fault']} | {case['promise']} | {links} | {result} |\n")
    return lines


def catalogue() -> list[dict[str, str]]:
    """The cases: number, fault, promise."""
    with (ROOT / "tests/faults/catalogue.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def marked() -> dict[int, list[str]]:
    """Tests, as pytest names them without parameters, by the number of the fault that they are marked with."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    for number in ast.literal_eval(ast.Tuple(mark.args, ast.Load())):
                        found[number].append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return found


def rows(name: str) -> list[str]:
    """The rows of a table of measurements next to this file, in Markdown."""
    path = Path(__file__).with_name(name)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [f"| {line.replace(chr(9), ' | ')} |\n" for line in lines]


def _sentence(name: str) -> str:
    return name.rpartition("::test_")[2].replace("_", " ")


if __name__ == "__main__":
    main()
