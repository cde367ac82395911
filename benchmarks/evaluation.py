"""Seconds that gofer's own metrics take beside `cafaeval` run as a program on the same input.

    python benchmarks/evaluation.py --proteins 500 --terms 3000

The input is synthetic: an ontology of one aspect, labels, and predictions of `--predicted` terms a protein. Both sides
read the same predictions file and print Fmax, weighted Fmax, Smin and coverage, which must agree.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.evaluation.cafa import read_cafa, score_matrix, write_cafa
from gofer.evaluation.evaluator import AspectFigures, read_figures, write_accretion, write_ontology, write_truth
from gofer.evaluation.hierarchy import Hierarchy, hierarchy_consistent
from gofer.evaluation.intervals import Bootstrap
from gofer.evaluation.metrics import count, coverage_of, fmax_of, smin_of


def synthetic_terms(rng: np.random.Generator, n_terms: int) -> pd.DataFrame:
    """One root; every other term has one or two parents among those before it, like GO mostly shallow."""
    go_ids = [f"GO:{i:07d}" for i in range(n_terms)]
    parents = [[]] + [sorted({go_ids[int(i * rng.random() ** 2)] for _ in range(2)}) for i in range(1, n_terms)]
    return pd.DataFrame(
        {
            "go_id": go_ids,
            "name": go_ids,
            "aspect": "MFO",
            "is_a": parents,
            "part_of": [[] for _ in go_ids],
            "information_accretion": np.r_[0.0, rng.uniform(0, 8, n_terms - 1).round(6)],
        }
    )


def synthetic_pairs(
    rng: np.random.Generator, terms: pd.DataFrame, proteins: list[str], per_protein: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions, and labels of which a third is predicted."""
    n_terms = len(terms)
    rows = np.sort(rng.permuted(np.tile(np.arange(1, n_terms), (len(proteins), 1)), axis=1)[:, :per_protein])
    go_ids = terms["go_id"].to_numpy()[rows.ravel()]
    table = pd.DataFrame({"protein_id": np.repeat(proteins, per_protein), "go_id": go_ids})
    predictions = table.assign(score=rng.integers(1, 1001, len(table)) / 1000)
    known = predictions[rng.random(len(table)) < 3 / per_protein]
    missed = pd.DataFrame({"protein_id": proteins, "go_id": rng.choice(terms["go_id"][1:], len(proteins))})
    return predictions, pd.concat([known[["protein_id", "go_id"]], missed]).drop_duplicates()


def with_cafaeval(folder: Path) -> AspectFigures:
    """The program, from its start to its result."""
    options = ["-ia", str(folder / "accretion.tsv"), "-no_orphans", "-threads", "1", "-out_dir", str(folder / "out")]
    files = [str(folder / name) for name in ("ontology.obo", "predictions", "truth.tsv")]
    subprocess.run([sys.executable, "-m", "cafaeval", *files, *options], check=True, capture_output=True)
    return read_figures(folder / "out" / "evaluation_all.tsv")["MFO"]


def with_gofer(folder: Path, terms: pd.DataFrame, truth: pd.DataFrame, resamples: int) -> AspectFigures:
    """The library, from the predictions file to the four figures of every resample."""
    predictions = read_cafa(folder / "predictions" / "predictions.tsv", terms=terms["go_id"])
    hierarchy = Hierarchy.of_terms(terms)
    proteins = pd.Index(sorted(truth["protein_id"].unique()))
    labels_BT = hierarchy_consistent(score_matrix(truth.assign(score=1.0), proteins, terms["go_id"]) > 0, hierarchy)
    scores_BT = hierarchy_consistent(score_matrix(predictions, proteins, terms["go_id"]), hierarchy)
    plain = count(scores_BT[:, 1:], labels_BT[:, 1:])
    weighted = count(scores_BT[:, 1:], labels_BT[:, 1:], terms["information_accretion"].to_numpy()[1:])
    draws_NB = Bootstrap(resamples).draws(len(proteins))
    return AspectFigures(
        fmax=float(fmax_of(plain, draws_NB)[0]),
        weighted_fmax=float(fmax_of(weighted, draws_NB)[0]),
        smin=float(smin_of(weighted, draws_NB)[0]),
        coverage=float(coverage_of(plain, draws_NB)[0]),
    )


def timed(run: Callable[[], AspectFigures], repeats: int) -> tuple[float, AspectFigures]:
    """Median seconds, and what `run` gave."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        figures = run()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds)), figures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("proteins", 400), ("terms", 2000), ("predicted", 200), ("repeats", 3), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    settings = parser.parse_args()
    rng = np.random.default_rng(settings.seed)
    terms = synthetic_terms(rng, settings.terms)
    proteins = [f"P{i:06d}" for i in range(settings.proteins)]
    predictions, truth = synthetic_pairs(rng, terms, proteins, settings.predicted)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ontology(folder / "ontology.obo", terms)
        write_truth(folder / "truth.tsv", truth)
        write_accretion(folder / "accretion.tsv", terms)
        pairs = predictions["protein_id"], predictions["go_id"], predictions["score"]
        write_cafa(folder / "predictions" / "predictions.tsv", *pairs)
        runs = {
            "cafaeval, the program": lambda: with_cafaeval(folder),
            "gofer, the same figures": lambda: with_gofer(folder, terms, truth, 0),
            "gofer, and 200 resamples": lambda: with_gofer(folder, terms, truth, 200),
        }
        results = {name: timed(run, settings.repeats) for name, run in runs.items()}
    first, reference = results["cafaeval, the program"]
    print(f"{settings.proteins} proteins, {settings.terms} terms, {len(predictions)} predictions; one thread")
    print(f"{'':26}{'seconds':>9}{'ratio':>8}{'Fmax':>8}{'wFmax':>8}{'Smin':>9}{'cover':>8}")
    for name, (seconds, found) in results.items():
        figures = f"{found.fmax:8.3f}{found.weighted_fmax:8.3f}{found.smin:9.3f}{found.coverage:8.3f}"
        print(f"{name:26}{seconds:9.3f}{first / seconds:7.1f}×{figures}")
        pairs = zip(vars(found).values(), vars(reference).values(), strict=True)
        if any(abs(ours - theirs) > 0.0011 for ours, theirs in pairs):
            sys.exit(f"{name}: the figures differ")


if __name__ == "__main__":
    main()
