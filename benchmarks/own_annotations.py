"""gofer with and without what older annotations state of a protein, on the validation proteins of a run.

    python benchmarks/own_annotations.py results/swissprot_2014

Needs a run with judged_annotations and its evaluation/predictions/gofer.tsv. In five folds of whole clusters of the
validation proteins, the trust in statements is fitted on the other folds; test proteins are not read. The scores
without statements are those of the run, whose calibration saw the same proteins: that favours them slightly. A run with
retrieval.own_annotations knows each statement by itself; there it is measured what all of them together add.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from gofer.artefacts import read_json, read_manifest, read_table
from gofer.inputs.held_out import read_annotations_of
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent, is_root
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.metrics.bootstrap import Bootstrap, interval
from gofer.metrics.fmax import count_arrays, fmax_of, smin_of
from gofer.names import ASPECTS
from gofer.retrieval.co_annotation import CoAnnotation
from gofer.retrieval.own_evidence import OwnEvidence
from gofer.retrieval.stated_terms import StatedTerms

COLUMNS = ["protein_id", "go_id", "score"]
METRICS = ("Fmax", "weighted Fmax", "Smin")
FOLDS = 5


class Fold(NamedTuple):
    """Some proteins: scores, what is true, what is stated."""

    scores_BT: NDArray[np.float32]
    truth_BT: NDArray[np.bool_]
    stated: StatedTerms


def figures(scores_BC: NDArray, truth_BC: NDArray[np.bool_], accretion_C: NDArray) -> dict[str, NDArray]:
    """Each metric in each resample of the labelled proteins."""
    draws_NB = Bootstrap().draws(int(truth_BC.any(axis=1).sum()))
    plain, weighted = count_arrays(scores_BC, truth_BC), count_arrays(scores_BC, truth_BC, accretion_C)
    values = fmax_of(plain, draws_NB), fmax_of(weighted, draws_NB), smin_of(weighted, draws_NB)
    return dict(zip(METRICS, values, strict=True))


def read_scores(path: Path, ids: list[str], go_ids: pd.Series) -> NDArray[np.float32]:
    """Scores of some proteins and terms, some lines at a time."""
    parts = pd.read_csv(path, sep="\t", names=COLUMNS, chunksize=1_000_000)
    return sum(label_matrix(part, ids, go_ids, part["score"].to_numpy(np.float32)) for part in parts).toarray()


def measured(folder: Path, *, is_used: bool) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Aspect, proteins, metric, without, with, and the difference with its interval.

    Args:
        folder: Of the run.
        is_used: Whether its scores know each statement by itself already.
    """
    splits = read_table(folder / "inputs/splits.parquet", ["protein_id", "split", "cluster"])
    splits = splits[splits["split"] == "val"].sort_values("protein_id")
    ids, cluster_B = splits["protein_id"].tolist(), splits["cluster"].to_numpy()
    terms = read_table(folder / "inputs/terms.parquet")
    kept = terms[seen_in_training(terms) & ~is_root(terms)].reset_index(drop=True)
    labels = read_annotations_of(folder / "inputs/annotations.parquet", splits, "val")
    stated = StatedTerms.read(folder / "inputs/own_annotations.parquet", terms, TRUE_PATH).of_proteins(ids)
    stated = stated.columns(pd.Index(terms["go_id"]).get_indexer(kept["go_id"]))
    scores_BT = read_scores(folder / "evaluation/predictions/gofer.tsv", ids, kept["go_id"])
    truth_BT = label_matrix(labels, ids, kept["go_id"]).toarray()
    after_BT = scores_BT.copy()
    with_statements = together if is_used else each_and_together
    for split in GroupKFold(FOLDS).split(ids, groups=cluster_B):
        others, these = (
            Fold(scores_BT[rows], truth_BT[rows], stated.of_proteins([ids[row] for row in rows])) for rows in split
        )
        after_BT[split[1]] = with_statements(kept, others, these)
    after_BT = hierarchy_consistent(after_BT, GoGraph.of_terms(kept, TRUE_PATH, within_aspect=True))
    for aspect in ASPECTS:
        some = np.flatnonzero(kept["aspect"] == aspect)
        accretion_C, proteins = kept["information_accretion"].to_numpy(float)[some], truth_BT[:, some].any(axis=1).sum()
        before, after = (figures(values[:, some], truth_BT[:, some], accretion_C) for values in (scores_BT, after_BT))
        for metric in METRICS:
            found = interval(after[metric] - before[metric], (-np.inf, np.inf))
            change = f"{found['value']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
            yield aspect, f"{proteins:,}", metric, f"{before[metric][0]:.3f}", f"{after[metric][0]:.3f}", change


def each_and_together(terms: pd.DataFrame, others: Fold, these: Fold) -> NDArray[np.float32]:
    """Scores of the proteins of a fold with a trust fitted on the others."""
    own = OwnEvidence.fit(others.scores_BT, others.truth_BT, others.stated, terms, TRUE_PATH)
    for aspect, trust in own.aspects.items():
        curves = "one curve" if trust.stated == trust.others else "two curves"
        print(f"  {aspect}: weight {trust.weight:g}, {curves}, true of statements {dict(trust.shares)}", flush=True)
    return own.apply(these.scores_BT, these.stated, terms, np.arange(len(terms)))


def together(terms: pd.DataFrame, others: Fold, these: Fold) -> NDArray[np.float32]:
    """The same where the scores know each statement by itself already."""
    after_BT, go_ids = these.scores_BT.copy(), pd.Index(terms["go_id"])
    some = np.flatnonzero(these.stated.any.sum(axis=1))
    for aspect in ASPECTS:
        columns = np.flatnonzero(terms["aspect"] == aspect)
        rows = np.flatnonzero(others.truth_BT[:, columns].any(axis=1) & (others.stated.any.sum(axis=1) > 0))
        here, there = np.ix_(rows, columns), np.ix_(some, columns)
        fitted = CoAnnotation.fit(
            others.stated.any[rows], go_ids.tolist(), others.scores_BT[here], others.truth_BT[here], columns
        )
        print(f"  {aspect}: {len(fitted.stated):,} stated terms, {len(fitted.changed):,} terms", flush=True)
        after_BT[there] = fitted.apply(these.scores_BT[there], these.stated.any[some], go_ids, columns)
    return after_BT


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run, results/<run>")
    run = parser.parse_args().run
    is_used = "own_annotations" in read_manifest(run / "evaluation/predictions/gofer.tsv").made_by
    fitted = read_json(run / "retrieval/calibration.json").get("own") or {}
    if is_used and any("together" in trust for trust in fitted.values()):
        parser.error("these predictions know all of it already: run with retrieval.own_annotations: false")
    rows = list(measured(run, is_used=is_used))
    print("| aspect | proteins | metric | without | with | difference |\n|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
