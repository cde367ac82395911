"""How fast `gofer predict` is, stage by stage, and how much memory it takes: for 1,000, 5,000 and 20,000 proteins.

    python benchmarks/predict_speed.py proteins.fasta [--model M] [--sizes 1000 5000 20000] [--keep FOLDER]

Each size is a separate process. Stages: `load` is Python's imports and the model; `search` is DIAMOND; `embed` the
residue encoder; `score` all from there to rows of predictions; `write` every form of output, by form below the table.
All are CPU seconds, which other work on the machine does not change much; embedding and scoring run in `threads` at a
time. With `--keep` a stopped run resumes; its seconds count.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gofer.cli.running import use_threads
from gofer.names import SHIPPED_MODEL
from gofer.retrieval.forms import FORMS
from gofer.retrieval.prediction_run import PredictionRun
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel


def first_proteins(fasta, size, path):
    kept, records = [], 0
    with fasta.open() as lines:
        for line in lines:
            records += line.startswith(">")
            if records > size:
                break
            kept.append(line)
    path.write_text("".join(kept))


class Spent:
    """CPU seconds by stage, wall seconds and the highest memory, added to what a stopped run had spent."""

    def __init__(self, path):
        self.path = path
        self.of = json.loads(path.read_text()) if path.exists() else {}
        self.before = dict(self.of)
        self.started = time.perf_counter()

    def set(self, stage, seconds):
        """Seconds of a stage since the start of this process."""
        self.of[stage] = self.before.get(stage, 0) + seconds

    def write(self):
        """Keep what was spent until now."""
        self.set("wall", time.perf_counter() - self.started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        self.of["memory"] = max(self.before.get("memory", 0), peak)
        self.path.write_text(json.dumps(self.of))


def print_one(query, model, threads):
    spent, seconds = Spent(query.with_suffix(".spent.json")), []
    predictor = Predictor(TrainedModel(model), device="cpu")
    embed = predictor.residues

    def timed(proteins):
        begin = time.thread_time()
        found = embed(proteins)
        seconds.append(time.thread_time() - begin)
        return found

    predictor.residues = timed
    run = PredictionRun(predictor, QueryFile.read(query), query.with_suffix(".out"))
    predictor.load()
    loaded = time.process_time()
    spent.of["load"] = loaded

    def count(proteins):
        spent.set("embed", sum(seconds))
        spent.set("score", time.process_time() - loaded - sum(seconds))
        spent.write()

    run.predict(count, threads=threads)
    by_form, predicted = writing_times(), time.process_time()
    run.finish()
    spent.of["write"] = time.process_time() - predicted
    spent.write()
    searched = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent.set("search", searched.ru_utime + searched.ru_stime)
    of, proteins = spent.of, run.query.proteins
    rate = proteins / (of["score"] + of["write"])
    print(
        f"| {proteins:,} | {of['load']:.1f} | {of['search']:.0f} | {of['embed']:.1f} | {of['score']:.1f} "
        f"| {of['write']:.1f} | {rate:.0f} "
        f"| {of['memory']:.2f} GB | {of['wall']:.0f} s |"
    )
    print(", ".join(f"{name} {took:.0f}" for name, took in by_form.items()), flush=True)
    page = run.folder / FORMS["page"].name
    print(f"{page.name}: {page.stat().st_size / 1e6:.0f} MB; {run.query.residues:,} residues", flush=True)


def writing_times():
    by_form = {}

    def timed(name, form):
        def write(*arguments):
            begin = time.process_time()
            form.write(*arguments)
            by_form[name] = time.process_time() - begin

        return form._replace(write=write)

    FORMS.update({name: timed(name, form) for name, form in FORMS.items()})
    return by_form


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder of the predictions, with which a stopped run resumes")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print_one(options.fasta, options.model, options.threads)
        sys.exit()
    use_threads(options.threads)  # as the command does; each size inherits it
    stages = "load | search | embed | score | write"
    print(f"| proteins | {stages} | proteins per CPU second after embedding | peak memory | wall |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            query = folder / f"query-{size}.fasta"
            first_proteins(options.fasta, size, query)
            command = [sys.executable, __file__, str(query), "--model", str(options.model), "--one"]
            subprocess.run([*command, "--threads", str(options.threads)], check=True)
