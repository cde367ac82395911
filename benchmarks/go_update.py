"""A model of GO 2014 takes in GO of 2022: are terms that did not exist in 2014 ranked well for human proteins?

    python benchmarks/go_update.py data --run results/swissprot_2014 --data DIR --out OUT
    snakemake --cores 2 --configfile OUT/config.yaml pack_model
    gofer update-go DIR/go-basic_2022-07-01.obo.gz -m OUT/results/go_2014/model/go_2014.gofer -o OUT/go_2022.gofer

DIR has the files that config/swissprot_2014.yaml names. `data` chooses training proteins of that run, so that their
residue embeddings are in its cache; none is a protein of human_2022.gaf.gz, and none is in keep_out_ids.txt.
"""

import argparse
import gzip
from pathlib import Path

import pandas as pd
import yaml

from gofer.artefacts import read_table, write_text
from gofer.inputs.proteins.protein_table import read_sequences

OLD, NEW, HUMAN = "go-basic_2014-07-06.obo.gz", "go-basic_2022-07-01.obo.gz", "human_2022.gaf.gz"
EPOCHS = {"A": 3, "B": 2, "C": 2, "D": 3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    data = steps.add_parser("data", help="write the inputs and the config of the reduced run")
    data.add_argument("--run", type=Path, required=True, help="results/swissprot_2014, after make_splits")
    data.add_argument("--data", type=Path, required=True)
    data.add_argument("--out", type=Path, required=True)
    data.add_argument("--proteins", type=int, default=5000)
    data.add_argument("--encoder", default="mini")
    data.set_defaults(step=write_inputs)
    options = parser.parse_args()
    options.step(options)


def write_inputs(options: argparse.Namespace) -> None:
    """FASTA, annotations and config of the reduced run."""
    splits = read_table(options.run / "inputs/splits.parquet", ["protein_id", "split"])
    with gzip.open(options.data / HUMAN, "rt") as gaf:
        human = {line.split("\t")[1] for line in gaf if not line.startswith("!")}
    barred = human | set((options.data / "keep_out_ids.txt").read_text().split())
    stated = pd.read_csv(options.data / "swissprot_2014_annotations.tsv", sep="\t", dtype=str)
    ids = splits.loc[splits["split"] == "train", "protein_id"]
    ids = ids[ids.isin(set(stated["protein"])) & ~ids.isin(barred)]
    chosen = sorted(ids.sample(min(options.proteins, len(ids)), random_state=1))
    sequence_of = read_sequences(options.run / "inputs/proteins.parquet")
    options.out.mkdir(parents=True, exist_ok=True)
    write_text(options.out / "proteins.fasta", "".join(f">{name}\n{sequence_of[name]}\n" for name in chosen))
    stated[stated["protein"].isin(set(chosen))].to_csv(options.out / "annotations.tsv", sep="\t", index=False)
    config = {
        "run": "go_2014",
        "data": str(options.out.resolve()),
        "proteins": "proteins.fasta",
        "annotations": "annotations.tsv",
        "ontology": str((options.data / OLD).resolve()),
        "inputs": {"splits": {"method": "random", "val": 0.1, "test": 0.02}},
        "embeddings": {"residues": {"model": options.encoder}},
        "training": {"stages": {stage: {"epochs": number} for stage, number in EPOCHS.items()}},
    }
    write_text(options.out / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    print(f"{len(chosen):,} of {len(ids):,} training proteins: {options.out}")


if __name__ == "__main__":
    main()
