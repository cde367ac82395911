"""gofer with and without what older annotations state of a protein, on the validation proteins of a run.

    python benchmarks/own_annotations.py results/swissprot_2014

Needs a run with judged_annotations and its evaluation/predictions/gofer.tsv. In five folds of whole clusters of the
validation proteins, the trust in statements is fitted on the other folds; test proteins are not read. The scores
without statements are those of the run, whose calibration saw the same proteins: that favours them slightly. "Each by
itself" raises the stated terms; "all together" then raises and lowers terms by all that is stated (co_annotation).
Each has in brackets the difference from the column before it, with its 95 % interval.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from gofer.artefacts import read_manifest, read_table
from gofer.inputs.held_out import read_annotations_of
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent, is_root
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.metrics.bootstrap import Bootstrap, interval
from gofer.metrics.fmax import count_arrays, fmax_of, smin_of
from gofer.names import ASPECTS
from gofer.retrieval.own_evidence import OwnEvidence
from gofer.retrieval.stated_terms import StatedTerms

COLUMNS = ["protein_id", "go_id", "score"]
METRICS = ("Fmax", "weighted Fmax", "Smin")
FOLDS = 5

Figures = dict[str, NDArray]  # of each metric, in each resample


def figures(scores_BC: NDArray, truth_BC: NDArray[np.bool_], accretion_C: NDArray) -> Figures:
    """Each metric in each resample of the labelled proteins."""
    draws_NB = Bootstrap().draws(int(truth_BC.any(axis=1).sum()))
    plain, weighted = count_arrays(scores_BC, truth_BC), count_arrays(scores_BC, truth_BC, accretion_C)
    values = fmax_of(plain, draws_NB), fmax_of(weighted, draws_NB), smin_of(weighted, draws_NB)
    return dict(zip(METRICS, values, strict=True))


def read_scores(path: Path, ids: list[str], go_ids: pd.Series) -> NDArray[np.float32]:
    """Scores of some proteins and terms, some lines at a time."""
    parts = pd.read_csv(path, sep="\t", names=COLUMNS, chunksize=1_000_000)
    return sum(label_matrix(part, ids, go_ids, part["score"].to_numpy(np.float32)) for part in parts).toarray()


def measured(folder: Path) -> Iterator[tuple[str, ...]]:
    """Aspect, proteins, metric, without, with each statement by itself, with all together."""
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
    columns, without_BT = np.arange(len(kept)), scores_BT
    each_BT, together_BT = scores_BT.copy(), scores_BT.copy()
    for others, these in GroupKFold(FOLDS).split(ids, groups=cluster_B):
        of_others, of_these = (stated.of_proteins([ids[row] for row in rows]) for rows in (others, these))
        own = OwnEvidence.fit(scores_BT[others], truth_BT[others], of_others, kept, TRUE_PATH)
        for aspect, trust in own.aspects.items():
            curves = "one curve" if trust.stated == trust.others else "two curves"
            read = f"{len(trust.together.stated)} stated terms together" if trust.together else "no terms together"
            print(f"  {aspect}: weight {trust.weight:g}, {curves}, {read}, true {dict(trust.shares)}", flush=True)
        each = OwnEvidence({aspect: replace(trust, together=None) for aspect, trust in own.aspects.items()})
        each_BT[these] = each.apply(scores_BT[these], of_these, kept, columns)
        together_BT[these] = own.apply(scores_BT[these], of_these, kept, columns)
    graph = GoGraph.of_terms(kept, TRUE_PATH, within_aspect=True)
    ways = without_BT, *(hierarchy_consistent(scores, graph) for scores in (each_BT, together_BT))
    for aspect in ASPECTS:
        some = np.flatnonzero(kept["aspect"] == aspect)
        accretion_C, proteins = kept["information_accretion"].to_numpy(float)[some], truth_BT[:, some].any(axis=1).sum()
        before, *after = (figures(scores[:, some], truth_BT[:, some], accretion_C) for scores in ways)
        for metric in METRICS:
            yield aspect, f"{proteins:,}", metric, f"{before[metric][0]:.3f}", *compared(before, *after, metric)


def compared(without: Figures, each: Figures, together: Figures, metric: str) -> Iterator[str]:
    """The figure with each statement by itself and with all together, each with the difference from the one before."""
    for before, after in ((without, each), (each, together)):
        found = interval(after[metric] - before[metric], (-np.inf, np.inf))
        yield f"{after[metric][0]:.3f} ({found['value']:+.3f}, {found['low']:+.3f} to {found['high']:+.3f})"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run, results/<run>")
    run = parser.parse_args().run
    if "own_annotations" in read_manifest(run / "evaluation/predictions/gofer.tsv").made_by:
        parser.error("these predictions use own annotations already: run with retrieval.own_annotations: false")
    rows = list(measured(run))
    print("| aspect | proteins | metric | without | each by itself | all together |\n|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
