"""gofer and its baselines on proteins of which nothing, something else, or something in the aspect was known before.

    python benchmarks/knowledge.py results/swissprot_2014 --split val

For a run with judged_annotations whose days do not say what was known when (else inputs.splits.test_from does). Known
is what the older annotations of a protein state, of any evidence, with all terms above. As in CAFA and LAFA: no
knowledge, none in any aspect; limited, none in this aspect; partial, some in this aspect, and these terms are left out
of truth and predictions. Proteins without a new term in the aspect are left out. New terms are those that
previous_ontology lacks. Intervals are paired, 95 %, over proteins: gofer minus the other method.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import read_table
from gofer.evaluation.join_predictions import AspectPairs, aspect_pairs
from gofer.evaluation.metric_rows import macro_figures
from gofer.evaluation.subset_metrics import without_known
from gofer.inputs.benchmark_subsets import LIMITED, NO, PARTIAL
from gofer.inputs.held_out import HeldOut
from gofer.inputs.ontology.go_graph import root_ids
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.metrics.fmax import count, fmax_of, smin_of
from gofer.metrics.sparse_pairs import Pairs
from gofer.names import ASPECTS

OTHERS = ("diamond", "own_annotations", "embedding_neighbours", "naive")
COLUMNS = ["protein_id", "go_id", "score"]
NEW = "new terms"
LEAST = 5  # proteins or terms of a row

Figures = dict[tuple[str, str, str], tuple[NDArray, int]]  # by aspect, set and metric: each resample, and the number


def read_scores(path: Path, wanted: set[str]) -> pd.DataFrame:
    """Scores of some proteins, some lines at a time."""
    parts = pd.read_csv(path, sep="\t", names=COLUMNS, chunksize=1_000_000)
    return pd.concat([part[part["protein_id"].isin(wanted)] for part in parts], ignore_index=True)


def kinds(data: AspectPairs, known: pd.DataFrame, in_aspect: set[str]) -> dict[str, NDArray[np.bool_]]:
    """By kind of knowledge, which proteins with a new term are of it."""
    has_new_B = without_known(data, known).labels_B > 0
    here_B, anywhere_B = data.protein_ids.isin(list(in_aspect)), data.protein_ids.isin(known["protein_id"])
    found = {NO: ~anywhere_B, LIMITED: anywhere_B & ~here_B, PARTIAL: here_B}
    return {name: has_new_B & some_B for name, some_B in found.items()}


def figures(data: AspectPairs, known: pd.DataFrame, in_aspect: set[str], new_C: NDArray[np.bool_]) -> Iterator[tuple]:
    """Set, metric, value in each resample, and of how many proteins or terms."""
    draws_NB = Bootstrap().draws(len(data.protein_ids))
    of_new = without_known(data, known)
    for name, some_B in kinds(data, known, in_aspect).items():
        pairs: Pairs = (of_new if name == PARTIAL else data.pairs).of_proteins(some_B)
        draws, plain, weighted = draws_NB[:, some_B], count(pairs), count(pairs, data.accretion_C)
        values = fmax_of(plain, draws), fmax_of(weighted, draws), smin_of(weighted, draws)
        for metric, value_N in zip(("Fmax", "weighted Fmax", "Smin"), values, strict=True):
            yield name, metric, value_N, int(some_B.sum())
    means = macro_figures(data, None, {NEW: new_C}, draws_NB)[NEW]
    yield NEW, "macro AUPR", means.aupr_N, means.n_terms


def measured(run: Path, split: str) -> dict[str, Figures]:
    """By method."""
    names = ("terms", "term_sets", "splits", "annotations")
    held_out = HeldOut.read({name: run / f"inputs/{name}.parquet" for name in names}, ("is_a", "part_of"))
    wanted = set(held_out.of_split(split)["protein_id"])
    own = read_table(run / "inputs/own_annotations.parquet", ["protein_id", "go_id"])
    known = own[own["protein_id"].isin(wanted) & ~own["go_id"].isin(root_ids(held_out.terms))].drop_duplicates()
    aspect_T = known["go_id"].map(held_out.terms.set_index("go_id")["aspect"])
    older = read_table(run / "inputs/previous_terms.parquet")["go_id"]
    found: dict[str, Figures] = {}
    for method in ("gofer", *OTHERS):
        folder = "evaluation/predictions" if method == "gofer" else "baselines"
        scores, found[method] = read_scores(run / folder / f"{method}.tsv", wanted), {}
        for aspect in ASPECTS:
            data = aspect_pairs(scores, held_out, aspect, split)
            in_aspect, new_C = set(known.loc[aspect_T == aspect, "protein_id"]), ~data.terms["go_id"].isin(older)
            for name, metric, value_N, number in figures(data, known, in_aspect, new_C.to_numpy(bool)):
                found[method][aspect, name, metric] = value_N, number
    return found


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run, results/<run>")
    parser.add_argument("--split", choices=["val", "test"], default="val")
    options = parser.parse_args()
    found = measured(options.run, options.split)
    heads = "".join(f" less {method.replace('_', ' ')} |" for method in OTHERS)
    print(f"| of | aspect | number | metric | gofer |{heads}\n|---|---|---:|---|---:|{'---|' * len(OTHERS)}")
    for (aspect, name, metric), (ours_N, number) in sorted(found["gofer"].items(), key=lambda item: item[0][1]):
        if number >= LEAST:
            less = [interval(ours_N - found[method][aspect, name, metric][0], UNBOUNDED) for method in OTHERS]
            cells = " | ".join(
                f"{one['value']:+.3f} [{one['low']:.3f}, {one['high']:.3f}]" if np.isfinite(one["value"]) else "–"
                for one in less
            )
            what = name.replace("_", " ")
            print(f"| {what} | {aspect} | {number:,} | {metric} | {ours_N[0]:.3f} | {cells} |")


if __name__ == "__main__":
    main()
