"""What the kernel reads of a protein: k-mers and composition, physicochemistry, mean and deviation of its residues.

What enters: sequences and residue embeddings. What leaves: one row of numbers per protein (`sequence_features`,
`physicochemistry`, `residue_summary`), on the scale of the training proteins (`standardise`).
"""
