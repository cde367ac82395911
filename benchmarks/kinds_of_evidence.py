"""Figures of a finished run by texts, by labels of similar and of aligned proteins, and by all of them.

    python benchmarks/kinds_of_evidence.py results/swissprot --split val

Fmax, weighted Fmax and Smin over the terms seen in training, roots left out, of all proteins and of those below 50 and
30 % identity to training. On the validation proteins shares, factors and curves were fitted (`--refit` fits them on one
half for the other, on top of what the run's files hold); `--split test` has the proteins that nothing was fitted on.
Without a trained model (`--hits-only`), only what DIAMOND's hits say.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gofer.artefacts import read_batches, read_table
from gofer.inputs.held_out import read_annotations_of
from gofer.inputs.label_matrix import label_matrices, label_matrix
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.known_hits import distinct, hits_of_all, read_hits
from gofer.inputs.proteins.local_alignment import own_bits
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.metrics.fmax import Counts, count_arrays, fmax_of, smin_of
from gofer.names import ASPECTS, LABELLED
from gofer.retrieval.annotation_transfer import transferred
from gofer.retrieval.protein_vectors import Described, ProteinVectors
from gofer.retrieval.scorer import Scorer

POWERS = (1, 2, 4, 6, 8, 12)
BELOW = (1.01, 0.5, 0.3)  # identity to the nearest training protein

Way = tuple[str, NDArray]


@dataclass(frozen=True, eq=False)
class Run:
    """What the ways of scoring share: the proteins of a split, B, and the terms seen in training, S."""

    folder: Path
    splits: pd.DataFrame
    sequence_of: dict[str, str]
    ids: list[str]
    terms: pd.DataFrame
    truth_BS: NDArray[np.bool_]

    @classmethod
    def read(cls, folder: Path, split: str, every: int) -> "Run":
        """From the tables of inputs."""
        splits = read_table(folder / "inputs/splits.parquet", ["protein_id", "split", "nearest_identity"])
        table = read_table(folder / "inputs/terms.parquet")
        terms = table[seen_in_training(table)].reset_index(drop=True)
        ids = sorted(splits.loc[splits["split"] == split, "protein_id"])[::every]
        labels = read_annotations_of(folder / "inputs/annotations.parquet", splits, split)
        truth_BS = label_matrix(labels, ids, terms["go_id"]).toarray()
        return cls(folder, splits, read_sequences(folder / "inputs/proteins.parquet"), ids, terms, truth_BS)

    @property
    def identity_B(self) -> NDArray[np.float64]:
        """To the nearest training protein, 0 if none is similar."""
        return self.splits.set_index("protein_id")["nearest_identity"].reindex(self.ids).fillna(0).to_numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> of a finished run")
    parser.add_argument("--split", choices=["val", "test"], default="val")
    parser.add_argument("--hits", type=Path, help="instead of inputs/known_hits.parquet of the run")
    parser.add_argument("--hits-only", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="only every n-th protein")
    parser.add_argument("--refit", action="store_true")
    options = parser.parse_args()
    run, hits = (
        Run.read(options.run, options.split, options.every),
        read_hits(options.hits or options.run / "inputs/known_hits.parquet"),
    )
    print(f"{options.split}: {len(run.ids)} proteins, {len(run.terms)} terms; Fmax / weighted Fmax / Smin")
    print(f"{'':32s}{'identity':>9s}" + "".join(f"{aspect:>24s}" for aspect in ASPECTS))
    for name, scores_BS in ways(run, hits, options):
        found = {aspect: counted(scores_BS, run, aspect) for aspect in ASPECTS}
        for below in BELOW:
            shown = "any" if below > 1 else f"< {below:.0%}"
            texts = "".join(f"{figures(*found[aspect], below):>24s}" for aspect in ASPECTS)
            print(f"{name:32s}{shown:>9s}{texts}", flush=True)


def ways(run: Run, hits: pd.DataFrame, options: argparse.Namespace) -> Iterator[Way]:
    """Each way of scoring, one after the other: their arrays would not fit together."""
    yield from votes(run, hits)
    if options.hits_only:
        return
    files = {
        "checkpoint": run.folder / "training/stage-D/model.safetensors",
        "terms": run.folder / "inputs/terms.parquet",
        "texts": run.folder / "embeddings/go/phase-D.parquet",
        "label_model": run.folder / "retrieval/label_model-train.safetensors",
        "calibration": run.folder / "retrieval/calibration.json",
    }
    scorer = Scorer.read(files, TRUE_PATH)
    label_model = scorer.label_model.with_hits(hits, run.sequence_of)
    vectors = ProteinVectors.read(run.folder / "retrieval/protein_vectors.parquet").of_splits(options.split)
    order = pd.Index(vectors.protein_ids).get_indexer(run.ids)
    described = vectors.described(run.sequence_of)
    described = Described(
        described.vectors_BD[order], described.summaries_BS[order], [described.sequences[row] for row in order]
    )
    place = pd.Index(label_model.go_ids).get_indexer(run.terms["go_id"])
    graph = GoGraph.of_terms(run.terms, TRUE_PATH, within_aspect=True)
    text_BS = scorer.space.text_scores(described.vectors_BD, scorer.calibration)[:, scorer.seen][:, place]
    yield "texts", hierarchy_consistent(text_BS, graph)
    expected = label_model.predict(described)
    yield "labels of similar proteins", hierarchy_consistent(expected.regressed_BT[:, place], graph)
    if not options.refit:
        return
    truth_BT = np.zeros((len(run.ids), len(scorer.space.terms)), bool)
    truth_BT[:, scorer.seen[place]] = run.truth_BS
    scores_BS = np.zeros(run.truth_BS.shape, np.float32)
    halves = [np.arange(first, len(run.ids), 2) for first in (0, 1)]
    for these, others in (halves, halves[::-1]):
        fitted = Scorer.fit(scorer.space, label_model, some(described, others), truth_BT[others], TRUE_PATH)
        for aspect, found in sorted(fitted.ensemble.aspects.items()):
            print(f"  {aspect}: share {found.share:g}, trust {found.trust:g}, {len(found.factors)} factors")
        for start in range(0, len(these), 256):
            block = these[start : start + 256]
            scores_BS[block] = fitted.scores(some(described, block))[:, scorer.seen[place]]
    yield "all, fitted on the other half", scores_BS


def some(proteins: Described, rows: NDArray[np.int64]) -> Described:
    sequences = [proteins.sequences[row] for row in rows]
    return Described(proteins.vectors_BD[rows], proteins.summaries_BS[rows], sequences)


def votes(run: Run, hits: pd.DataFrame) -> Iterator[Way]:
    """Labels of DIAMOND's hits, weighted by bit score and by powers of similarity, within each aspect."""
    splits = run.splits[["protein_id", "split"]].assign(sequence=run.splits["protein_id"].map(run.sequence_of))
    known = distinct(splits, LABELLED)  # one protein of each sequence
    queries = pd.DataFrame({"protein_id": run.ids, "sequence": [run.sequence_of[name] for name in run.ids]})
    found = hits_of_all(hits, queries, known)
    hit = np.unique(found["target"])
    pairs = read_batches(run.folder / "inputs/annotations.parquet", ["protein_id", "go_id"])
    [labels_QS] = label_matrices(pairs, [known["protein_id"].iloc[hit].tolist()], run.terms["go_id"].tolist())
    row_H, place_H = found["query"].to_numpy(), np.searchsorted(hit, found["target"])
    own_Q = np.array([own_bits(sequence) for sequence in known["sequence"].iloc[hit]])
    own_B = np.array([own_bits(sequence) for sequence in queries["sequence"]])
    bits_H = found["bitscore"].to_numpy()
    similarity_H = np.minimum(bits_H / np.sqrt(own_B[row_H] * own_Q[place_H]), 1)
    aspect_S = run.terms["aspect"].to_numpy(str)
    weights = {"bit scores": bits_H, **{f"similarity^{power}": similarity_H**power for power in POWERS}}
    for name, weight_H in weights.items():
        table_BQ = sp.csr_array((weight_H.astype(np.float32), (row_H, place_H)), shape=(len(run.ids), len(hit)))
        scores_BS = np.zeros(run.truth_BS.shape, np.float32)
        for aspect in ASPECTS:
            columns = np.flatnonzero(aspect_S == aspect)
            scores_BS[:, columns] = transferred(table_BQ, labels_QS[:, columns].astype(np.float32))
        yield f"labels of hits, {name}", scores_BS  # consistent with the hierarchy, as the labels are


def counted(scores_BS: NDArray, run: Run, aspect: str) -> tuple[Counts, Counts, NDArray[np.float64]]:
    """Of labelled proteins: counts of one aspect's terms, plain and by information accretion, and identities."""
    own_S = (run.terms["aspect"] == aspect).to_numpy()
    labelled_B = run.truth_BS[:, own_S].any(axis=1)
    scores, truth = scores_BS[np.ix_(labelled_B, own_S)], run.truth_BS[np.ix_(labelled_B, own_S)]
    accretion_S = run.terms["information_accretion"].to_numpy(float)[own_S]
    return count_arrays(scores, truth), count_arrays(scores, truth, accretion_S), run.identity_B[labelled_B]


def figures(plain: Counts, weighted: Counts, identity_B: NDArray[np.float64], below: float) -> str:
    """Fmax, weighted Fmax and Smin of the proteins below an identity."""
    draw_1B = (identity_B < below)[None].astype(float)
    return " / ".join(
        [
            f"{fmax_of(plain, draw_1B)[0]:.3f}",
            f"{fmax_of(weighted, draw_1B)[0]:.3f}",
            f"{smin_of(weighted, draw_1B)[0]:.2f}",
        ]
    )


if __name__ == "__main__":
    main()
