"""What a step of training costs on many proteins: time, the share of it spent reading, and memory.

    python benchmarks/training_size.py --proteins 25000 100000 --steps 12

Made-up proteins with the lengths and the numbers of labels of Swiss-Prot, residues of width 128, a vocabulary of
`--terms` terms; each size in a process of its own, on one thread, with the settings of config/defaults.yaml. An epoch
is `--steps` batches (`training.epoch_proteins`). The residues of all proteins are those of `--distinct` different ones,
so that the files stay small; with `--cold` their pages are dropped from the system's cache before each read, so that
every read comes from the disk. Memory is the highest resident size of the process.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gofer.artefacts import Manifest
from gofer.config import read_config
from gofer.embeddings.residues.residue_form import ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.residues.shards import EmbeddedSequence, collect_shards, plan_shards, write_index, write_shard
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.mining.faiss_index import TEXT, TermIndex
from gofer.mining.miner import Miner
from gofer.mining.vocabulary import Vocabulary
from gofer.training.settings import StageConfig, TrainingConfig
from gofer.training.stage import train_stage
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.tracking import Tracker

LABELS, WIDTH, TEXT_WIDTH = 40, 128, 384
VALIDATION = 64


class TimedStore(ESMResidueStore):
    """Adds up the time of reads; `cold` drops the pages of the file first."""

    seconds, bytes, cold = 0.0, 0, False

    def blob(self, sha256: str) -> bytes:
        """As the store, timed."""
        if self.cold:
            with open(self.path_of(sha256), "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        began = time.perf_counter()
        blob = super().blob(sha256)
        self.seconds += time.perf_counter() - began
        self.bytes += len(blob)
        return blob


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proteins", type=int, nargs="+", default=[25_000, 100_000])
    parser.add_argument("--terms", type=int, default=5_000)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--distinct", type=int, default=1_000)
    parser.add_argument("--longest", type=int, default=2_000, help="residues of one of the distinct proteins")
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    print("| proteins | s a step | reading, ms a step | share | labels, s | after the labels, MiB | peak, MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for proteins in options.proteins:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(proteins, options))
        process.start()
        process.join()


def measure(proteins: int, options: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    config = read_config(Path(__file__).parents[1] / "config/defaults.yaml")
    training = {**config["training"], "wandb": "disabled", "device": "cpu"}
    training["epoch_proteins"] = options.steps * training["batch_proteins"]
    training["stages"]["A"]["epochs"] = 1
    with tempfile.TemporaryDirectory() as name:
        store, table = written(Path(name), proteins, options.distinct, options.longest)
        began = time.perf_counter()
        data = labelled(store, table, options.terms)
        labels = time.perf_counter() - began
        before = peak()
        model = begin_model(data, training, seed=1, previous=None)
        terms = data.vocabulary
        miner = Miner(TermIndex.of_vectors(terms.go_ids, terms.text_TG, space=TEXT), terms.go_ids, terms.text_TG)
        tracker = Tracker("A")
        shared = TrainingConfig.from_config(training, config["mining"], 1)
        store.cold, store.seconds = options.cold, 0.0
        train_stage(model, data, miner, StageConfig.from_config(training, "A"), shared, tracker)
        costs = tracker.costs().set_index("metric")["value"]
    steps = options.steps + VALIDATION / training["batch_proteins"] * 2
    reading, step = store.seconds / steps, costs["seconds_per_step"]
    figures = f"{step:.2f} | {reading * 1e3:.1f} | {reading / step:.1%} | {labels:.0f} | {before:,.0f} | {peak():,.0f}"
    print(f"| {proteins:,} | {figures} |", flush=True)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def written(folder: Path, proteins: int, distinct: int, longest: int) -> tuple[TimedStore, pd.DataFrame]:
    """A store in which `proteins` sequences share the places of `distinct` ones; their ids and hashes."""
    generator = np.random.default_rng(1)
    lengths = np.clip(generator.lognormal(5.7, 0.6, distinct).astype(int), 30, 2000)
    lengths[-1] = longest
    shas = [f"{number:064x}" for number in range(proteins)]
    planned = pd.DataFrame({"sequence_sha256": shas[:distinct], "length": lengths})
    rows = (
        EmbeddedSequence(sha, sha, length, generator.standard_normal((length, WIDTH), np.float32))
        for sha, length in zip(shas[:distinct], lengths.tolist(), strict=True)
    )
    path, manifest = folder / "shard-00000.parquet", Manifest({"residue_encoder": "random"})
    write_shard(path, rows, planned, form=ResidueForm(WIDTH), manifest=manifest)
    index, manifest = collect_shards([path], plan_shards(planned, 1))
    index = index.sort_values("sequence_sha256", ignore_index=True)
    many = index.iloc[np.arange(proteins) % distinct].assign(sequence_sha256=shas)
    write_index(folder / "manifest.parquet", many, manifest)
    return TimedStore(folder / "manifest.parquet"), pd.DataFrame({"protein_id": shas, "sequence_sha256": shas})


def labelled(store: TimedStore, proteins: pd.DataFrame, many: int) -> StageData:
    """Labels drawn by a power law, below a root each third of the terms."""
    generator = np.random.default_rng(2)
    go_ids = [f"GO:{number:07d}" for number in range(many)]
    weight_T = 1 / (np.arange(many) + 10.0)
    drawn_NL = generator.choice(many, (len(proteins), LABELS), p=weight_T / weight_T.sum())
    lists = [np.asarray(go_ids, object)[np.unique(drawn_L)] for drawn_L in drawn_NL]
    hops = [np.zeros(len(one), np.int32) for one in lists]
    split = np.where(np.arange(len(proteins)) < VALIDATION, "val", "train")
    pid2pos = pd.DataFrame(
        {"protein_id": proteins["protein_id"], "split": split, "go_ids": lists, "hops": hops, "true_ids": lists}
    )
    counts = np.bincount(np.concatenate([np.unique(drawn_L) for drawn_L in drawn_NL]), minlength=many)
    terms = pd.DataFrame(
        {
            "go_id": go_ids, "aspect": np.array(["BPO", "CCO", "MFO"])[np.arange(many) % 3],
            "is_a": [[go_ids[3 * (number // 12) + number % 3]] if number >= 3 else [] for number in range(many)],
            "part_of": [[]] * many, "depth": np.log(np.arange(many) / 3 + 1).astype(int),
            "training_count": counts,
        }
    )  # fmt: skip
    sets = pd.DataFrame({"go_id": go_ids, "term_set": "common"})
    texts_TG = generator.standard_normal((many, TEXT_WIDTH)).astype(np.float32)
    texts_TG /= np.linalg.norm(texts_TG, axis=1, keepdims=True)
    vocabulary = Vocabulary.of_tables(terms, sets, GoLookupCache(go_ids, texts_TG), relations=["is_a", "part_of"])
    train, val = (
        LabelledProteins.of_split(store, proteins, pid2pos, split, vocabulary.go_ids) for split in ("train", "val")
    )
    return StageData(train, val, vocabulary)


if __name__ == "__main__":
    main()
