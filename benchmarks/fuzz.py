"""A million damaged files, by atheris, for the readers of `tests/faults/fuzzed_readers.py`.

    python benchmarks/fuzz.py [--files 1000000] [--only fasta obo]

Each reader gets its share in a process of its own: a valid file, changed in ways that reach new code. A file that ends
otherwise than in a result or one of gofer's own errors, takes over 10 seconds or 2 GB, or ends the process, is a
finding: it is kept in `build/fuzz` and its reader gets no more files. Slow readers get fewer files: each stops after
`--minutes`. Appends a row to benchmarks/fuzz.tsv.
"""

import argparse
import datetime
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
TABLE, FOUND = ROOT / "benchmarks/fuzz.tsv", ROOT / "build/fuzz"
MEMORY = Path("/dev/shm")
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-seed=1", "-print_final_stats=1", "-verbosity=0"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000, help="in all")
    parser.add_argument("--minutes", type=float, default=4, help="most for one reader")
    parser.add_argument("--only", nargs="+", help="readers")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        fuzz(options.one, options.files, options.minutes, options.folder)
        return
    from faults.fuzzed_readers import BINARIES, TEXTS

    kinds = options.only or [*TEXTS, *BINARIES]
    tried = findings = 0
    for place, kind in enumerate(kinds):
        share = (options.files - tried) // (len(kinds) - place)  # what slow readers leave goes to those after them
        command = [sys.executable, __file__, "--one", kind, "--files", str(share), "--minutes", str(options.minutes)]
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            command += ["--folder", folder]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        counted = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        number = int(counted[1]) if counted else 0
        tried, findings = tried + number, findings + (done.returncode != 0)
        print(f"{kind}: {number:,} files{', A FINDING' * (done.returncode != 0)}", flush=True)
        if done.returncode:
            print(done.stdout[-3000:], done.stderr[-1000:], flush=True)
    row = [str(datetime.date.today()), f"atheris {version('atheris')}", str(len(kinds)), f"{tried:,}", str(findings)]
    with TABLE.open("a", encoding="utf-8") as file:
        file.write("\t".join(row) + "\n")
    print("\t".join(row))
    sys.exit(findings > 0)


def fuzz(kind: str, files: int, minutes: float, folder: Path) -> None:
    """Give one reader so many files, at most, in this process, which atheris ends."""
    with atheris.instrument_imports(include=["gofer"]):
        from faults.fuzzed_readers import written

        from gofer.errors import GoferError

    FOUND.mkdir(parents=True, exist_ok=True)
    one, seeds = written(folder)[kind], folder / "seeds"
    seeds.mkdir()
    (seeds / "valid").write_bytes(one.content)

    def read(content: bytes) -> None:
        with suppress(GoferError):
            one.read(content)

    found = f"-artifact_prefix={FOUND}/{kind.replace(' ', '_')}-"
    words = [sys.argv[0], f"-runs={files}", f"-max_total_time={60 * minutes:.0f}", found, *LIMITS, str(seeds)]
    atheris.Setup(words, read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
