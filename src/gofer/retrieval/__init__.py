"""From a protein to scored GO terms: everything that scores is here.

What enters: a trained model, the run's proteins with labels, a query. What leaves: calibrated scores of every term,
names, evidence residues and the nearest known protein, in the forms that other tools read.

- `scorer.Scorer`: the score; it joins three estimates by `ensemble`:
  `term_space.TermSpace` (texts), `label_model` (kernel ridge regression) and `annotation_transfer` (alignments);
- `features`, `alignment_similarity`, `protein_vectors`: what the estimates read of a protein;
- `related_terms`: what rare and unseen terms borrow from seen ones;
- `query`: predictions for a user's proteins; `residue_evidence`: the residues behind them;
- `cafa_format`, `gaf_writer`, `unthresholded_scores`: files.
"""
