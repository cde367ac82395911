"""Choose the proteins that the mini ESM is pre-trained on: one of each family, some families held out.

    python benchmarks/pretraining_proteins.py swissprot.fasta OUT --leave-out keep_out_ids.txt

Writes OUT/train.fasta and OUT/held_out.fasta. Needs MMseqs2 on the PATH; about three minutes for Swiss-Prot.

1. The proteins of `--leave-out` are removed, and every protein with the sequence of one of them.
2. `mmseqs linclust` at 50 % identity over 80 % of both sequences: only representatives stay, so that large families do
   not dominate.
3. `mmseqs linclust` at 30 % identity over half of both sequences, among the representatives: whole clusters are held
   out, drawn with `--seed` until they have the share `--held-out` of the residues.
"""

import argparse
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.inputs.proteins.protein_table import read_proteins


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leave-out", type=Path, required=True, help="ids, one per line")
    parser.add_argument("--held-out", type=float, default=0.01, help="share of the residues")
    parser.add_argument("--longest", type=int, default=4096, help="longer proteins are left out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    proteins, _ = read_proteins([options.fasta])
    left_out = set(options.leave_out.read_text(encoding="utf-8").split())
    sequences = proteins.set_index("protein_id")["sequence"]
    known = set(sequences[sequences.index.isin(left_out)])
    kept = sequences[~sequences.index.isin(left_out) & ~sequences.isin(known)].drop_duplicates()
    kept = kept[kept.str.len() <= options.longest]
    print(f"{len(proteins)} proteins, {len(sequences) - len(kept)} left out or of a known sequence, {len(kept)} stay")
    families = clusters(kept, options.out, identity=0.5, coverage=0.8)
    kept = kept[kept.index.isin(set(families.values()))]
    print(f"{len(kept)} families, {kept.str.len().sum()} residues")
    held = held_out(kept, clusters(kept, options.out, identity=0.3, coverage=0.5), options.held_out, options.seed)
    for name, chosen in (("train", kept[~held]), ("held_out", kept[held])):
        write_fasta(options.out / f"{name}.fasta", chosen)
        print(f"{name}: {len(chosen)} proteins, {chosen.str.len().sum()} residues")


def clusters(sequences: pd.Series, folder: Path, *, identity: float, coverage: float) -> dict[str, str]:
    """The representative of each protein."""
    fasta = folder / "to_cluster.fasta"
    write_fasta(fasta, sequences)
    limits = ["--min-seq-id", str(identity), "-c", str(coverage), "--cov-mode", "0"]
    call = ["mmseqs", "easy-linclust", str(fasta), str(folder / "clusters"), str(folder / "scratch"), *limits]
    subprocess.run([*call, "--threads", "2", "-v", "1"], check=True)
    rows = pd.read_csv(folder / "clusters_cluster.tsv", sep="\t", names=["representative", "member"], dtype=str)
    return dict(zip(rows["member"], rows["representative"], strict=True))


def held_out(sequences: pd.Series, representative: dict[str, str], share: float, seed: int) -> np.ndarray:
    """Which proteins are held out: whole clusters, in random order, each taken if it still fits into the share."""
    cluster_N = sequences.index.map(representative)
    size = sequences.str.len().groupby(cluster_N).sum().sort_index()
    room, chosen = share * size.sum(), set()
    for name in np.random.default_rng(seed).permutation(size.index.to_numpy()):
        if size[name] <= room:
            chosen.add(name)
            room -= size[name]
    return np.asarray(cluster_N.isin(chosen))


def write_fasta(path: Path, sequences: pd.Series) -> None:
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in sequences.items()), encoding="utf-8")


if __name__ == "__main__":
    main()
