"""Learning one space for proteins and GO terms: batches, model, losses, and a stage from checkpoint to checkpoint.

What enters: labels, residue shards, texts of a phase, its index, the previous stage's checkpoint. What leaves:
`training/stage-<S>/model.safetensors` with metrics, and a state beside it from which a stopped stage resumes.

- `model.GoferModel`: the two towers; `losses`: the loss, term by term as in the paper; `step.Stepper`: one step;
- `stage`: the loop over epochs; `stage_data`, `stage_job`, `launch`: its files, and its processes;
- `dataset.ProteinEmbDataset`, `dataset.ContrastiveEmbCollator`: proteins with labels, as batches;
- `encode`: vectors of whole data sets; `validation`: how good they are; `resume`, `checkpoint`: what is kept;
- `variants`: the model trained without one of its parts.
"""
