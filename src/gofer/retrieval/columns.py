"""The columns of predictions.tsv, which users and the report rely on. Nothing is imported: the report has no torch."""

PREDICTIONS = [
    "protein_id",
    "go_id",
    "score",
    "name",
    "aspect",
    "information_accretion",
    "term_set",
    "nearest_protein",
    "evidence",
]
FAITHFULNESS = ["curve", "order", "share", "value", "low", "high", "n"]
