"""What comes in: proteins, the ontology and annotations, read strictly; splits, term sets and labels made of them.

What enters: a FASTA file, annotations, an OBO file, each as its public source publishes it. What leaves: the tables of
`results/<run>/inputs/` (`schemas` has their columns), and an account of every record that was changed or left out.

- `proteins`: FASTA, ids, lists of ids, k-mer search and local alignment of sequences;
- `annotations`: GAF, GPAD and tables, line by line; what they state of the run's proteins;
- `ontology`: OBO, the table of terms, `go_graph.GoGraph`, propagation, releases;
- `splits`: train, val and test proteins; common, few-shot and zero-shot terms; labels of training;
- `held_out.HeldOut`: the labels that predictions are compared with; `benchmark_subsets`: what a benchmark adds;
- `label_matrix`: labels as a sparse matrix; `text_files`: plain, gz or bz2 lines within limits; `demo`: a small world.
"""
