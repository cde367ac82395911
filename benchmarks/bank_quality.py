"""What an added bank is worth: `gofer predict` for validation proteins of a run, with the bank and without it.

    python benchmarks/bank_quality.py results/swissprot_2014 FOLDER --leave-out keep_out_ids.txt [--proteins 300]

Makes the bank with `gofer bank add --from swissprot-2014` in a cache folder of its own, FOLDER/cache; the proteins that
are asked for are left out of it, with all that have their sequence. Downloads can be put there before. Prints Fmax by
aspect over the terms seen in training, of those with a label; proteins are drawn evenly from the sorted ids. What was
finished in FOLDER is not made again.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from gofer.artefacts import read_table
from gofer.metrics.fmax import fmax
from gofer.names import ASPECTS, SHIPPED_MODEL
from gofer.retrieval.trained_model import TrainedModel
from gofer.training.dataset import truth_matrix

GOFER = [sys.executable, "-c", "from gofer.cli.main import app; app()"]


def gofer(cache, *arguments):
    subprocess.run([*GOFER, *map(str, arguments)], check=True, env={**os.environ, "XDG_CACHE_HOME": str(cache)})


def asked_proteins(run, number):
    splits = read_table(run / "inputs/splits.parquet", ["protein_id", "split"], where={"split": ["val"]})
    ids = sorted(splits["protein_id"])
    chosen = ids[:: max(len(ids) // number, 1)][:number]
    return read_table(run / "inputs/proteins.parquet", ["protein_id", "sequence"], where={"protein_id": chosen})


def predict(run, folder, model, leave_out, number):
    asked = asked_proteins(run, number)
    query, left_out = folder / "query.fasta", folder / "left_out.txt"
    query.write_text("".join(f">{row.protein_id}\n{row.sequence}\n" for row in asked.itertuples()))
    left_out.write_text("\n".join([*leave_out.read_text().split(), *asked["protein_id"]]) + "\n")
    with_bank, without = folder / "cache", folder / "no-cache"
    if not list(with_bank.rglob("*.bank")):
        gofer(with_bank, "bank", "add", "--from", "swissprot-2014", "-m", model, "--leave-out", left_out)
    for name, cache in (("with", with_bank), ("without", without)):
        gofer(cache, "predict", query, "-m", model, "-o", folder / name, "--forms", "parquet")
    return asked["protein_id"].tolist()


def judge(run, folder, model, ids):
    terms = TrainedModel(model).terms
    terms = terms[(terms["training_count"] > 0) & (terms["depth"] > 0)]
    go_ids, aspect_T = terms["go_id"].tolist(), terms["aspect"].to_numpy(str)
    truth_BT = truth_matrix(
        read_table(run / "inputs/pid2pos.parquet", where={"protein_id": ids}), ids, go_ids
    ).toarray()
    print("| aspect | proteins | with the bank | without |\n|---|---|---|---|")
    for aspect in ASPECTS:
        columns = np.flatnonzero(aspect_T == aspect)
        labelled = truth_BT[:, columns].any(axis=1)
        found = [fmax(scores(folder / name, ids, go_ids)[labelled][:, columns], truth_BT[labelled][:, columns])
                 for name in ("with", "without")]  # fmt: skip
        print(f"| {aspect} | {labelled.sum()} | {found[0]:.3f} | {found[1]:.3f} |")


def scores(folder, ids, go_ids):
    table = read_table(folder / "predictions.parquet", ["protein_id", "go_id", "score"])
    table = table[table["go_id"].isin(set(go_ids))]
    row = {protein_id: place for place, protein_id in enumerate(ids)}
    column = {go_id: place for place, go_id in enumerate(go_ids)}
    scores_BT = np.zeros((len(ids), len(go_ids)))
    scores_BT[table["protein_id"].map(row), table["go_id"].map(column)] = table["score"]
    return scores_BT


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the run that trained the model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--leave-out", type=Path, required=True, help="ids of proteins that must be in no bank")
    parser.add_argument("--proteins", type=int, default=300)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    drawn = predict(options.run, options.folder, options.model, options.leave_out, options.proteins)
    judge(options.run, options.folder, options.model, drawn)
