"""The quality of a checkpoint of `pretrain_esm`: held-out perplexity, and GO terms from its pooled residue vectors.

    python benchmarks/mini_esm.py perplexity mini --data DIR
    python benchmarks/mini_esm.py probe mini untrained_t6_d128_h4 --data DIR

DIR holds the files of config/swissprot.yaml and, for the perplexity, the FASTA of protein chains. The held-out proteins
are those of the training: the draw is that of the rule, with `--held-out` and `--seed` as in the model's config.

The probe: a protein's vector is the mean and the maximum of its residues' vectors, standardised; ridge regression onto
its propagated terms, its strength by leave-one-out error among the train proteins of the config's split; Fmax on the
val proteins per aspect, roots left out. Test proteins are not touched. Terms with fewer than 5 train proteins are
labels, but never predicted. Naive predicts every term at its frequency.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from gofer.config import read_config
from gofer.embeddings.packing import tight_batches
from gofer.embeddings.pretraining.crops import hold_out
from gofer.embeddings.pretraining.ngrams import NGrams
from gofer.embeddings.pretraining.pretrain import hidden_batches, perplexity
from gofer.embeddings.residues.esm import load_esm
from gofer.embeddings.residues.packed_esm import PackedESM
from gofer.inputs.annotations.annotation_tables import AnnotationRules, read_annotations
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import root_ids
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_names import ProteinNames
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.protein_splits import SplitConfig, make_splits
from gofer.metrics.fmax import fmax

CONFIG = Path(__file__).parents[1] / "config"
SEQUENCES = "sequences/nrPDB-GO_2019.06.18_test_sequences.fasta"
MOST = 1022
MIN_PROTEINS = 5
STRENGTHS = np.logspace(2, 6, 13)


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    config = read_config(CONFIG / "defaults.yaml", CONFIG / "swissprot.yaml")
    (show_perplexity if options.what == "perplexity" else show_probe)(options, config)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["perplexity", "probe"])
    parser.add_argument("models", nargs="+", help="as embeddings.residues.model")
    parser.add_argument("--data", type=Path, required=True, help="folder of the input files")
    parser.add_argument("--held-out", type=float, default=0.05, help="share, of the perplexity")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layers", type=int, nargs="*", help="of the probe; all by default")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    return parser.parse_args()


def show_perplexity(options: argparse.Namespace, config: dict) -> None:
    annotated = proteins_of(options.data, config)["sequence"]
    others = read_proteins([options.data / SEQUENCES])[0]["sequence"]
    sequences = list(dict.fromkeys([*annotated, *others]))
    identity = config["inputs"]["splits"]["identity"]
    train, held_out = hold_out(sequences, share=options.held_out, identity=identity, seed=options.seed)
    print(
        f"{len(train)} proteins, {sum(map(len, train))} residues; held out {len(held_out)}, {sum(map(len, held_out))}"
    )
    for order in (1, 2, 3):
        print(f"{order}-gram\t{NGrams(train, order=order).perplexity(held_out):.2f}")
    for name in options.models:
        model = load_esm(name).model
        print(f"{name}\t{perplexity(model, hidden_batches(held_out, model, seed=options.seed)):.2f}", flush=True)


def show_probe(options: argparse.Namespace, config: dict) -> None:
    train, val, train_BT, val_BT, aspects = labelled_split(options.data, config)
    print(f"{len(train)} train and {len(val)} val proteins, {len(aspects)} terms")
    print("model\tlayer\t" + "\t".join(sorted(aspects.unique())))
    frequency_BT = np.broadcast_to(train_BT.mean(axis=0), val_BT.shape)
    print("naive\t\t" + row_of(frequency_BT, val_BT, aspects), flush=True)
    for name in options.models:
        for layer in options.layers or range(load_esm(name).layers + 1):
            pooled = [pooled_vectors(name, layer, sequences) for sequences in (train, val)]
            scores_BT = ridge(pooled[0], train_BT, pooled[1])
            print(f"{name}\t{layer}\t" + row_of(scores_BT, val_BT, aspects), flush=True)


def labelled_split(data: Path, config: dict) -> tuple[list[str], list[str], np.ndarray, np.ndarray, pd.Series]:
    """Sequences of the train and the val proteins, their propagated terms without roots, and the terms' aspects."""
    proteins = proteins_of(data, config)
    ontology = read_ontology(data / config["ontology"])
    inputs, terms = config["inputs"], ontology.terms
    rules = AnnotationRules.from_config(inputs)
    names = ProteinNames.of_table(proteins)
    stated, _ = read_annotations([data / config["annotations"]], names, terms, ontology.obsolete, rules)
    annotations = propagate(stated, terms, rules.relations)
    below_roots = annotations[~annotations["go_id"].isin(root_ids(terms))]
    split_config = SplitConfig.from_config(inputs["splits"], config["seed"])
    splits, _ = make_splits(proteins, set(below_roots["protein_id"]), split_config)
    proteins["split"] = splits["split"].to_numpy()
    train, val = (proteins[proteins["split"] == split] for split in ("train", "val"))
    known = terms[terms["go_id"].isin(below_roots["go_id"])]
    labels = [label_matrix(below_roots, part["protein_id"].tolist(), known["go_id"].tolist()) for part in (train, val)]
    train_BT, val_BT = (part_BT.toarray().astype(bool) for part_BT in labels)
    return train["sequence"].tolist(), val["sequence"].tolist(), train_BT, val_BT, known["aspect"]


def proteins_of(data: Path, config: dict) -> pd.DataFrame:
    """The proteins that the config keeps."""
    return read_proteins([data / config["proteins"]], keep_ids=data / config["inputs"]["keep_ids"])[0]


def pooled_vectors(name: str, layer: int, sequences: list[str]) -> np.ndarray:
    """Mean and maximum over the residues, (B, 2 E); of proteins longer than the model takes, the beginning."""
    return np.stack([vector for _, vector in sorted(pooled_pairs(name, layer, sequences), key=lambda pair: pair[0])])


def pooled_pairs(name: str, layer: int, sequences: list[str]) -> Iterator[tuple[int, np.ndarray]]:
    loaded = load_esm(name)
    forward = PackedESM(loaded.model, loaded.alphabet, layer)
    short = [sequence[:MOST] for sequence in sequences]
    for batch in tight_batches([len(sequence) for sequence in short], most=4096):
        for position, vectors_LE in zip(batch, forward([short[i] for i in batch]), strict=True):
            yield position, np.concatenate([vectors_LE.mean(0), vectors_LE.max(0)])


def ridge(train_BE: np.ndarray, train_BT: np.ndarray, val_BE: np.ndarray) -> np.ndarray:
    """Scores in [0, 1] of the val proteins, (B, T)."""
    scaler = StandardScaler().fit(train_BE)
    often_T = train_BT.sum(axis=0) >= MIN_PROTEINS
    model = RidgeCV(STRENGTHS).fit(scaler.transform(train_BE), train_BT[:, often_T].astype(np.float64))
    scores_BT = np.zeros((len(val_BE), train_BT.shape[1]))
    scores_BT[:, often_T] = np.clip(model.predict(scaler.transform(val_BE)), 0, 1)
    return scores_BT


def row_of(scores_BT: np.ndarray, labels_BT: np.ndarray, aspects: pd.Series) -> str:
    columns = [(aspects == aspect).to_numpy() for aspect in sorted(aspects.unique())]
    return "\t".join(f"{fmax(scores_BT[:, in_aspect_T], labels_BT[:, in_aspect_T]):.3f}" for in_aspect_T in columns)


if __name__ == "__main__":
    main()
