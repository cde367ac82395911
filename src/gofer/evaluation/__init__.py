"""Evaluates predictions for validation and test proteins.

What enters: predictions of gofer and of the baselines in CAFA form, the tables of `inputs`. What leaves:
`results/<run>/evaluation/`: metrics.tsv, differences.tsv, leaks.tsv, evidence.parquet and faithfulness.tsv.

- `held_out_predictions`: scores the held-out proteins with `retrieval.scorer.Scorer`, like a query;
- `cafaeval`: the field's evaluator, run as a program;
- `join_predictions.AspectPairs`: predictions and labels of one aspect, joined by id;
- `metric_rows.measure`: every metric of a method as rows of metrics.tsv; `subset_metrics` the same on subsets;
- `leaks`: whether training has seen what is evaluated;
- `evidence_examples`, `faithfulness`: whether the predictions depend on the residues given as evidence.

What scores a protein is in `retrieval`, numbers without files are in `metrics`.
"""
