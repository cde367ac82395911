"""Columns of the tables that a stage writes; a module of its own, since the report reads them and has no wandb."""

COLUMNS = ["stage", "epoch", "step", "split", "metric", "value"]
