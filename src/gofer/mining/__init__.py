"""Negatives: an index of terms per phase, a curriculum of hardness, and the choice for each batch.

What enters: text vectors of the training terms, the last checkpoint. What leaves: `mining/phase-<P>.faiss`, and at each
step of training the candidates of a batch.

- `vocabulary.Vocabulary`: the terms that training knows, their base rates and neighbours;
- `faiss_index`: nearest terms by inner product; `miner`: searches it with the model's protein vectors;
- `curriculum.CurriculumConfig`: how hard the negatives are at each step;
- `negatives`: the candidates of one batch, and what may not be a negative.
"""
