"""The columns of the tables that leave a room as text, which users and the report rely on.

Nothing is imported, since the report's environment has no torch. Tables of the rooms below retrieval keep their columns
where they are made (`inputs.schemas`, `training.columns`): a change here would otherwise train again.
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
PREDICTION_FILES = {
    "tsv": "predictions.tsv",
    "best": "predictions.best.tsv",
    "cafa": "predictions.cafa.tsv",
    "gaf": "predictions.gaf",
    "gpad": "predictions.gpad",
    "gene2term": "gene2term.tsv",
    "jsonl": "predictions.jsonl",
    "parquet": "predictions.parquet",
    "page": "index.html",
}
PREDICTION_SUMMARY = "summary.json"
WITHOUT_PREDICTION = "not_predicted.tsv"
NOT_PREDICTED = ["protein_id", "length", "reason"]
IMPOSSIBLE_IN_TAXON = "impossible_in_taxon.tsv"
IMPOSSIBLE = ["protein_id", "go_id", "name", "score", "why"]
METRIC_KEYS = ["split", "aspect", "term_set", "metric"]
INTERVAL = ["value", "low", "high", "n"]
METRICS = ["method", *METRIC_KEYS, *INTERVAL]
DIFFERENCES = ["method", "against", *METRIC_KEYS, *INTERVAL]
LEAKS = ["check", "found", "of", "handling"]
FAITHFULNESS = ["curve", "order", "share", *INTERVAL]
ABLATION = ["part", "metric", "value", "compared_with", "difference", "low", "high", "seeds"]
