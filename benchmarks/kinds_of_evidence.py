"""Fmax and weighted Fmax of a finished run by texts, by labels of similar and of aligned proteins, and by all of them.

    python benchmarks/kinds_of_evidence.py results/swissprot --split val

Terms seen in training, roots left out. On the validation proteins shares and curves were fitted; `--split test` has the
proteins that nothing was fitted on.
"""

import argparse
from pathlib import Path

import numpy as np

from gofer.artefacts import read_table
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import TRUE_PATH, hierarchy_consistent
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.metrics.fmax import count_arrays, fmax_of
from gofer.names import ASPECTS
from gofer.retrieval.ensemble import Ensemble
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.term_space import TermSpace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> of a finished run")
    parser.add_argument("--split", choices=["val", "test"], default="val")
    options = parser.parse_args()
    run = options.run
    files = {
        "checkpoint": run / "training/stage-D/model.safetensors",
        "terms": run / "inputs/terms.parquet",
        "texts": run / "embeddings/go/phase-D.parquet",
        "label_model": run / "retrieval/label_model-train.safetensors",
        "calibration": run / "retrieval/calibration.json",
    }
    scorer = Scorer.read(files, TRUE_PATH)
    space, label_model = scorer.space, scorer.label_model
    proteins = ProteinVectors.read(run / "retrieval/protein_vectors.parquet").of_splits(options.split)
    described = proteins.described(read_sequences(run / "inputs/proteins.parquet"))
    truth_BT = label_matrix(read_table(run / "inputs/annotations.parquet"), proteins.protein_ids, space.go_ids)
    truth_BT = truth_BT.toarray()
    text_BT = space.text_scores(proteins.vectors_ND, scorer.calibration)
    columns, expected = [space.go_ids.index(go_id) for go_id in label_model.go_ids], label_model.predict(described)
    regressed_BT, transferred_BT = np.zeros_like(text_BT), np.zeros_like(text_BT)
    regressed_BT[:, columns], transferred_BT[:, columns] = expected.regressed_BT, expected.transferred_BT
    ways = {
        "texts alone": hierarchy_consistent(text_BT, space.graph),
        "labels of similar proteins": hierarchy_consistent(regressed_BT, space.graph),
        "labels of aligned proteins": hierarchy_consistent(transferred_BT, space.graph),
        "all, as the run scores": scorer.scores(described),
    }
    print(f"{options.split}: {len(described.sequences)} proteins; shares of labels {shares(scorer.ensemble)}")
    print(f"{'':32s}" + "".join(f"{aspect + ' Fmax / weighted':>22s}" for aspect in ASPECTS))
    for name, scores_BT in ways.items():
        print(f"{name:32s}" + "".join(f"{fmax_text(scores_BT, truth_BT, space, aspect):>22s}" for aspect in ASPECTS))


def shares(ensemble: Ensemble) -> str:
    by_aspect = (
        f"{aspect} {weights.share:g} (trust {weights.trust:g})" for aspect, weights in sorted(ensemble.aspects.items())
    )
    return ", ".join(by_aspect)


def fmax_text(scores_BT: np.ndarray, truth_BT: np.ndarray, space: TermSpace, aspect: str) -> str:
    own_T = (space.terms["aspect"] == aspect).to_numpy() & seen_in_training(space.terms)
    accretion_T = space.terms["information_accretion"].to_numpy(float)[own_T]
    scores, truth = scores_BT[:, own_T].astype(float), truth_BT[:, own_T]
    plain, weighted = (float(fmax_of(count_arrays(scores, truth, weights))[0]) for weights in (None, accretion_T))
    return f"{plain:.3f} / {weighted:.3f}"


if __name__ == "__main__":
    main()
