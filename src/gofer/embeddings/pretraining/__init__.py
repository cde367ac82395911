"""Pre-training of a small ESM-2 by masked language modelling; `mini`, which ships with gofer, was made here.

What enters: protein sequences. What leaves: a safetensors file that `embeddings.residues.model` names.

- `pretrain`: the run; `crops`: which residues are asked; `masked_forward`: the forward pass with gradients;
- `pretraining_state`: what is kept so that a killed run resumes; `ngrams`: the yardstick that counts residues.
"""
