"""The embedded demo: a synthetic world made from a seed, whose truth is known.

What enters: `demo.yaml` (terms, motifs, families) and a seed. What leaves: a FASTA file, annotations, an ontology,
a query, and the planted positions.

`demo_world` writes it, `synthetic_proteins` draws the sequences, `motifs` reads PROSITE's notation.
"""
