"""From a protein to scored GO terms: everything that scores is here.

What enters: a trained model, the run's proteins with labels, a query. What leaves: calibrated scores of every term,
names, evidence residues and the nearest known protein, in the forms that other tools read.

- `scorer.Scorer`: the score; it joins three estimates by `ensemble`:
  `term_space.TermSpace` (texts), `label_model` (kernel ridge regression) and `annotation_transfer` (alignments);
- `features`, `alignment_similarity`, `protein_vectors`: what the estimates read of a protein;
- `related_terms`: what rare and unseen terms borrow from seen ones;
- `residue_evidence`: the residues behind a prediction;
- `pack_run` puts a finished run into a model file, `trained_model` opens it, `predictor` predicts by it, and
  `prediction_run` does so for a file of any size; `forms` writes what leaves;
- `term_search.TermSearch`: terms and proteins that are close to a text, a term or a protein.
- `cafa_format`, `unthresholded_scores`, `model_file`: files.
"""
