"""What comes in: proteins, the ontology and annotations, read strictly; splits, term sets and labels made of them."""
