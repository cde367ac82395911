"""Models for proteins of other species than those that they were calibrated on, with known proteins and without.

    python benchmarks/other_species.py FOLDER --models a.gofer b.gofer --fasta swissprot_2020.fasta
        --annotations swissprot_2020_annotations.tsv --ids ids.txt --leave-out keep_out_ids.txt

The proteins that are asked for, all with their sequence, and those to leave out are in no bank. `--ids` must name no
protein that one of the models was trained on. Prints, by aspect, Fmax and weighted Fmax over the terms that the first
model saw in training, and the difference of each further model from the first, with its paired 95 % interval. What was
finished in FOLDER is not made again.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from bank_quality import gofer, scores

from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.metrics.fmax import count_arrays, fmax_of
from gofer.names import ASPECTS
from gofer.retrieval.trained_model import TrainedModel


def predicted(folder, model, query, leave_out):
    """Folders of predictions with the bank and without it."""
    with_bank, without = folder / "cache", folder / "no-cache"
    if not list(with_bank.rglob("*.bank")):
        gofer(with_bank, "bank", "add", "--from", "swissprot-2014", "-m", model, "--leave-out", leave_out)
    for name, cache in (("with", with_bank), ("without", without)):
        if not (folder / name / "predictions.parquet").exists():
            gofer(cache, "predict", query, "-m", model, "-o", folder / name, "--forms", "parquet")
    return {name: folder / name for name in ("with", "without")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True, help="TSV with the columns protein and go_id")
    parser.add_argument("--ids", type=Path, required=True, help="the proteins that are asked for")
    parser.add_argument("--leave-out", type=Path, required=True, help="ids that must be in no bank")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    proteins, _ = read_proteins([options.fasta])
    proteins = proteins[proteins["protein_id"].isin(options.ids.read_text().split())]
    ids = proteins["protein_id"].tolist()
    query, left_out = options.folder / "query.fasta", options.folder / "left_out.txt"
    query.write_text("".join(f">{row.protein_id}\n{row.sequence}\n" for row in proteins.itertuples()))
    left_out.write_text("\n".join([*options.leave_out.read_text().split(), *ids]) + "\n")
    folders = [
        predicted(options.folder / str(number), model, query, left_out) for number, model in enumerate(options.models)
    ]
    terms = TrainedModel(options.models[0]).terms
    stated = pd.read_csv(options.annotations, sep="\t")
    stated = stated[stated["protein"].isin(ids) & stated["go_id"].isin(terms["go_id"])]
    truth_BT = np.zeros((len(ids), len(terms)), bool)
    truth_BT[pd.Index(ids).get_indexer(stated["protein"]), pd.Index(terms["go_id"]).get_indexer(stated["go_id"])] = True
    truth_BT = hierarchy_consistent(truth_BT, GoGraph.of_terms(terms, TRUE_PATH, within_aspect=True))
    print("| aspect | bank | proteins | model | Fmax | weighted Fmax |\n|---|---|---:|---|---|---|")
    for aspect in ASPECTS:
        chosen = (terms["aspect"] == aspect) & (terms["training_count"] > 0) & (terms["depth"] > 0)
        columns = np.flatnonzero(chosen)
        rows = np.flatnonzero(truth_BT[:, columns].any(axis=1))
        go_ids, draws = terms["go_id"].iloc[columns].tolist(), Bootstrap().draws(len(rows))
        for name in ("with", "without"):
            first = None
            for model, folder in zip(options.models, folders, strict=True):
                found = scores(folder[name], ids, go_ids)[rows]
                weights = None, terms["information_accretion"].to_numpy(float)[columns]
                values = [
                    fmax_of(count_arrays(found, truth_BT[np.ix_(rows, columns)], each), draws) for each in weights
                ]
                texts = [f"{value[0]:.3f}" for value in values]
                if first is not None:
                    gains = [interval(value - before, UNBOUNDED) for value, before in zip(values, first, strict=True)]
                    texts = [
                        f"{text}, {gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]"
                        for text, gain in zip(texts, gains, strict=True)
                    ]
                first = values if first is None else first
                print(f"| {aspect} | {name} | {len(rows)} | {model.stem} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
