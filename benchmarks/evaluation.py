"""Time and memory of gofer's metrics compared with `cafaeval` on the same files.

    python benchmarks/evaluation.py --proteins 500 --terms 3000
    python benchmarks/evaluation.py --proteins 20000 --ontology ../shared/data/go/go_2015-07-11.obo.bz2 --unthresholded

The proteins are synthetic: each has some terms and their ancestors; a method finds most of them among `--predicted`
terms. The ontology is synthetic too, of one aspect, or a real one. Each row is a separate process on one thread, from
its start to its result: the seconds of its CPU, which other work on the machine distorts least, and its peak memory.
Ratios are those of cafaeval to the row. Fmax, weighted Fmax, Smin and coverage must agree in every aspect. A run may
use `--gib` of memory and `--minutes` of CPU: if it needs more, the output says so, and ratios are lower bounds.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import Manifest, read_table, write_table
from gofer.evaluation.cafaeval import (
    AspectFigures,
    read_figures,
    with_ancestors,
    write_accretion,
    write_ontology,
    write_truth,
)
from gofer.evaluation.join_predictions import Predicted, aspect_pairs
from gofer.evaluation.metric_rows import measure
from gofer.inputs.held_out import HeldOut
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.inputs.ontology.term_table import read_ontology
from gofer.metrics.bootstrap import Bootstrap
from gofer.metrics.fmax import count, coverage_of, fmax_of, smin_of
from gofer.retrieval.cafa_format import read_cafa
from gofer.retrieval.unthresholded_scores import UnthresholdedScores, UnthresholdedWriter

PROTEINS_AT_ONCE = 256
LABELS = 5  # terms drawn for a protein; with their ancestors about 60 in GO
RUNS = {
    "cafaeval": "cafaeval, the program",
    "start": "gofer, started for nothing",
    "same": "gofer, the same figures",
    "resampled": "… and 200 resamples",
    "all": "… every figure of metrics.tsv",
    "unthresholded": "… and scores of all terms",
}


def synthetic_terms(rng: np.random.Generator, n_terms: int) -> pd.DataFrame:
    """One root; every other term has one or two parents among those before it, like GO mostly shallow."""
    go_ids = [f"GO:{i:07d}" for i in range(n_terms)]
    parents = [[]] + [sorted({go_ids[int(i * rng.random() ** 2)] for _ in range(2)}) for i in range(1, n_terms)]
    nothing = [[] for _ in go_ids]
    return pd.DataFrame({"go_id": go_ids, "name": go_ids, "aspect": "MFO", "is_a": parents, "part_of": nothing})


def synthetic_proteins(
    terms: pd.DataFrame, options: argparse.Namespace
) -> Iterator[tuple[list[str], NDArray, NDArray[np.bool_]]]:
    """Ids, scores (float32, propagated) and labels of the proteins, block by block; always the same."""
    rng, n_proteins, per_protein = np.random.default_rng(options.seed), options.proteins, options.predicted
    graph = GoGraph.of_terms(terms, within_aspect=True)
    below = np.flatnonzero(~graph.is_root_T)
    for first in range(0, n_proteins, PROTEINS_AT_ONCE):
        ids = [f"P{row:06d}" for row in range(first, min(first + PROTEINS_AT_ONCE, n_proteins))]
        rows = np.arange(len(ids))[:, None]
        drawn_BT = rng.random((len(ids), len(terms)), np.float32) / 1000
        drawn_BT[rows, rng.choice(below, (len(ids), per_protein // 5))] = rng.random((len(ids), per_protein // 5)) ** 3
        stated = rng.choice(below, (len(ids), LABELS))
        found = np.where(rng.random(stated.shape) < 0.6, rng.uniform(0.2, 1, stated.shape), 0.0005)
        drawn_BT[rows, stated] = np.maximum(drawn_BT[rows, stated], found)
        labels_BT = np.zeros(drawn_BT.shape, bool)
        labels_BT[rows, stated] = True
        yield ids, hierarchy_consistent(drawn_BT, graph), hierarchy_consistent(labels_BT, graph)


def write_inputs(folder: Path, options: argparse.Namespace) -> None:
    """Everything that the runs read."""
    rng = np.random.default_rng(options.seed)
    given = options.ontology
    terms = read_ontology(given, list(TRUE_PATH)).terms if given else synthetic_terms(rng, options.terms)
    below_T = ~GoGraph.of_terms(terms, within_aspect=True).is_root_T
    terms["information_accretion"] = np.where(below_T, rng.uniform(0, 8, len(terms)).round(6), 0)
    terms["training_count"] = rng.choice([0, 3, 10, 50, 500], len(terms))
    names = np.array(["zero", "few", "common"])[np.digitize(terms["training_count"], [1, 11])]
    write_table(folder / "terms.parquet", terms.drop(columns="alt_ids", errors="ignore"), Manifest())
    write_table(folder / "term_sets.parquet", terms[["go_id"]].assign(term_set=names), Manifest())
    go_ids, labels = terms["go_id"].to_numpy(object), []
    (folder / "predictions").mkdir()
    with (folder / "predictions" / "predictions.tsv").open("w") as file:
        for ids, scores_BT, labels_BT in synthetic_proteins(terms, options):
            predicted_BT = np.where(below_T, scores_BT, 0)
            if options.predicted < len(terms):
                least_B1 = np.partition(predicted_BT, -options.predicted, axis=1)[:, [-options.predicted]]
                predicted_BT[predicted_BT < np.maximum(least_B1, 0.01)] = 0
            rows, columns = np.nonzero(predicted_BT)
            scored = {
                "protein": np.array(ids, object)[rows],
                "term": go_ids[columns],
                "s": predicted_BT[rows, columns],
            }
            pd.DataFrame(scored).to_csv(file, sep="\t", header=False, index=False, float_format="%.3g")
            rows, columns = np.nonzero(labels_BT)
            labels.append(pd.DataFrame({"protein_id": np.array(ids, object)[rows], "go_id": go_ids[columns]}))
    annotations = pd.concat(labels, ignore_index=True)
    write_table(folder / "annotations.parquet", annotations, Manifest())
    splits = pd.DataFrame({"protein_id": annotations["protein_id"].unique(), "split": "test"})
    write_table(folder / "splits.parquet", splits, Manifest())
    if options.unthresholded:
        write_unthresholded(folder, options, terms, annotations)
    of_cafaeval(folder, terms, annotations[annotations["go_id"].isin(go_ids[below_T])])


def write_unthresholded(
    folder: Path, options: argparse.Namespace, terms: pd.DataFrame, annotations: pd.DataFrame
) -> None:
    """The same proteins' scores of all terms."""
    with UnthresholdedWriter(folder, terms, annotations, TRUE_PATH) as unthresholded:
        for ids, scores_BT, _ in synthetic_proteins(terms, options):
            unthresholded.add(ids, scores_BT)
        began = time.process_time()
        unthresholded.write(folder / "unthresholded.parquet", folder / "ranks.parquet", Manifest())
    size = (folder / "unthresholded.parquet").stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"scores of all terms: {size:,.0f} MB, written in {time.process_time() - began:.0f} s; so far {peak:.2f} GiB")


def of_cafaeval(folder: Path, terms: pd.DataFrame, truth: pd.DataFrame) -> None:
    """What cafaeval reads, without the terms that cannot matter."""
    predicted = pd.read_csv(folder / "predictions" / "predictions.tsv", sep="\t", header=None, usecols=[1])[1].unique()
    used = with_ancestors(terms, [*predicted, *truth["go_id"].unique()])
    write_ontology(folder / "ontology.obo", used)
    write_truth(folder / "truth.tsv", truth)
    write_accretion(folder / "accretion.tsv", used)


def run_gofer(folder: Path, name: str) -> dict[str, AspectFigures]:
    """The library, from the files to the figures."""
    if name == "start":
        return {}
    files = {table: folder / f"{table}.parquet" for table in ("terms", "term_sets", "annotations", "splits")}
    held_out = HeldOut.read(files, TRUE_PATH)
    predictions = read_cafa(folder / "predictions" / "predictions.tsv", terms=held_out.terms["go_id"])
    bootstrap = Bootstrap(0 if name == "same" else 200)
    if name in ("same", "resampled"):
        aspects = held_out.terms["aspect"].unique()
        return {aspect: of_aspect(predictions, held_out, aspect, bootstrap) for aspect in aspects}
    unthresholded, ranks = (
        (UnthresholdedScores.open(folder / "unthresholded.parquet"), read_table(folder / "ranks.parquet"))
        if name == "unthresholded"
        else (None, None)
    )
    table = measure("m", Predicted(predictions, unthresholded, ranks), held_out, {}, bootstrap)
    rows = table[(table["split"] == "test") & (table["term_set"] == "all")].dropna(subset=["value"])
    wide = rows.pivot(index="aspect", columns="metric", values="value")[list(AspectFigures.__annotations__)]
    return {aspect: AspectFigures(**row) for aspect, row in wide.to_dict("index").items()}


def of_aspect(predictions: pd.DataFrame, held_out: HeldOut, aspect: str, bootstrap: Bootstrap) -> AspectFigures:
    """The four figures of every resample."""
    data = aspect_pairs(predictions, held_out, aspect, "test")
    plain, weighted = count(data.pairs), count(data.pairs, data.accretion_C)
    draws_NB = bootstrap.draws(data.pairs.n_proteins)
    pairs = (fmax_of, plain), (fmax_of, weighted), (smin_of, weighted), (coverage_of, plain)
    return AspectFigures(*(float(figure(counts, draws_NB)[0]) for figure, counts in pairs))


def command_of(folder: Path, name: str) -> list[str]:
    """What starts a run."""
    if name != "cafaeval":
        return [sys.executable, __file__, "--folder", str(folder), "--run", name]
    options = ["-ia", str(folder / "accretion.tsv"), "-no_orphans", "-threads", "1", "-out_dir", str(folder / "out")]
    files = [str(folder / name) for name in ("ontology.obo", "predictions", "truth.tsv")]
    return [sys.executable, "-m", "cafaeval", *files, *options]


# A small separate process: a child's reported peak memory is never below that of the process that started it.
MEASURER = """
import json, os, resource, subprocess, sys
space, seconds, errors, *command = sys.argv[1:]
def limited():
    resource.setrlimit(resource.RLIMIT_AS, (int(space),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(errors, "w"), preexec_fn=limited)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20]))
"""


def measured(folder: Path, name: str, options: argparse.Namespace) -> tuple[str, float, float]:
    """How a run ended ("" for well), its CPU seconds, and its peak memory in GiB."""
    errors, limits = folder / f"{name}.err", [int(options.gib * 2**30), int(60 * options.minutes)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURER, *map(str, limits), str(errors), *command_of(folder, name)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
    )
    code, seconds, peak = json.loads(done.stdout)
    last = (errors.read_text().strip().splitlines() or ["no message"])[-1]
    how = f"failed with {options.gib:g} GiB allowed: {last[:90]}" if code else ""
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        how = f"not done after {options.minutes:g} minutes of CPU"
    return how, seconds, peak


def figures_of(folder: Path, name: str) -> dict[str, AspectFigures]:
    """What a run that ended well found."""
    if name == "cafaeval":
        return dict(read_figures(folder / "out" / "evaluation_all.tsv"))
    return {
        aspect: AspectFigures(**values) for aspect, values in json.loads((folder / f"{name}.json").read_text()).items()
    }


def table(folder: Path, options: argparse.Namespace) -> None:
    """Run all and print a row for each."""
    results = {}
    for name, title in reversed(RUNS.items()):  # the program, which may take long, last
        if name != "unthresholded" or options.unthresholded:
            results[name] = measured(folder, name, options)
            print(f"{title}: {results[name]}", file=sys.stderr, flush=True)
    _, *first = results["cafaeval"]
    reference: dict[str, AspectFigures] = {}
    print(f"{'one thread each':32}{'CPU s':>9}{'ratio':>9}{'GiB':>8}{'ratio':>9}  Fmax by aspect")
    for name, (how, *spent) in reversed(results.items()):
        at_least = ">" if results["cafaeval"][0] else ""
        ratios = [f"{f'{at_least}{one / other:.1f}×':>9}" for one, other in zip(first, spent, strict=True)]
        if how:
            print(f"{RUNS[name]:32}{spent[0]:9.1f}{'':9}{spent[1]:8.2f}{'':9}  {how}")
            continue
        found = figures_of(folder, name)
        reference = reference or found
        fmax = "  ".join(f"{aspect} {values.fmax:.3f}" for aspect, values in sorted(found.items()))
        print(f"{RUNS[name]:32}{spent[0]:9.1f}{ratios[0]}{spent[1]:8.2f}{ratios[1]}  {fmax}")
        if found:
            refuse_other_figures(RUNS[name], found, reference)


def refuse_other_figures(name: str, found: dict[str, AspectFigures], reference: dict[str, AspectFigures]) -> None:
    """End where an aspect's figures differ by more than the rounding of cafaeval's cutoffs."""
    for aspect, theirs in reference.items():
        both = zip(vars(found[aspect]).values(), vars(theirs).values(), strict=True)
        if any(abs(ours - other) > 0.0011 for ours, other in both):
            sys.exit(f"{name}: the figures of {aspect} differ: {found[aspect]} and {theirs}")


def main() -> None:
    """Print the table, or be one of its runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("proteins", 500), ("terms", 3000), ("predicted", 500), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--ontology", help="an OBO file, in place of --terms")
    parser.add_argument(
        "--unthresholded", action="store_true", help="also with scores of all terms, without a lower cutoff"
    )
    parser.add_argument("--gib", type=float, default=16, help="address space that a run may use")
    parser.add_argument("--minutes", type=float, default=30, help="CPU time that a run may take")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        found = {aspect: vars(values) for aspect, values in run_gofer(options.folder, options.run).items()}
        (options.folder / f"{options.run}.json").write_text(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as name:
        write_inputs(Path(name), options)
        labels = len(read_table(Path(name) / "annotations.parquet", ["go_id"]))
        with (Path(name) / "predictions" / "predictions.tsv").open("rb") as file:
            predictions = sum(1 for _ in file)
        n_terms = len(read_table(Path(name) / "terms.parquet", ["go_id"]))
        each = f"{labels / options.proteins:.0f} labels and {predictions / options.proteins:.0f} predictions"
        print(f"{options.proteins:,} proteins, {n_terms:,} terms; of a protein {each}")
        table(Path(name), options)


if __name__ == "__main__":
    main()
