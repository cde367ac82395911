"""Columns of the tables that a stage writes; separate, since the report reads them and has no wandb."""

COLUMNS = ["stage", "epoch", "step", "split", "metric", "value"]
