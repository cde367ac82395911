"""What smaller forms of the residue store lose: int8, and projections to fewer numbers.

    python benchmarks/store_loss.py results/swissprot_2014

Reads the float16 residues of a finished embedding, of some training proteins and some validation proteins, drawn by a
seed. Each form is what a reader would get. Cosines are of residue vectors with those in float16; of a projection, of
what it leaves in the original space. Fmax is that of `mini_esm.py probe`: ridge regression from the mean and the
maximum of a protein's residues onto its propagated terms, judged by the validation proteins. PCA is fitted on residues
of training proteins. Test proteins are not touched.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from mini_esm import ridge, row_of

from gofer.artefacts import read_table
from gofer.embeddings.residues.residue_form import INT8, ResidueForm
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import root_ids

Change = Callable[[np.ndarray], np.ndarray]
SWISSPROT_RESIDUES = 187e6
FITTED_ON = 300  # proteins


class Projection:
    """Onto N orthogonal directions; `stored` are the N numbers, `back` what is left of the vector."""

    def __init__(self, mean_E: np.ndarray, directions_EN: np.ndarray) -> None:
        self.mean_E, self.directions_EN = mean_E.astype(np.float32), directions_EN.astype(np.float32)

    @classmethod
    def pca(cls, residues_RE: np.ndarray, width: int) -> "Projection":
        """Onto the directions in which the residues differ most."""
        mean_E = residues_RE.mean(0)
        _, directions_EE = np.linalg.eigh(np.cov(residues_RE - mean_E, rowvar=False))
        return cls(mean_E, directions_EE[:, ::-1][:, :width])

    @classmethod
    def random(cls, residues_RE: np.ndarray, width: int) -> "Projection":
        """Onto directions that depend on a seed only."""
        normal_EN = np.random.default_rng(0).standard_normal((residues_RE.shape[1], width))
        return cls(np.zeros(residues_RE.shape[1]), np.linalg.qr(normal_EN)[0])

    def stored(self, residues_LE: np.ndarray) -> np.ndarray:
        """The N numbers of each residue."""
        return (residues_LE - self.mean_E) @ self.directions_EN

    def back(self, stored_LN: np.ndarray) -> np.ndarray:
        """What is left of the vectors."""
        return stored_LN @ self.directions_EN.T + self.mean_E


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> with embeddings in float16")
    parser.add_argument("--train", type=int, default=3000, help="training proteins")
    parser.add_argument("--val", type=int, default=1000, help="validation proteins")
    options = parser.parse_args()
    inputs, [manifest] = options.run / "inputs", list(options.run.glob("embeddings/*/manifest.parquet"))
    store, generator = ESMResidueStore(manifest), np.random.default_rng(1)
    train, val = (
        drawn(inputs, split, most, generator) for split, most in (("train", options.train), ("val", options.val))
    )
    train_BT, val_BT, aspects = labels(inputs, train, val)
    fitted = np.concatenate([store[sha256] for sha256 in train["sequence_sha256"][:FITTED_ON]]).astype(np.float32)
    print(f"{len(train)} training and {len(val)} validation proteins, {train_BT.shape[1]} terms; width {store.width}")
    names = " | ".join(sorted(aspects.unique()))
    print(f"| form | bytes per residue | Swiss-Prot, GB | mean cosine | 1 % below | {names} |")
    print("|---|" + "---:|" * (4 + aspects.nunique()))
    for name, (form, projection) in forms(store.width, fitted).items():
        stored = stored_as(form, projection)
        pooled = [pooled_vectors(store, part["sequence_sha256"], stored) for part in (train, val)]
        cosine_R = cosines(store, val["sequence_sha256"][:FITTED_ON], stored, projection)
        size = form.size(1)
        fmaxes = row_of(ridge(pooled[0], train_BT, pooled[1]), val_BT, aspects).replace("\t", " | ")
        shown = f"{cosine_R.mean():.5f} | {np.quantile(cosine_R, 0.01):.5f} | {fmaxes}"
        print(f"| {name} | {size} | {size * SWISSPROT_RESIDUES / 1e9:.1f} | {shown} |", flush=True)


def drawn(inputs: Path, split: str, most: int, generator: np.random.Generator) -> pd.DataFrame:
    """Some proteins of a split with a label."""
    ids = read_table(inputs / "pid2pos.parquet", ["protein_id"], where={"split": [split]})["protein_id"]
    proteins = read_table(inputs / "proteins.parquet", ["protein_id", "sequence_sha256"]).set_index("protein_id")
    chosen = generator.choice(np.sort(ids.to_numpy(str)), min(most, len(ids)), replace=False)
    return proteins.loc[chosen].reset_index()


def labels(inputs: Path, train: pd.DataFrame, val: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Propagated terms of both, without roots, and the terms' aspects."""
    terms = read_table(inputs / "terms.parquet", ["go_id", "aspect", "depth"])
    ids = [*train["protein_id"], *val["protein_id"]]
    pairs = read_table(inputs / "annotations.parquet", ["protein_id", "go_id"], where={"protein_id": ids})
    known = terms[terms["go_id"].isin(pairs["go_id"]) & ~terms["go_id"].isin(root_ids(terms))]
    matrices = [label_matrix(pairs, part["protein_id"].tolist(), known["go_id"].tolist()) for part in (train, val)]
    train_BT, val_BT = (matrix_BT.toarray().astype(bool) for matrix_BT in matrices)
    return train_BT, val_BT, known["aspect"]


def forms(width: int, fitted_RE: np.ndarray) -> dict[str, tuple[ResidueForm, Projection | None]]:
    """Each form with its projection, if any."""
    found: dict[str, tuple[ResidueForm, Projection | None]] = {
        "float16": (ResidueForm(width), None),
        "int8": (ResidueForm(width, INT8), None),
    }
    for part in (2, 4):
        narrow = width // part
        found[f"PCA to {narrow}, float16"] = ResidueForm(narrow), Projection.pca(fitted_RE, narrow)
        found[f"random orthogonal to {narrow}, float16"] = ResidueForm(narrow), Projection.random(fitted_RE, narrow)
    found[f"PCA to {width // 2}, int8"] = ResidueForm(width // 2, INT8), Projection.pca(fitted_RE, width // 2)
    return found


def stored_as(form: ResidueForm, projection: Projection | None) -> Change:
    """What a reader gets of float16 residues."""
    return lambda residues_LE: form.as_stored(projection.stored(residues_LE) if projection else residues_LE)


def pooled_vectors(store: ESMResidueStore, shas: pd.Series, stored: Change) -> np.ndarray:
    """Mean and maximum over the residues, (B, 2 N)."""
    found = [stored(store[sha256].astype(np.float32)).astype(np.float32) for sha256 in shas]
    return np.stack([np.concatenate([one.mean(0), one.max(0)]) for one in found])


def cosines(store: ESMResidueStore, shas: pd.Series, stored: Change, projection: Projection | None) -> np.ndarray:
    """Of each residue's vector with that in float16."""
    parts = []
    for sha256 in shas:
        exact_LE = store[sha256].astype(np.float32)
        found = stored(exact_LE).astype(np.float32)
        found_LE = projection.back(found) if projection else found
        norms = np.linalg.norm(exact_LE, axis=1) * np.linalg.norm(found_LE, axis=1)
        parts.append((exact_LE * found_LE).sum(1) / norms)
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
