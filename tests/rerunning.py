"""Run every job of a finished run again, from the files of the run, and compare its files.

    python tests/rerunning.py SNAKEFILE CONFIGFILE DIRECTORY

prints a JSON list of [rule, job, file, whether its bytes are the same]. Each job's script runs alone on what Snakemake
would give it, but on one thread, whatever the run had, and in a fork of one process that has imported the libraries: as
many interpreters would take minutes. `benchmarks/reruns.py` does it through `snakemake` itself.
"""

import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.script import Snakemake
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings
from threadpoolctl import threadpool_limits

THREADS = 1

HEAVY = (
    "faiss",
    "goatools.obo_parser",
    "matplotlib.pyplot",
    "pandas",
    "sentence_transformers",
    "sklearn.linear_model",
    "torch",
)


def main() -> None:
    snakefile, configfile, directory = map(Path, sys.argv[1:])
    for name in HEAVY:
        __import__(name)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            ResourceSettings(cores=2), ConfigSettings(configfiles=[configfile]), snakefile=snakefile, workdir=directory
        )
        with contextlib.redirect_stdout(io.StringIO()):
            workflow.dag().summary()  # builds the graph of jobs
        jobs = [job for job in workflow._workflow.dag.jobs if job.rule.script]
        print(json.dumps([row for job in jobs for row in rerun(job)]))


def rerun(job):
    """Rows of the table for one job; the run's files, its logs too, are put back with their times."""
    before = {path: digest(path) for path in map(str, job.output)}
    away = [*before, *map(str, job.log)]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for number, path in enumerate(away):
            os.rename(path, f"{folder}/{number}")
        try:
            process = multiprocessing.get_context("fork").Process(target=run_script, args=(job,))
            process.start()
            process.join()
            return [(job.rule.name, Path(job.log[0]).stem, path, digest(path) == old) for path, old in before.items()]
        finally:
            for number, path in enumerate(away):
                os.replace(f"{folder}/{number}", path)


def run_script(job):
    """What Snakemake does with a script, but on one thread."""
    script = Path(job.rule.basedir.get_path_or_uri(secret_free=True), job.rule.script)
    given = (job.input, job.output, job.params, job.wildcards, THREADS, job.resources, job.log)
    snakemake = Snakemake(*given, job.rule.workflow.config, job.rule.name, None, str(script.parent))
    with threadpool_limits(THREADS):
        runpy.run_path(str(script), init_globals={"snakemake": snakemake})


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if Path(path).exists() else "missing"


if __name__ == "__main__":
    main()
