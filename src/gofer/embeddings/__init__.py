"""Residues of proteins and texts of GO terms, as vectors.

What enters: `inputs/proteins.parquet`, `inputs/terms.parquet`, and the weights of two encoders. What leaves: shards of
residue embeddings with a manifest, and one table of unit vectors of texts per phase.

- `residues`: ESM models, shards, the cache of all runs, and `ESMResidueStore`, which reads residues at random;
- `texts`: what the text of a term says in each phase, sentence encoders, and `GoLookupCache`, the vectors by GO id;
- `pretraining`: trains a small ESM-2 such as the `mini` that ships with gofer;
- `packing`, `compute`: sequences without padding; devices, precision and memory of a forward pass;
- `encoder_names`: names of encoders as files carry them.

Vectors are cached by content and encoder, so that nothing is computed twice.
"""
