"""Break a run at random moments, resume it with the documented command, and compare every result with an unbroken run.

    python benchmarks/kills.py predict --fault kill --times 30      gofer predict of 2,000 proteins, by a tiny model
    python benchmarks/kills.py predict --fault term|disk|two --times 10
    python benchmarks/kills.py demo --fault kill --times 30         the demo's workflow at the size of the tests
    python benchmarks/kills.py demo --fault elsewhere --times 1     nothing breaks; one core, another locale and zone

`kill` and `term` go to the process group; `disk` limits the size of a file to a random part of the largest result;
`two` starts the command twice at once; `elsewhere` runs it once on one core, with another locale, time zone and hash
seed, and without caches. Prints and appends a row to benchmarks/kills.tsv. It must break nothing: a
difference, a traceback or a failed resume is an error. Runs of `demo` are broken again and again on their way to the
end, each time within a third of an unbroken run's time, and all is compared but the report, which shows how long jobs
took; each of `predict` is broken once in a fresh folder.
"""

import argparse
import datetime
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
TABLE = Path(__file__).with_name("kills.tsv")
NOT_COMPARED = ("benchmarks", "logs", ".snakemake", "wandb", "report.html")  # hold times
FAULTS = ("kill", "term", "disk", "two", "elsewhere")
ELSEWHERE = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"}


@dataclass(frozen=True)
class Command:
    """What is broken: its words in a folder, what to do first after SIGKILL, and where its results are."""

    words: Callable[[Path], list[str]]
    unlock: Callable[[Path], list[str] | None]
    results: Callable[[Path], Path]

    def start(self, folder: Path, *, most_bytes: int | None = None, elsewhere: bool = False) -> subprocess.Popen:
        """Start it in a process group of its own."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(folder / "home")}
        environment |= ELSEWHERE if elsewhere else {}
        words = ["1" if elsewhere and word == "2" else word for word in self.words(folder)]
        (folder / "home").mkdir(parents=True, exist_ok=True)
        limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most_bytes, most_bytes)) if most_bytes else None
        log = (folder / "output.txt").open("ab")
        options = {"cwd": folder, "env": environment, "stdout": log, "stderr": log, "start_new_session": True}
        return subprocess.Popen(words, preexec_fn=limit, **options)

    def finish(self, folder: Path) -> None:
        """Run it to its end, after unlocking where that is needed."""
        folder.mkdir(parents=True, exist_ok=True)
        if unlock := self.unlock(folder):
            subprocess.run(unlock, cwd=folder, check=False, capture_output=True)
        if self.start(folder).wait():
            sys.exit(f"it did not resume; see {folder / 'output.txt'}")

    def digests(self, folder: Path) -> dict[str, str]:
        """SHA-256 of every result by its path."""
        below = self.results(folder)
        return {
            str(path.relative_to(below)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(below.rglob("*"))
            if path.is_file() and not set(path.relative_to(below).parts) & set(NOT_COMPARED)
        }


def predict(folder: Path, proteins: int) -> Command:
    """`gofer predict` of proteins that are like those of the tests' tiny model."""
    from retrieval.tiny_model import AMINO_ACIDS, make_model

    model, rng = make_model(folder), random.Random(1)
    sequences = model.proteins["sequence"].tolist()
    query = folder / "query.fasta"
    changed = ("".join(rng.choice(AMINO_ACIDS) if rng.random() < 0.2 else a for a in s * 3) for s in sequences)
    drawn = [next(changed) for _ in sequences]
    query.write_text("".join(f">Q{n}\n{drawn[n % len(drawn)][n % 50 :]}\n" for n in range(proteins)))
    words = [sys.executable, "-c", "from gofer.cli.main import app; app()", "predict", str(query)]
    words += ["-m", str(model.path), "--threads", "2", "-o", "out"]
    return Command(lambda _: words, lambda _: None, lambda folder: folder / "out")


def demo(folder: Path, proteins: int) -> Command:
    """The demo's workflow, with the config of the tests."""
    from running import small_config

    config = small_config(ROOT)
    config["demo"]["proteins"] = proteins
    (folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    words += ["--configfile", str(folder / "small.yaml"), "--directory", "."]
    return Command(lambda _: words, lambda _: [*words, "--unlock"], lambda folder: folder / "results/small")


def broken_once(
    command: Command, folder: Path, fault: str, *, seconds: float, largest: int, rng: random.Random
) -> bool:
    """Break the command once; whether it was broken before its end."""
    match fault:
        case "kill" | "term":
            process = command.start(folder)
            try:
                process.wait(timeout=rng.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL if fault == "kill" else signal.SIGTERM)
                process.wait()
                return True
            return False
        case "disk":
            return command.start(folder, most_bytes=rng.randrange(1, largest)).wait() != 0
        case _:
            if fault == "elsewhere":
                return command.start(folder, elsewhere=True).wait() == 0
            both = [command.start(folder), command.start(folder)]
            return max(process.wait() for process in both) > 0


def main() -> None:
    """Break, resume, compare, and note it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["predict", "demo"])
    parser.add_argument("--fault", choices=FAULTS, default="kill")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--proteins", type=int, help="2,000 of predict, 240 of the demo")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="gofer-kills-") as name:
        folder = Path(name)
        proteins = given.proteins or (2000 if given.what == "predict" else 240)
        command = (predict if given.what == "predict" else demo)(folder, proteins)
        began = time.monotonic()
        command.finish(folder / "whole")
        seconds, whole = time.monotonic() - began, command.digests(folder / "whole")
        latest = seconds / 3 if given.what == "demo" else seconds
        largest = max(path.stat().st_size for path in command.results(folder / "whole").rglob("*") if path.is_file())
        print(f"unbroken: {seconds:.0f} s, {len(whole)} files", flush=True)
        broken = other = trial = 0
        while broken < given.times:
            trial += 1
            place = folder / f"trial-{trial}"
            steps = given.times - broken if given.what == "demo" and given.fault != "two" else 1
            while steps:
                early = broken_once(command, place, given.fault, seconds=latest, largest=largest, rng=rng)
                steps, broken = (steps - 1, broken + 1) if early else (0, broken)
                if steps and given.fault == "kill" and (unlock := command.unlock(place)):
                    subprocess.run(unlock, cwd=place, check=False, capture_output=True)
            command.finish(place)
            same = command.digests(place) == whole
            other += not same
            if not same:
                found = command.digests(place)
                print("other:", sorted(name for name in {*found, *whole} if found.get(name) != whole.get(name)))
            traces = b"Traceback" in (place / "output.txt").read_bytes()
            print(
                f"trial {trial}: {broken} so far, {'same' if same else 'OTHER'} results{', a traceback' * traces}",
                flush=True,
            )
            shutil.rmtree(place)
    what = f"{given.what}, {proteins:,} proteins"
    row = [datetime.date.today().isoformat(), what, given.fault, str(broken), str(other)]
    with TABLE.open("a", encoding="utf-8") as file:
        file.write("\t".join(row) + "\n")
    print("\t".join(row))
    sys.exit(bool(other))


if __name__ == "__main__":
    main()
