"""What the small form of a model loses: predictions for the validation proteins of a run, compared with the full form.

    python benchmarks/small_model.py results/my [my.gofer] [--encoder esm.safetensors] [--known train]

Both are judged by the label model that has not seen the labels of these proteins, with the known proteins of the run
and without them. Prints Fmax by aspect, and how far the scores of seen terms differ; of a model file the size of each
part too. `--encoder` names the residue encoder's weights where the run's files hold their name only.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.model_quality import measured, seen_scores, without_transfer
from gofer.retrieval.pack_run import FinishedRun, PackSettings, files_of


def print_parts(path):
    sizes: dict[str, int] = {}
    for name, part in ModelFile.open(path).parts.items():
        group = name.split(".")[0] if name.startswith(("terms/", "labels/", "related/")) else name.split("/")[0]
        sizes[group] = sizes.get(group, 0) + part.size
    for group, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{group:28}{size / 1e6:8.2f} MB")
    print(f"{'file':28}{path.stat().st_size / 1e6:8.2f} MB\n")


def print_loss(folder, known, encoder):
    run = FinishedRun.read(files_of(folder, known), folder.name, PackSettings(known, weights=encoder))
    small, proteins = run.small_judging(), run.proteins
    regressed_BT = small.label_model.regressed(proteins.described)
    pairs = {
        "with known proteins": (run.expected, replace(run.expected, regressed_BT=regressed_BT)),
        "without": tuple(without_transfer(run.expected, r_BT) for r_BT in (run.expected.regressed_BT, regressed_BT)),
    }
    for known, (of_full, of_small) in pairs.items():
        figures = [measured(s, proteins, e).figures for s, e in ((run.judging, of_full), (small, of_small))]
        for aspect, full in figures[0].items():
            print(f"{known:20} {aspect}: Fmax {full['fmax']:.3f} full, {figures[1][aspect]['fmax']:.3f} small")
        rows = np.arange(min(512, len(proteins.described.sequences)))
        some = replace(
            proteins.described,
            vectors_BD=proteins.described.vectors_BD[rows],
            summaries_BS=proteins.described.summaries_BS[rows],
            sequences=proteins.described.sequences[: len(rows)],
        )
        one, other = (seen_scores(s, some, e.rows(rows)) for s, e in ((run.judging, of_full), (small, of_small)))
        difference = np.abs(one - other)
        reported = np.maximum(one, other) >= 0.01
        print(f"{known:20} scores of {len(rows)} proteins: largest difference {difference.max():.3f}", end=", ")
        print(f"mean {difference[reported].mean():.4f} of those from .01 on")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--encoder")
    parser.add_argument("--known", choices=["all", "train"], default="all", help="retrieval.labels.known of the run")
    options = parser.parse_args()
    if options.model:
        print_parts(options.model)
    print_loss(options.run, options.known, options.encoder)
