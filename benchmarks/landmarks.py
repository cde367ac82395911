"""How the landmarks of the label model should be chosen: by chance, or spread over the training proteins.

    python benchmarks/landmarks.py results/swissprot_2014 --train 8000 --val 1500

Kernel ridge regression of a finished run's training proteins, a part drawn by a seed, with some of them as landmarks.
Fmax on validation proteins, with all their terms that the drawn proteins have. Ways: by chance; k-means++ (each next
one far from those before, in the space of what the kernel reads of vectors, residues and composition); one protein of
each of the largest clusters by sequence identity; the proteins with most labels. The last row has every protein.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from kinds_of_evidence import Run
from sklearn.cluster import kmeans_plusplus

from gofer.artefacts import read_batches, read_table
from gofer.inputs.label_matrix import label_matrices
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.metrics.fmax import fmax
from gofer.names import ASPECTS
from gofer.retrieval.features.sequence_features import SequenceReader
from gofer.retrieval.features.standardise import Scale
from gofer.retrieval.kernel_ridge import KernelRidge, KernelWeights, ProteinFeatures
from gofer.retrieval.protein_vectors import ProteinVectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> of a finished run")
    parser.add_argument("--train", type=int, default=8000)
    parser.add_argument("--val", type=int, default=1500)
    parser.add_argument("--landmarks", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    run = Run.read(options.run, "val", 1)
    vectors = ProteinVectors.read(options.run / "retrieval/protein_vectors.parquet")
    generator = np.random.default_rng(1)
    train, val = (
        drawn(vectors.of_splits(split), most, generator)
        for split, most in zip(("train", "val"), (options.train, options.val), strict=True)
    )
    pairs = read_batches(options.run / "inputs/annotations.parquet", ["protein_id", "go_id"])
    labels_NS, truth_BS = label_matrices(pairs, [train.protein_ids, val.protein_ids], run.terms["go_id"].tolist())
    kept = np.flatnonzero(labels_NS.sum(axis=0) > 0)
    labels_NT, truth_BT, terms = (
        labels_NS[:, kept],
        truth_BS[:, kept].toarray(),
        run.terms.iloc[kept].reset_index(drop=True),
    )
    sequences = [[run.sequence_of[protein_id] for protein_id in part.protein_ids] for part in (train, val)]
    reader, residues = SequenceReader.of_training(sequences[0]), Scale.of_training(train.summaries_NS)
    known, new = (
        ProteinFeatures(part.vectors_ND, residues(part.summaries_NS), reader.read(texts))
        for part, texts in zip((train, val), sequences, strict=True)
    )
    graph, aspects = GoGraph.of_terms(terms, TRUE_PATH, within_aspect=True), terms["aspect"].to_numpy(str)
    clusters = read_table(options.run / "inputs/splits.parquet", ["protein_id", "cluster"])
    cluster_N = clusters.set_index("protein_id")["cluster"].reindex(train.protein_ids).to_numpy()
    print(f"{len(known)} training and {len(new)} validation proteins, {len(terms)} terms")
    print(
        "| landmarks | chosen | seed | seconds | "
        + " | ".join(ASPECTS)
        + " |\n|---:|---|---:|---:|"
        + "---:|" * len(ASPECTS)
    )
    for name, seed, rows in ways(known, cluster_N, labels_NT, options):
        start = time.process_time()
        weights = KernelWeights(landmarks=len(rows))
        scores_BT = hierarchy_consistent(
            KernelRidge.fit(known, labels_NT, aspects, weights, seed=0, rows_M=rows).predict(new), graph
        )
        figures = [
            fmax(*labelled(scores_BT[:, aspects == aspect], truth_BT[:, aspects == aspect])) for aspect in ASPECTS
        ]
        shown = " | ".join(f"{figure:.4f}" for figure in figures)
        print(f"| {len(rows)} | {name} | {seed} | {time.process_time() - start:.0f} | {shown} |", flush=True)


def drawn(vectors: ProteinVectors, most: int, generator: np.random.Generator) -> ProteinVectors:
    """Some of the proteins."""
    rows = np.sort(generator.permutation(len(vectors.protein_ids))[:most])
    ids = [vectors.protein_ids[row] for row in rows]
    return ProteinVectors(ids, vectors.splits[rows], vectors.vectors_ND[rows], vectors.summaries_NS[rows])


def labelled(scores_BT: np.ndarray, truth_BT: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The proteins that have a term of the aspect."""
    rows = truth_BT.any(axis=1)
    return scores_BT[rows], truth_BT[rows]


def ways(
    known: ProteinFeatures, cluster_N: np.ndarray, labels_NT: np.ndarray, options: argparse.Namespace
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Name of the way, seed, rows of the landmarks."""
    assert known.learned_ND is not None
    assert known.residues_NS is not None
    parts = known.learned_ND, known.residues_NS, known.sequence.composition_NC
    spread_NX = np.concatenate([part / np.linalg.norm(part - part.mean(0), axis=1).mean() for part in parts], axis=1)
    size_N = pd.Series(cluster_N).map(pd.Series(cluster_N).value_counts()).to_numpy()
    for most in options.landmarks:
        for seed in range(options.seeds):
            order = np.random.default_rng(seed).permutation(len(known))
            yield "by chance", seed, np.sort(order[:most])
            yield "k-means++", seed, np.sort(kmeans_plusplus(spread_NX, most, random_state=seed)[1])
            by_size = order[np.argsort(-size_N[order], kind="stable")]
            first = ~pd.Series(cluster_N[by_size]).duplicated().to_numpy()
            yield "largest clusters", seed, np.sort(by_size[first][:most])
            number_N = np.diff(labels_NT.indptr)
            yield "most labels", seed, np.sort(order[np.argsort(-number_N[order], kind="stable")][:most])
    yield "all", 0, np.arange(len(known))


if __name__ == "__main__":
    main()
