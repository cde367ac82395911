"""Pre-training of a small ESM-2 by masked language modelling; `mini`, which ships with gofer, was made here.

What enters: protein sequences. What leaves: a safetensors file that `embeddings.residues.model` names.

- `pretrain`: the run; `crops`: which residues are masked; `masked_forward`: the forward pass with gradients;
- `pretraining_state`: the state from which a killed run resumes; `ngrams`: the baseline, which counts residues.
"""
