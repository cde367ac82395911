"""How fast `gofer predict` is, stage by stage, and how much memory it takes: for 1,000, 5,000 and 20,000 proteins.

    python benchmarks/predict_speed.py proteins.fasta [--model my.gofer] [--sizes 1000 5000 20000] [--threads 2]

Each size is a separate process. Stages: `embed` is the residue encoder; `score` all from there to rows of predictions;
`write` every form of output. Embedding and scoring run in `threads` at a time, so their seconds are divided by these.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gofer.names import SHIPPED_MODEL
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


def print_one(query, model, threads):
    started = time.perf_counter()
    predictor = Predictor(TrainedModel(model), device="cpu")
    embed, seconds = predictor.residues, []

    def timed(proteins):
        begin = time.perf_counter()
        found = embed(proteins)
        seconds.append(time.perf_counter() - begin)
        return found

    predictor.residues = timed
    run = PredictionRun(predictor, QueryFile.read(query), query.with_suffix(".out"))
    predictor.load()
    loaded = time.perf_counter()
    run.predict(threads=threads)
    predicted = time.perf_counter()
    run.finish()
    written = time.perf_counter()
    embedding = sum(seconds) / threads
    rest = predicted - loaded - embedding
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"| {run.query.proteins:,} | {loaded - started:.0f} s | {embedding:.0f} s | {rest:.0f} s "
        f"| {written - predicted:.0f} s | {run.query.proteins / (rest + written - predicted):.0f} | {peak:.2f} GB |",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print_one(options.fasta, options.model, options.threads)
        sys.exit()
    print("| proteins | load | embed | score | write | proteins per second after embedding | peak memory |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            query = Path(folder) / "query.fasta"
            first_proteins(options.fasta, size, query)
            command = [sys.executable, __file__, str(query), "--model", str(options.model), "--one"]
            subprocess.run([*command, "--threads", str(options.threads)], check=True)
