"""Memory and open files over a long training and a long prediction: a table of each, which should be flat.

    python benchmarks/soak.py training --steps 5000
    python benchmarks/soak.py prediction --model results/demo/model/demo.gofer --proteins 100000

Training: synthetic proteins (`training_size.py`), small sizes, an offline W&B run, one stage of many short epochs,
each validated. Prediction: random proteins of 60 residues in chunks, with every form of output. One thread.
MiB are those of the process, resident; the highest includes what the system may take back.
"""

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch  # noqa: F401 - before its threads are set
from speed import status

from gofer.workflow import logged_to

LINES = 12
LENGTH = 60


class Watch:
    """Notes memory and open files as the work proceeds."""

    def __init__(self, unit: str) -> None:
        self.unit, self.began, self.rows = unit, time.process_time(), []

    def note(self, done: int) -> None:
        """After so many units of work."""
        files, threads = len(os.listdir("/proc/self/fd")), int(status("Threads"))
        self.rows.append((done, time.process_time() - self.began, status("VmRSS") / 1024, files, threads))

    def print(self) -> None:
        """About `LINES` of the notes; and the growth from a quarter of the way to the end."""
        print(f"| {self.unit} | CPU s | MiB | open files | threads |\n|---:|---:|---:|---:|---:|")
        shown = sorted({round(place) for place in np.linspace(0, len(self.rows) - 1, LINES)})
        for done, seconds, mib, files, threads in (self.rows[place] for place in shown):
            print(f"| {done:,} | {seconds:,.0f} | {mib:,.0f} | {files} | {threads} |")
        quarter, last = self.rows[len(self.rows) // 4], self.rows[-1]
        print(f"\nfrom {quarter[0]:,} to {last[0]:,} {self.unit}: {last[2] - quarter[2]:+,.0f} MiB", flush=True)


def training(options: argparse.Namespace, folder: Path) -> None:
    """Epochs of 10 steps of 16 proteins over 400 proteins."""
    from training_size import labelled, written

    from gofer.config import read_config
    from gofer.mining.curriculum import curriculum_table
    from gofer.mining.faiss_index import TEXT, TermIndex
    from gofer.mining.miner import Miner
    from gofer.training.resume import ResumePoint
    from gofer.training.settings import StageConfig, TrainingConfig
    from gofer.training.stage import train_stage
    from gofer.training.stage_data import begin_model
    from gofer.training.tracking import Tracker
    from gofer.training.wandb_run import WandbRun

    class Watched(Tracker):
        def log_cost(self, epoch: int, step: int, cost) -> None:  # once an epoch
            super().log_cost(epoch, step, cost)
            watch.note(step)

    config = read_config(Path(__file__).parents[1] / "config/defaults.yaml")
    training = {**config["training"], "device": "cpu", "batch_proteins": 16, "epoch_proteins": 160}
    training |= {"shared_width": 64, "hidden_width": 64, "attention_width": 32, "patience": None}
    training["stages"]["A"]["epochs"] = options.steps // 10
    store, table = written(folder, 400, 200, 400)
    data = labelled(store, table, 500)
    model = begin_model(data, training, seed=1, previous=None)
    terms, stage = data.vocabulary, StageConfig.from_config(training, "A")
    miner = Miner(TermIndex.of_vectors(terms.go_ids, terms.text_TG, space=TEXT), terms.go_ids, terms.text_TG)
    plan = curriculum_table(stage.curriculum, "A", options.steps)
    names = {"mode": "offline", "folder": folder, "name": "soak", "settings": {}, "about": {}}
    wandb = WandbRun.begin("A", **names, plan=plan, epochs_before=0, epoch_steps=10)
    watch, shared = Watch("steps"), TrainingConfig.from_config(training, config["mining"], 1)
    with ResumePoint(folder / "resume", {}, minutes=0.2) as resume:
        train_stage(model, data, miner, stage, shared, Watched("A", wandb), resume)
    wandb.finish()
    watch.print()


def prediction(options: argparse.Namespace, folder: Path) -> None:
    """Random short proteins, until there are enough or the CPU minutes are spent."""
    from gofer.retrieval import query_file
    from gofer.retrieval.prediction_run import PredictionRun
    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.query_file import QueryFile
    from gofer.retrieval.trained_model import TrainedModel

    class EnoughError(Exception):
        """The minutes are spent."""

    generator, letters = np.random.default_rng(0), np.array(list("LAGVSERTIDPKQNFYMHWC"))
    with (folder / "query.fasta").open("w") as file:
        for number in range(options.proteins):
            file.write(f">S{number:06d}\n{''.join(letters[generator.integers(0, 20, LENGTH)])}\n")
    query_file.MOST_PROTEINS = options.chunk
    watch, done = Watch("proteins"), [0]
    run = PredictionRun(
        Predictor(TrainedModel(options.model), device="cpu"), QueryFile.read(folder / "query.fasta"), folder / "out"
    )

    def count(proteins: int) -> None:
        done[0] += proteins
        watch.note(done[0])
        if time.process_time() - watch.began > 60 * options.minutes:
            raise EnoughError

    try:
        run.predict(count, threads=1)
        run.finish()
        gc.collect()
        watch.note(done[0])
    except EnoughError:
        print(f"stopped after {options.minutes:g} CPU minutes; the forms of output were not written\n")
    watch.print()


WORK: dict[str, Callable[[argparse.Namespace, Path], None]] = {"training": training, "prediction": prediction}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WORK)
    parser.add_argument("--steps", type=int, default=5000, help="of training")
    parser.add_argument("--model", type=Path, help="model file of the prediction")
    parser.add_argument("--proteins", type=int, default=100_000, help="to predict")
    parser.add_argument("--chunk", type=int, default=64, help="proteins of a chunk")
    parser.add_argument("--minutes", type=float, default=20, help="CPU minutes after which the prediction stops")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, logged_to(Path(name) / "log", threads=1):  # as a rule's script
        WORK[options.what](options, Path(name))
