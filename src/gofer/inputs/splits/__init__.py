"""Divides proteins into training and test, chooses few- and zero-shot terms, and the labels that training may see.

What enters: proteins, propagated annotations, terms. What leaves: `inputs/{splits,term_sets,terms,pid2pos}.parquet`.

- `protein_splits`: by identity (`clusters`), lists, chance or date (`split_dates`); `nearest`: similarity to training;
- `term_sets.FewZeroConfig`: common, few-shot and zero-shot terms; with `term_lists` and `term_history`;
- `expansion`: which of a protein's true terms are positives of training; `label_checks`: every invariant of it.
"""
