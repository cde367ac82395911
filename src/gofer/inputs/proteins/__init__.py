"""Proteins: read from FASTA, found by any of their names, compared by k-mers and by alignment.

What enters: FASTA files, lists of ids. What leaves: `inputs/proteins.parquet`, and similarities of sequences.

- `protein_table`: the proteins of a run; behind it `fasta`, `fasta_record`; `protein_lists`: lists that a user names;
- `protein_names`: accession, entry name, isoform, symbol; which protein an annotation means;
- `kmer_search`, `local_alignment`: which proteins share k-mers, and how similar two proteins are;
- `diamond_search`, `known_hits`: the known proteins that the held-out ones of a run resemble;
- `kept_database`: what DIAMOND searches in, kept beside a bank.
"""
