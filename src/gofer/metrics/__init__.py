"""Numbers without files: how good predictions are, given scores and labels.

What enters: predicted and true pairs of protein and term (`sparse_pairs.Pairs`); arrays only in `fmax.fmax` and
`fmax.quality`, where fits need speed. What leaves: figures, with a bootstrap interval where proteins are resampled.
Nothing here reads or writes a file or knows of a run.

- `fmax`: Fmax, weighted Fmax, Smin and coverage, equal to what cafaeval prints; `quality` chooses settings;
- `sparse_pairs.Pairs`: predictions and labels of one aspect, on which all figures are counted;
- `ranking`, `term_ranking`: AUPR, AUROC, recall and reciprocal ranks, of proteins and of terms;
- `generalised_zero_shot`: ranks of unseen terms among all terms;
- `bootstrap.Bootstrap`: intervals, and paired differences of two methods;
- `logistic_calibration`, `isotonic`, `calibration_error`: from scores to probabilities, and how well these hold.
"""
