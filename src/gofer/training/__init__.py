"""Learning one space for proteins and GO terms: batches, model, losses, and a stage from checkpoint to checkpoint."""
