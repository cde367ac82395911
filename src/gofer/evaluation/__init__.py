"""How good predictions are: calibration, baselines, the field's evaluator, and metrics with confidence intervals."""
