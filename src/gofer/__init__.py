"""gofer: Gene Ontology Function by Embedding Retrieval."""
