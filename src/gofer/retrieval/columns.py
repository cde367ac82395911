"""The columns of the tables that users and the report rely on. Nothing is imported: the report has no torch.

Of predictions.tsv, a row is a protein and a term:

- score: how often such a prediction is right, in (0, 1], never below that of a more specific term;
- information_accretion: bits that the term adds to its parents; the more, the more specific;
- term_set: common or few (training proteins), or zero (none);
- recommended: `best` for the most specific terms above the model's cutoff, `implied` for what follows from them, `no`;
- follows_from: the most specific term that this one follows from, empty where it is stated by itself;
- nearest_protein: the nearest known protein that has the term; nearest_by: aligned, or near (in the learned space alone);
  nearest_identity: share of the alignment's columns with the same residue; nearest_coverage: share of this protein aligned;
- evidence: residues without which the score would drop most; evidence_note: why there are none, or all;
- model: the model's name.
"""

PREDICTIONS = [
    "protein_id",
    "go_id",
    "score",
    "name",
    "aspect",
    "information_accretion",
    "term_set",
    "recommended",
    "follows_from",
    "nearest_protein",
    "nearest_name",
    "nearest_by",
    "nearest_identity",
    "nearest_coverage",
    "evidence",
    "evidence_note",
    "model",
]
BEST, IMPLIED, NOT = "best", "implied", "no"
ALIGNED, NEAR = "aligned", "near"
NOT_PREDICTED = ["protein_id", "length", "reason"]
FAITHFULNESS = ["curve", "order", "share", "value", "low", "high", "n"]
