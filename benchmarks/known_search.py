"""What it takes to search among the known proteins of a bank: by DIAMOND, both ways, and without it.

    python benchmarks/known_search.py proteins.fasta --model M --sizes 5 100 400 [--without 10000 40000]

`all` indexes all known proteins too, `by query` those of the query only, as `gofer predict` does. `--without` draws so
many known sequences and searches among them by k-mers, for five proteins, each in a separate process.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from gofer.inputs.proteins.candidates import search_of_known
from gofer.inputs.proteins.kept_database import kept_database
from gofer.names import SHIPPED_MODEL
from gofer.retrieval.alignment_similarity import Aligner
from gofer.retrieval.query_file import QueryFile
from gofer.retrieval.trained_model import TrainedModel
from gofer.retrieval.user_bank import bank_folder

MOST_ALIGNED = 4096


def by_diamond(queries, model, sizes, threads):
    targets = model.bank.targets
    search = search_of_known(len(targets), threads=threads)
    database = kept_database(search, targets, bank_folder(model.file.digest))
    print(f"{len(targets):,} known sequences")
    print("| proteins | all | by query | hits | in one only |\n|---|---|---|---|---|")
    for size in sizes:
        found, spent = [], []
        for by_query in (False, True):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            hits = replace(search, by_query=by_query).hits(queries[:size], targets, database=database)
            spent.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            found.append(hits["query"].to_numpy() * len(targets) + hits["target"].to_numpy())
        other = len(np.setxor1d(*found))
        print(f"| {size} | {spent[0]:.0f} s | {spent[1]:.0f} s | {len(found[0]):,} | {other:,} |", flush=True)


def by_kmers(queries, targets):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    aligner, began = Aligner(targets, MOST_ALIGNED), time.process_time()
    _ = aligner._index
    indexed = time.process_time()
    with_index = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for query in queries[:5]:
        aligner.read([query])
    each = (time.process_time() - indexed) / 5
    print(
        f"{len(targets):,} sequences by k-mers: {(with_index - before) / 1e6:.2f} GB and "
        f"{indexed - began:.1f} CPU seconds for the index, {each:.1f} for each protein",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--sizes", type=int, nargs="*", default=[5, 100, 400])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--without", type=int, nargs="*", default=[], metavar="SEQUENCES")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    asked = [protein.sequence for protein in QueryFile.read(options.fasta)]
    if options.one:
        by_kmers(asked, tuple(options.one.read_text().split()))
        sys.exit()
    model = TrainedModel(options.model)
    if options.sizes:
        by_diamond(asked, model, options.sizes, options.threads)
    for number in options.without:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as drawn:
            drawn.write("\n".join(sorted(random.Random(1).sample(model.bank.targets, number))))
            drawn.flush()
            command = [sys.executable, __file__, str(options.fasta), "--one", drawn.name]
            subprocess.run(command, check=True, env={**os.environ, "PATH": ""})  # no DIAMOND
