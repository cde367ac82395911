"""Learning one space for proteins and GO terms: batches, model, losses, and a stage from checkpoint to checkpoint.

What enters: labels, residue shards, texts of a phase, its index, the previous stage's checkpoint. What leaves:
`training/stage-<S>/model.safetensors` with metrics, and a state in `resume/` from which a stopped stage resumes.

- `model.GoferModel`: the two towers; `losses`: each loss as in the paper; `step.Stepper`: the loss of one step;
- `stage`: the loop over epochs; `stage_data`, `stage_job`, `launch`: its files, and its processes;
- `dataset.ProteinEmbDataset`, `dataset.ContrastiveEmbCollator`: proteins with labels, as batches;
- `encode`: vectors of whole data sets; `validation`: how good they are; `checkpoint`, `resume`: files;
- `variants`: the model trained without one part, or with another objective.
"""
