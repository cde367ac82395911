"""Residue encoders compared by the predictions that they lead to: same training, same split, several seeds.

    python benchmarks/encoders.py --data DIR --like results/swissprot --models mini untrained_t6_d128_h4 --seeds 1 2 3

Proteins, split and held-out terms are those of the finished run `--like`; each encoder and seed trains all four stages
of `config/swissprot.yaml` and predicts the test proteins. Alignments, which would mask most of the difference, are left
out (`--whole` keeps them). Two runs at a time, one core each. Prints Fmax and weighted Fmax by aspect, mean and
standard deviation over the seeds, how often the first model is better, and writes all numbers to results/encoders.tsv.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from gofer.artefacts import read_table, write_tsv
from gofer.config import read_config
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import is_root
from gofer.metrics.fmax import count_arrays, fmax_of
from gofer.names import ASPECTS
from gofer.retrieval.cafa_format import read_cafa

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the input files")
    parser.add_argument(
        "--like", type=Path, default=Path("results/swissprot"), help="finished run to take the split from"
    )
    parser.add_argument("--models", nargs="+", default=["mini", "untrained_t6_d128_h4"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--whole", action="store_true", help="with labels transferred by alignments")
    options = parser.parse_args()
    lists = written_lists(options.like)
    with ThreadPoolExecutor(2) as pool:
        jobs = [(model, seed) for seed, model in product(options.seeds, options.models)]
        runs = list(pool.map(lambda job: trained(*job, options.data, lists, whole=options.whole), jobs))
    rows = [
        {"model": model, "seed": seed, **figures(run, options.like)}
        for (model, seed), run in zip(jobs, runs, strict=True)
    ]
    table = pd.DataFrame(rows)
    write_tsv(Path("results/encoders.tsv"), table)
    for model, seeds in table.drop(columns="seed").groupby("model", sort=False):
        text = "  ".join(f"{name} {seeds[name].mean():.3f} ± {seeds[name].std():.3f}" for name in seeds.columns[1:])
        print(f"{model:24s} {text}")
    first, *others = (seeds.set_index("seed").drop(columns="model") for _, seeds in table.groupby("model", sort=False))
    for other in others:
        print("the first is better in", (first > other).sum().to_dict(), "of", len(first), "seeds")


def written_lists(like: Path) -> dict[str, str]:
    """Files of ids: validation and test proteins, held-out terms."""
    splits, sets = read_table(like / "inputs/splits.parquet"), read_table(like / "inputs/term_sets.parquet")
    ids = {name: splits.loc[splits["split"] == name, "protein_id"] for name in ("val", "test")}
    ids["zero"] = sets.loc[sets["held_out"], "go_id"]
    folder = Path("results/encoders")
    folder.mkdir(parents=True, exist_ok=True)
    for name, listed in ids.items():
        (folder / f"{name}.txt").write_text("\n".join(sorted(listed)) + "\n", encoding="utf-8")
    return {name: str((folder / f"{name}.txt").resolve()) for name in ids}


def trained(model: str, seed: int, data: Path, lists: dict[str, str], *, whole: bool) -> Path:
    """Run the workflow up to the predictions for the held-out proteins; the run's folder."""
    config = read_config(ROOT / "config/defaults.yaml", ROOT / "config/swissprot.yaml")
    config |= {"run": f"encoders-{model}-{seed}", "seed": seed, "query": None, "data": str(data)}
    config["inputs"]["splits"] |= {"method": "lists", "val_ids": lists["val"], "test_ids": lists["test"]}
    config["inputs"]["term_sets"] |= {"zero_method": "list", "zero_list": lists["zero"]}
    config["embeddings"]["residues"]["model"] = model
    config["training"]["wandb"] = "disabled"
    if not whole:
        config["retrieval"]["labels"]["aligned"] = 0
    path, run = Path(f"results/encoders/{config['run']}.yaml"), Path(f"results/{config['run']}")
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", str(run / "evaluation/predictions/gofer.tsv"), "--cores", "1"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(path)]
    log = path.with_suffix(".log")
    with log.open("w", encoding="utf-8") as file:
        if subprocess.run(command, stdout=file, stderr=file, check=False).returncode:
            sys.exit(f"{run} failed; see {log}")
    return run


def figures(run: Path, like: Path) -> dict[str, float]:
    """Fmax and weighted Fmax of a run's test proteins, by aspect; truth and information accretion of the run `like`."""
    terms = read_table(like / "inputs/terms.parquet")
    terms = terms[~is_root(terms)]
    splits = read_table(like / "inputs/splits.parquet")
    test = sorted(splits.loc[splits["split"] == "test", "protein_id"])
    go_ids = terms["go_id"].tolist()
    truth = label_matrix(read_table(like / "inputs/annotations.parquet"), test, go_ids).toarray()
    predicted = read_cafa(run / "evaluation/predictions/gofer.tsv")
    scores = np.zeros(truth.shape)
    row, column = pd.Index(test).get_indexer(predicted["protein_id"]), pd.Index(go_ids).get_indexer(predicted["go_id"])
    here = (row >= 0) & (column >= 0)
    scores[row[here], column[here]] = predicted["score"].to_numpy(float)[here]
    found = {}
    for aspect in ASPECTS:
        in_aspect = (terms["aspect"] == aspect).to_numpy()
        accretion = terms["information_accretion"].to_numpy(float)[in_aspect]
        for name, weights in (("Fmax", None), ("wFmax", accretion)):
            found[f"{aspect} {name}"] = float(
                fmax_of(count_arrays(scores[:, in_aspect], truth[:, in_aspect], weights))[0]
            )
    return found


if __name__ == "__main__":
    main()
