"""Judges predictions for validation and test proteins, and does nothing else.

What enters: predictions of gofer and of the baselines in CAFA form, the tables of `inputs`. What leaves:
`results/<run>/evaluation/`: metrics.tsv, differences.tsv, leaks.tsv, evidence.parquet and faithfulness.tsv.

- `held_out_predictions`: has the held-out proteins scored by `retrieval.scorer.Scorer`, as a user's would be;
- `cafaeval`: the field's evaluator, run as a program;
- `join_predictions.AspectPairs`: predictions and labels of one aspect, joined by id;
- `metric_rows.measure`: every metric of a method as rows of metrics.tsv; `subset_metrics` the same on subsets;
- `leaks`: whether what is evaluated is new to training;
- `evidence_examples`, `faithfulness`: whether the residues given as evidence carry the prediction.

What scores a protein is in `retrieval`, numbers without files are in `metrics`.
"""
