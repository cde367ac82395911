"""Pre-train the mini ESM on the proteins that `pretraining_proteins.py` chose. Hours; a killed run resumes.

    python benchmarks/pretrain_mini.py FOLDER --minutes 110

FOLDER holds train.fasta and held_out.fasta. Writes FOLDER/esm.safetensors (float16) and FOLDER/pretraining.tsv.
"""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

import torch

from gofer.artefacts import Manifest, write_tsv
from gofer.embeddings.pretraining.pretrain import (
    PretrainingConfig,
    best_esm2,
    figures,
    hidden_batches,
    perplexity,
    pretrain,
    run_mark,
)
from gofer.embeddings.residues.esm import write_esm2
from gofer.inputs.proteins.protein_table import read_proteins

RELEASE = {"proteins": "Swiss-Prot of January 2014, one protein of each family, keep_out_ids.txt left out"}
CHECKED = 8  # every so many held-out sequences are read while it trains


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16_000)
    parser.add_argument("--minutes", type=float, help="the schedule ends after this many, if not before")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    config = PretrainingConfig(
        layers=options.layers,
        width=options.width,
        heads=options.heads,
        steps=options.steps,
        minutes=options.minutes,
        held_out=0.01,  # as pretraining_proteins.py drew them
        seed=options.seed,
    )
    train, held_out = (
        read_proteins([options.folder / f"{name}.fasta"])[0]["sequence"].tolist() for name in ("train", "held_out")
    )
    mark = run_mark(config, train, held_out, code="")
    # A check on all held-out sequences takes as long as 200 steps; the last figures are of all of them.
    state = pretrain(train, held_out[::CHECKED], config, state_file=options.folder / "state.safetensors", mark=mark)
    model = best_esm2(state, config)
    table = figures(state, train, held_out)
    whole = perplexity(model, hidden_batches(held_out, model, seed=config.seed))
    table.loc[table["model"] == "esm2 kept", "held_out_perplexity"] = whole
    write_tsv(options.folder / "pretraining.tsv", table)
    facts = {"pretraining": asdict(config), "steps": state.step}
    write_esm2(options.folder / "esm.safetensors", model, Manifest(RELEASE, facts), half=config.float16, lm_head=True)


if __name__ == "__main__":
    main()
