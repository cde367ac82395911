"""The residue vectors of a run: python examples/store.py results/<run>/embeddings/<encoder>/manifest.parquet."""

import sys

from gofer.embeddings.residues.residue_store import ESMResidueStore

store = ESMResidueStore(sys.argv[1])
print(f"{len(store)} sequences, {store.width} numbers per residue, by {store.encoder}")
for sha256, residues_LE in store.by_shard():
    print(sha256[:12], len(residues_LE), "residues, mean", residues_LE.mean(axis=0, dtype=float)[:3])
