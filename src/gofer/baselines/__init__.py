"""What any method must beat, each on the same validation and test proteins as gofer.

What enters: the tables of `inputs`, mean residue vectors, texts of the last phase. What leaves: one file of predictions
per baseline, in CAFA form, in `results/<run>/baselines/`.

- `naive`: every protein gets every term with the term's frequency among the training proteins;
- `kmer_ridge`: kernel ridge regression on k-mers and composition, which needs no language model;
- `diamond`: labels of the training proteins that DIAMOND finds, weighted by bit score (`DiamondSearch`);
- `embedding_neighbours`: labels of the training proteins that are nearest by mean residue vectors;
- `text_cosine`: a term's text against the texts of the neighbours' terms, nothing trained (`TextProfiles`).

A new baseline is a module here, a rule in `rules/baselines.smk` and a line in `gofer.tables`.
"""
