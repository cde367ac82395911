"""Predictions in Python: python examples/model.py my.gofer my.fasta."""

import sys

import gofer

table = gofer.load(sys.argv[1]).predict(sys.argv[2])
best = table[table["recommended"] == "best"]
print(best[["protein_id", "go_id", "name", "score"]].to_string(index=False))
