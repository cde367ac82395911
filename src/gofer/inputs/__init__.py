"""What comes in: proteins, the ontology and annotations, read strictly; the splits, term sets and labels made of them."""
